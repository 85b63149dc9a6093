"""State `Features`: the training examples and the features of this run, tagged with their feature set's version; and those of the
champion's set, where that is another one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from features import engine
from features.again import digests, made_again, unchanged
from features.champions import keep_champions
from features.definitions import shipped
from features.held import over, tables_of
from features.remade import remade
from features.synthesis import Synthesis, synthesise
from features.world import Tables
from holdfast.contracts import Featured, FeaturesWanted
from holdfast.errors import NoData
from holdfast.feature_set import FeatureSet, key_of, said_of, tag_of
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.registry import DynamoRegistry
from holdfast.resources import artifacts, environment, lake, landing, settings
from holdfast.runs import keep, record, recorded, revision
from holdfast.settings import Settings
from holdfast.store import Store, read_json, write_json

_NOTHING: Mapping[str, str] = {}


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Parse, build, answer."""
    wanted = FeaturesWanted.parse(event)
    return (_again(wanted) if wanted.again else _tonight(wanted)).to_json()


def _tonight(wanted: FeaturesWanted) -> Featured:
    tables = _tables(wanted)
    champion = DynamoRegistry(environment().state_table).champion()
    pinned = champion.pinned if champion else ""
    made = made_of(tables, artifacts(), settings(), wanted.as_of, pinned)
    if champion:
        keep_champions(champion, made.feature_set, tables, lake(), artifacts(), settings(), wanted.as_of)
    now = datetime.now(UTC)
    answer = kept(
        made, lake(), artifacts(), wanted.as_of, {"run": wanted.run, "made_at": now.isoformat(timespec="seconds")}
    )
    wrote = {"training_examples": answer.examples_snapshot, "features": answer.features_snapshot}
    keep(lake(), wanted.run, now, wrote)
    record(artifacts(), wanted.run, feature_set=answer.feature_set, matrix=digests(made), wrote=wrote, pinned=pinned)
    return answer


def _again(wanted: FeaturesWanted) -> Featured:
    past = recorded(artifacts(), wanted.again)
    unchanged(past, revision(environment().config_path))
    made = made_of(_tables(wanted), artifacts(), settings(), wanted.as_of, past.get("pinned", ""))
    return made_again(made, wanted, artifacts())


def _tables(wanted: FeaturesWanted) -> Tables:
    """What a run reads; where another engine has grouped the activity, that in its place."""
    if not wanted.cells:
        return tables_of(lake(), wanted.snapshots)
    grouped = engine.tables_of(landing(), wanted.cells)
    others = {name: snapshot for name, snapshot in wanted.snapshots.items() if name not in grouped}
    return over(grouped, tables_of(lake(), others))


def made_of(tables: Tables, store: Store, settings: Settings, as_of: str, pinned: str = "") -> Synthesis:
    """A run's features: by the definitions that are deployed, or those of the version that is pinned.

    Raises:
        ConfigurationInvalid: the pinned version can no longer be made.
    """
    moment = datetime.fromisoformat(as_of)
    if pinned:
        return remade(tables, settings, FeatureSet.from_json(read_json(store, key_of(pinned))), moment)
    return synthesise(tables, settings, shipped(), moment)


def kept(made: Synthesis, target: Lake, store: Store, as_of: str, first: Mapping[str, str] = _NOTHING) -> Featured:
    """Write both tables and the feature set; what is there already stays untouched. `first` says who makes a new set, and when."""
    version, said = made.feature_set.version, said_of(made.feature_set, as_of)
    _describe(made.feature_set, store, first)
    with target.alone("training_examples", "features"):
        for name, rows in (("training_examples", made.examples), ("features", made.features)):
            target.replace(name, rows, said)
            target.tag(name, tag_of(version))
        return Featured(
            rows=made.examples.num_rows + made.features.num_rows,
            feature_set=version,
            examples_snapshot=_snapshot(target, "training_examples"),
            features_snapshot=_snapshot(target, "features"),
            as_of=as_of,
        )


def _describe(made: FeatureSet, store: Store, first: Mapping[str, str]) -> None:
    try:
        read_json(store, key_of(made.version))
    except KeyError:
        write_json(store, key_of(made.version), made.to_json() | {"first": dict(first)})


def _snapshot(source: Lake, name: str) -> int:
    snapshot = source.snapshot_id(name)
    if snapshot is None:
        raise NoData(f"table {name} has no snapshot although it was just written")
    return snapshot
