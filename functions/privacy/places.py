"""Every place that a person may be in, by name, and how they are looked for there."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from holdfast.settings import Settings
from holdfast.store import Store
from privacy import items, objects, tables
from privacy.items import Table
from privacy.objects import Zone
from privacy.register import PART, Register
from privacy.sought import Keys, Sought


@dataclass(frozen=True)
class House:
    """Everything that a person may be in."""

    lake: tables.Place
    zones: dict[str, Zone]
    """By name; `uploads` and `landing` among them."""
    scores: Table
    state: Table
    queues: dict[str, str]
    """Addresses of queues by name."""
    artifacts: Store
    register: Register
    settings: Settings
    keys: Keys
    champion: Callable[[], str]
    busy: Callable[[], str]
    """The run that is under way, or nothing."""
    now: Callable[[], datetime]
    in_time: Callable[[], bool] = lambda: True


def looks(house: House, sought: Sought, *, dry: bool) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """Every place by name, and how the person is looked for there. What is written as it came is first: there identifiers are met
    that are then sought everywhere."""
    for name, zone in house.zones.items():
        for folder in objects.folders(zone.bucket):
            yield f"bucket {name}{PART}{folder}", partial(_of_zone, zone, folder, sought, dry=dry)
    for name in house.lake.lake.names():
        yield f"table {name}", partial(_of_table, house.lake, name, sought, dry=dry)
    yield "online store", partial(_items, items.scores, house.scores, sought, dry=dry)
    yield "state", partial(_items, items.state, house.state, sought, dry=dry)
    for name, queue in house.queues.items():
        yield f"queue {name}", partial(_items, items.drained, queue, sought, dry=dry)


def _of_zone(zone: Zone, folder: str, sought: Sought, *, dry: bool) -> dict[str, int]:
    objects.met(zone, sought, folder)
    return _counts(objects.erased(zone, sought, prefix=folder, dry=dry))


def _of_table(place: tables.Place, name: str, sought: Sought, *, dry: bool) -> dict[str, int]:
    return _counts(tables.erased(place, name, sought, dry=dry))


def _counts(tally: Any) -> dict[str, int]:
    return {name: count for name, count in asdict(tally).items() if count}


def _items(look: Callable[..., int], where: Any, sought: Sought, *, dry: bool) -> dict[str, int]:
    count = look(where, sought, dry=dry)
    return {"items": count} if count else {}
