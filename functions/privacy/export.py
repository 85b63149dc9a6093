"""Everything that is held of one person, place by place, for them to read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from holdfast.vendors import vendor_of
from privacy import bodies, forgetting, items, objects, tables
from privacy.buckets import Version
from privacy.places import House
from privacy.sought import Sought

_MADE = {
    "customers": "who the customer is, put together from contacts and customer tables",
    "customer_records": "which records of the sources (their ids as pseudonyms) are which customer",
    "events": "what was done in the product, from usage logs",
    "emails": "marketing emails that were sent, opened and clicked",
    "conversations": "conversations with support",
    "replies": "parts of conversations with support",
    "tickets": "support tickets",
    "subscriptions": "subscriptions, from billing",
    "invoices": "invoices, from billing",
    "training_examples": "what models learn from: features and what came of them",
    "features": "features of today, computed from the tables above",
    "scores": "the last score, with its reasons",
    "scores_history": "earlier scores",
    "score_reasons": "the reasons of the last score and of those of two weeks before",
    "changes": "whether the risk rose or fell since last week, and why",
}
_ZONES = {
    "landing": "rows as they were pulled from the sources, for 30 days",
    "quarantine": "rows that could not be used, with the reason, for 90 days",
    "uploads": "the company's own log files and tables",
    "artifacts": "rankings, reports and other results of runs",
}
"""Copies in further regions hold nothing that is not among the artifacts."""


@dataclass(frozen=True)
class Held:
    """What one place holds of the person, in the order in which it is there."""

    place: str
    about: str
    """What the place is, and where its fields come from."""
    rows: list[dict[str, Any]]


Look = Callable[[], Held | None]


def places(house: House, person: str) -> list[Look]:
    """How each place is looked through for a person, in a fixed order. Nothing is written anywhere."""
    sought = forgetting.sought_for(house, person)
    looks: list[Look] = [partial(_of_table, house, name, sought) for name in house.lake.lake.names()]
    looks += [partial(_of_zone, zone, sought) for zone in house.zones.values() if zone.name in _ZONES]
    return [*looks, partial(_of_store, house, sought)]


def _of_table(house: House, name: str, sought: Sought) -> Held | None:
    rows = tables.held(house.lake.lake, name, house.settings, sought)
    return Held(f"table {name}", about_table(house, name), rows.to_pylist()) if rows is not None and len(rows) else None


def _of_zone(zone: objects.Zone, sought: Sought) -> Held | None:
    rows = [each for versions in objects.by_key(zone.bucket) for each in _of_object(zone, versions[0], sought)]
    return Held(f"bucket {zone.name}", _ZONES[zone.name], rows) if rows else None


def _of_store(house: House, sought: Sought) -> Held | None:
    rows = [_stored(item) for item in house.scores.items() if items.of_store(item, sought)]
    return (
        Held(
            "online store",
            "what the scoring API answers from: features, and which records of the sources lead to them",
            rows,
        )
        if rows
        else None
    )


def about_table(house: House, name: str) -> str:
    """What a table holds, and from where."""
    if name.removesuffix("_history") in _MADE and name not in _MADE:
        return f"versions of {name.removesuffix('_history')}: what was known when"
    if name in _MADE:
        return _MADE[name]
    source = max((each for each in house.settings.sources if name.startswith(f"raw_{each}_")), key=len, default="")
    if not source:
        return "a table of the lake"
    stream = name.removeprefix(f"raw_{source}_").replace("_", " ")
    return f"{stream} as {vendor_of(house.settings.sources[source])} has them (source {source}), under pseudonyms"


def _of_object(zone: objects.Zone, latest: Version, sought: Sought) -> Iterator[dict[str, Any]]:
    if not latest.mark:
        found = bodies.held(latest.key, zone.bucket.read(latest), zone.reading(latest.key), sought)
        yield from ({"object": latest.key, "held": each} for each in found)


def _stored(item: items.Item) -> dict[str, Any]:
    known = {name: value["S"] for name, value in item.items() if "S" in value}
    vectors = {name: np.frombuffer(bytes(value["B"]), "<f4").tolist() for name, value in item.items() if "B" in value}
    return known | vectors
