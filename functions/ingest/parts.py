"""One part of a pull: what some pages gave is made durable, typed, with what is gone and what could not be read beside it."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from holdfast.errors import SourceThrottled
from holdfast.observe import logger
from holdfast.sql import connect
from ingest import rows
from ingest.landing import Landing, add_rejects, open_rejects
from ingest.progress import Progress
from ingest.streams import Column, Page, Pass, Stream, Window

UPDATED = "_updated_at"
"""Column that says which of two versions of a record is the newer one."""
GONE = (Column("id", "id"), Column(UPDATED, "at", "time"))


@dataclass
class Group:
    """Records of some pages of one pass, where it goes on, and what stopped it early."""

    cursor: Mapping[str, Any] | None
    throttled: SourceThrottled | None = None
    records: list[Any] = field(default_factory=list)
    left_out: int = 0
    pages: int = 0
    total: int | None = None

    def take(self, page: Page, walk: Pass, window: Window) -> None:
        """Add a page, without what does not belong to the window."""
        kept = [record for record in page.records if walk.keeps(record, window)]
        self.left_out += 0 if walk.removes else len(page.records) - len(kept)
        self.records += kept
        self.pages += 1
        self.total = _least(self.total, page.total)
        self.cursor = page.following


def land_part(place: Landing, stream: Stream, walk: Pass, group: Group, progress: Progress) -> None:
    """Make a group durable, and move the progress behind it."""
    connection = connect()
    open_rejects(connection)
    columns = (*(each for each in stream.columns if place.lands(each.name)), Column(UPDATED, stream.updated, "time"))
    with tempfile.TemporaryDirectory() as folder:
        records = [] if walk.removes else group.records
        add_rejects(connection, rows.load(connection, "records", columns, records, Path(folder)))
        rows.load(connection, "gone", GONE, _gone(stream, walk, group), Path(folder))
    place.look(connection, rows.typed("records", columns), progress.part)
    progress.rows += place.land(connection, rows.typed("records", columns), progress.part)
    progress.removed += place.remove(connection, rows.typed("gone", GONE), progress.part)
    progress.rejected += place.reject(connection, part=progress.part)
    progress.uncast += _warned(place, connection, columns, progress.part)
    progress.newest = max(progress.newest, _newest(connection, columns))
    progress.part += 1
    progress.pages += group.pages
    progress.waits += group.throttled is not None
    progress.left_out += group.left_out
    progress.total = _least(progress.total, group.total)
    ended = group.cursor is None
    progress.number += ended
    progress.cursor = {} if ended or group.cursor is None else dict(group.cursor)


def _warned(place: Landing, connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], part: int) -> int:
    """Keep the values that are not what their column is, and say how many there are of each."""
    lost = rows.uncast(connection, "records", columns)
    if not lost:
        return 0
    for name, values in lost.items():
        logger.warning("values of another type", table=place.extract.table, column=name, values=values)
    return place.warn(connection, rows.kept("records", [column for column in columns if column.name in lost]), part)


def _newest(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...]) -> int:
    """The newest change among what was loaded, in epoch milliseconds; 0 for none."""
    both = f"FROM ({rows.typed('records', columns)} UNION ALL BY NAME {rows.typed('gone', GONE)})"
    return int(connection.execute(f"SELECT coalesce(epoch_ms(max({UPDATED})), 0) {both}").fetchall()[0][0])


def _gone(stream: Stream, walk: Pass, group: Group) -> Iterator[dict[str, Any]]:
    """Records that are gone: those that a pass finds removed, and those that others have swallowed."""
    for record in group.records:
        moment = rows.at(record, stream.updated)
        if walk.removes:
            yield {"id": rows.at(record, "id"), "at": moment}
        if isinstance(record, Mapping):
            yield from ({"id": one, "at": moment} for one in stream.merged(dict(record)))


def _least(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return min(known) if known else None
