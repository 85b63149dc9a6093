"""State `Features`: the training examples and the features of this run, tagged with their feature set's version."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.again import digests, made_again, unchanged
from features.definitions import shipped
from features.synthesis import Synthesis, synthesise
from holdfast.contracts import Featured, FeaturesWanted
from holdfast.errors import NoData
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.resources import artifacts, environment, lake, settings
from holdfast.runs import keep, record, recorded, revision
from holdfast.store import Store, write_json
from holdfast.tables import ACTIVITIES

_NEWEST: Mapping[str, int] = {}
_READ = ("customers", "companies", "deals", *ACTIVITIES)


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Parse, build, answer."""
    wanted = FeaturesWanted.parse(event)
    if wanted.again:
        unchanged(recorded(artifacts(), wanted.again), revision(environment().config_path))
    tables = tables_of(lake(), wanted.snapshots)
    made = synthesise(tables, settings(), shipped(), datetime.fromisoformat(wanted.as_of))
    if wanted.again:
        return made_again(made, wanted, artifacts()).to_json()
    answer = kept(made, lake(), artifacts(), wanted.as_of)
    wrote = {"training_examples": answer.examples_snapshot, "features": answer.features_snapshot}
    keep(lake(), wanted.run, datetime.now(UTC), wrote)
    record(artifacts(), wanted.run, feature_set=answer.feature_set, matrix=digests(made), wrote=wrote)
    return answer.to_json()


def tables_of(source: Lake, snapshots: Mapping[str, int] = _NEWEST) -> dict[str, pa.Table]:
    """The lake's tables that features are made from, as far as they exist, at these snapshots.

    Raises:
        NoData: a snapshot is gone.
    """
    names = [name for name in _READ if name in snapshots or not snapshots]
    read = {name: _read(source, name, snapshots.get(name)) for name in names}
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


def _read(source: Lake, name: str, snapshot: int | None) -> pa.Table | None:
    columns = [column for column in source.columns(name, snapshot) if column != "event_id"]
    return source.read(name, columns or ("*",), snapshot_id=snapshot)


def _snapshot(source: Lake, name: str) -> int:
    snapshot = source.snapshot_id(name)
    if snapshot is None:
        raise NoData(f"table {name} has no snapshot although it was just written")
    return snapshot
