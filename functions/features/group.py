"""State `Group`: says what another engine is to group, where there is more activity than one function should read."""

from datetime import datetime
from typing import Any

from features import engine
from features.definitions import Definitions, as_recorded, shipped
from holdfast.bundle import load
from holdfast.contracts import FeaturesWanted, Grouping
from holdfast.feature_set import key_of
from holdfast.lake import Lake
from holdfast.observe import step
from holdfast.registry import Champion, DynamoRegistry
from holdfast.resources import artifacts, environment, lake, landing, settings
from holdfast.runs import recorded
from holdfast.settings import Settings
from holdfast.store import Store, read_json, write_json
from holdfast.tables import ACTIVITIES


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Write the request, answer where it is."""
    wanted = FeaturesWanted.parse(event)
    champion = DynamoRegistry(environment().state_table).champion()
    pinned = (
        recorded(artifacts(), wanted.again).get("pinned", "") if wanted.again else champion.pinned if champion else ""
    )
    sets = definitions_of(artifacts(), pinned, None if wanted.again else champion)
    return group(wanted, lake(), landing(), sets, settings()).to_json()


def group(
    wanted: FeaturesWanted, source: Lake, landing: Store, sets: list[Definitions], settings: Settings
) -> Grouping:
    """The use case. `sets` are the definitions for which features will be made, the run's own first."""
    cells = f"cells/{wanted.run}/"
    tables = {
        name: engine.Activity(source.schema(name, wanted.snapshots[name]), source.files(name, wanted.snapshots[name]))
        for name in ACTIVITIES
        if name in wanted.snapshots and source.rows(name, wanted.snapshots[name])
    }
    as_of = int(datetime.fromisoformat(wanted.as_of).timestamp() // 86_400)
    asked = engine.request(tables, sets, settings, as_of, landing.uri(cells))
    key = write_json(landing, engine.request_key(cells), asked)
    rows = sum(source.rows(name, wanted.snapshots[name]) for name in tables)
    return Grouping(landing.uri(key), cells, rows)


def definitions_of(store: Store, pinned: str, champion: Champion | None) -> list[Definitions]:
    """Those that a run makes features by, and those of the champion that it makes them for as well."""
    own = as_recorded(read_json(store, key_of(pinned))["recipe"]) if pinned else shipped()
    theirs = as_recorded(load(store, champion.version).feature_set.recipe) if champion else None
    return [each for each in (own, theirs) if each is not None]
