"""State `Features`: the training examples and the features of this run, tagged with their feature set's version."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from features.definitions import shipped
from features.synthesis import Synthesis, synthesise
from holdfast.contracts import Featured, FeaturesWanted
from holdfast.errors import NoData
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.resources import artifacts, lake, settings
from holdfast.store import Store, write_json
from holdfast.tables import ACTIVITIES

_READ = ("customers", "companies", "deals", *ACTIVITIES)


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Parse, build, answer."""
    wanted = FeaturesWanted.parse(event)
    made = synthesise(tables_of(lake()), settings(), shipped(), datetime.fromisoformat(wanted.as_of))
    return kept(made, lake(), artifacts(), wanted.as_of).to_json()


def tables_of(source: Lake) -> dict[str, pa.Table]:
    """The lake's tables that features are made from, as far as they exist."""
    read = {name: source.read(name, _columns(source, name)) for name in _READ}
    return {name: rows for name, rows in read.items() if rows is not None}


def kept(made: Synthesis, target: Lake, store: Store, as_of: str) -> Featured:
    """Write both tables and the feature set; what is there already stays untouched."""
    version = made.feature_set.version
    write_json(store, f"feature_sets/{version}.json", made.feature_set.to_json())
    with target.alone("training_examples", "features"):
        target.replace("training_examples", made.examples, {"holdfast.feature_set": version})
        target.replace("features", made.features, {"holdfast.feature_set": version})
        target.tag("features", f"fs-{version}")
        return Featured(
            rows=made.examples.num_rows + made.features.num_rows,
            feature_set=version,
            examples_snapshot=_snapshot(target, "training_examples"),
            features_snapshot=_snapshot(target, "features"),
            as_of=as_of,
        )


def _columns(source: Lake, name: str) -> list[str]:
    table = source.table(name)
    return [column for column in table.schema().column_names if column != "event_id"] if table else ["*"]


def _snapshot(source: Lake, name: str) -> int:
    snapshot = source.snapshot_id(name)
    if snapshot is None:
        raise NoData(f"table {name} has no snapshot although it was just written")
    return snapshot
