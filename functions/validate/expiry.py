"""What of a table is no longer needed: snapshots that are too old, and files that no snapshot refers to."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pyiceberg.table import Table

from holdfast.feature_set import of_a_set

KEPT = 3
"""So many of the newest snapshots stay, however old they are."""


def expired(table: Table, now: datetime, keep_days: int) -> list[int]:
    """Ids of snapshots older than `keep_days`: not the newest ones, and none that a tag or a branch names."""
    before = (now - timedelta(days=keep_days)).timestamp() * 1000
    named = {ref.snapshot_id for ref in table.refs().values()}
    newest = sorted(table.snapshots(), key=lambda one: (one.sequence_number or 0, one.timestamp_ms))[-KEPT:]
    kept = named | {one.snapshot_id for one in newest}
    return [one.snapshot_id for one in table.snapshots() if one.timestamp_ms < before and one.snapshot_id not in kept]


def worn(table: Table, now: datetime, keep_days: int) -> list[str]:
    """Tags of feature sets that were last made longer ago than that. Who serves is made anew every night, and so never worn."""
    before = (now - timedelta(days=keep_days)).timestamp() * 1000
    made = {tag: table.snapshot_by_id(ref.snapshot_id) for tag, ref in table.refs().items() if of_a_set(tag)}
    return sorted(tag for tag, snapshot in made.items() if snapshot and snapshot.timestamp_ms < before)


def orphans(there: Iterable[str], needed: set[str]) -> list[str]:
    """Of the files that are there, those that nobody needs."""
    return [path for path in there if path not in needed]
