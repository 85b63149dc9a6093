"""What a run was made from and what it made: one JSON per run, that its states complete one after the other, and tags on what it read."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from holdfast.store import Store, read_json, write_json

REVISION = "revision.json"
"""Lies beside the configuration in what is deployed: git's revision, and the content of the files that decide what a run makes."""
_TAG = "run-"
_RENEWED = timedelta(days=7)
"""A snapshot that a run has tagged within them needs no tag of the next one: a night that changes nothing commits nothing."""


class Tagged(Protocol):
    """As much of the lake as keeps a snapshot."""

    def tags(self, name: str) -> dict[str, int]:
        """Snapshots by the names that keep them."""
        ...

    def tag(self, name: str, tag: str, snapshot_id: int | None = None) -> None:
        """Name a snapshot, so that it is kept."""
        ...


def run_key(run: str) -> str:
    """Where it lies in the artifacts bucket."""
    return f"runs/{run}.json"


def recorded(store: Store, run: str) -> dict[str, Any]:
    """What is known of a run. Raises KeyError when nothing is."""
    return dict(read_json(store, run_key(run)))


def record(store: Store, run: str, **said: Any) -> None:
    """Add to what is known of a run. States follow each other, so nobody else writes meanwhile."""
    try:
        before = recorded(store, run)
    except KeyError:
        before = {"run": run}
    write_json(store, run_key(run), before | said)


def revision(config_path: str) -> dict[str, Any]:
    """What was deployed with this function: `git`, `dirty`, and `files` with a hash of each."""
    path = Path(config_path).with_name(REVISION)
    return dict(json.loads(path.read_text())) if path.exists() else {}


def tag_of(run: str, day: datetime) -> str:
    """Under which a run's snapshots are kept; the day says until when."""
    return f"{_TAG}{day:%Y-%m-%d}-{run}"


def keep(lake: Tagged, run: str, day: datetime, snapshots: dict[str, int]) -> None:
    """Tag what a run read or wrote, so that it can be made again."""
    for name, snapshot in snapshots.items():
        held = [_day(tag) for tag, kept in lake.tags(name).items() if kept == snapshot and tag.startswith(_TAG)]
        if not any(day.date() - each < _RENEWED for each in held):
            lake.tag(name, tag_of(run, day), snapshot)


def outlived(tags: Iterable[str], now: datetime, keep_days: int) -> list[str]:
    """Those tags of runs that no run of the last `keep_days` relies on."""
    before = (now - timedelta(days=keep_days) - _RENEWED).date()
    return sorted(tag for tag in tags if tag.startswith(_TAG) and _day(tag) < before)


def _day(tag: str) -> date:
    try:
        return date.fromisoformat(tag.removeprefix(_TAG)[:10])
    except ValueError:
        return date.max
