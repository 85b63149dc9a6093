"""Pulls one stream of an API: pages land in parts of typed columns, and each part is a place to go on from."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import duckdb
from aws_lambda_powertools.metrics import MetricUnit

from holdfast.contracts import AGAIN, DONE, WAIT, Landed
from holdfast.errors import SourceGarbled, SourceRefused, SourceThrottled
from holdfast.ledger import Ledger
from holdfast.observe import logger, metrics
from ingest import casts
from ingest.casts import literal, quoted
from ingest.http import ApiClient
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.progress import Progress
from ingest.streams import Column, Pass, Stream, UnexpectedShapeError

PAGES = 20
"""Pages that make one part."""
SECONDS = 720.0
"""How long one invocation pulls before it hands over to the next: a function may run for 900 s."""
LOCKED = 900.0
"""Seconds for which one run alone may walk over what has room for one: as long as a function may run."""
BUSY = 60.0
FORBIDDEN = 403
UPDATED = "_updated_at"
"""Column that says which of two versions of a record is the newer one."""


@dataclass
class Group:
    """Records of some pages of one pass, where it goes on, and what stopped it early."""

    records: list[Any] = field(default_factory=list)
    cursor: Mapping[str, Any] | None = None
    fetched: int = 0
    total: int | None = None
    throttled: SourceThrottled | None = None


def land_stream(
    place: Landing,
    stream: Stream,
    client: ApiClient,
    ledger: Ledger,
    clock: Callable[[], float],
    *,
    by_data: bool = False,
) -> Landed:
    """Land what a stream has to give, from where the run's last part ended. A record without an id goes to quarantine; a value of
    the wrong type becomes null. The answer says whether the chain has to come again, and when.

    Raises:
        SourceGarbled: an answer is not what the API promises, or a cursor does not move.
        SourceUnavailable: the source does not answer; everything up to the last part is kept.
    """
    began = clock()
    progress = Progress.of(place.extract, stream, ledger, int(began * 1000))
    if progress.done:
        return _answer(place, progress, DONE)
    try:
        return _walked(place, stream, client, ledger, clock, progress, by_data)
    except SourceRefused as error:
        if not stream.optional or error.status != FORBIDDEN:
            raise
        logger.warning("skipped: the token may not read it", table=place.extract.table)
        place.conclude({"full": False, "complete": False, "cursor": None})
        return _answer(place, progress, DONE)


def _walked(
    place: Landing,
    stream: Stream,
    client: ApiClient,
    ledger: Ledger,
    clock: Callable[[], float],
    progress: Progress,
    by_data: bool,
) -> Landed:
    began = clock()
    lock, owner = f"{place.extract.source}#{place.extract.stream}", place.extract.run
    while not progress.done:
        passes = progress.passes(stream)
        if progress.number == len(passes):
            _conclude(place, progress, client)
            place.conclude(progress.manifest(stream, by_data=by_data))
            progress.done = True
        elif clock() - began > SECONDS:
            return _answer(place, progress, AGAIN)
        else:
            walk = passes[progress.number]
            if walk.whole and not ledger.lock(lock, owner, clock(), clock() + LOCKED):
                return _answer(place, progress, WAIT, clock() + BUSY)
            try:
                group = _group(walk, progress, client, lambda: clock() - began > SECONDS)
            finally:
                if walk.whole:
                    ledger.unlock(lock, owner)
            _land(place, stream, walk, group, progress)
            progress.keep(place.extract, ledger)
            if group.throttled:
                return _answer(place, progress, WAIT, clock() + group.throttled.retry_after)
    progress.keep(place.extract, ledger)
    return _answer(place, progress, DONE)


def _group(walk: Pass, progress: Progress, client: ApiClient, late: Callable[[], bool]) -> Group:
    group = Group(cursor=progress.cursor)
    pages = 0
    while group.cursor is not None and (walk.whole or (pages < PAGES and not (pages and late()))):
        try:
            page = walk.read(client.fetch, progress.span, group.cursor)
        except SourceThrottled as error:
            group.throttled = error
            return Group(cursor={}, throttled=error) if walk.whole else group
        except UnexpectedShapeError as error:
            raise SourceGarbled(client.source, str(error)) from error
        if page.following is not None and dict(page.following) == dict(group.cursor):
            raise SourceGarbled(client.source, f"the same cursor came twice: {json.dumps(dict(group.cursor))}")
        group.records += [record for record in page.records if walk.keeps(record, progress.span)]
        group.fetched += 0 if walk.removes else len(page.records)
        group.total = page.total if group.total is None else group.total
        group.cursor = page.following
        pages += 1
    return group


def _land(place: Landing, stream: Stream, walk: Pass, group: Group, progress: Progress) -> None:
    """Make a group durable, and move the progress behind it."""
    connection = casts.connect()
    open_rejects(connection)
    records = [] if walk.removes else group.records
    columns = (*stream.columns, Column(UPDATED, stream.updated, "time"))
    with tempfile.TemporaryDirectory() as folder:
        add_rejects(connection, list(_written(records, columns, Path(folder, "rows"))))
        _load(connection, "records", columns, Path(folder, "rows"))
        gone = (Column("id", "id"), Column(UPDATED, "at", "time"))
        list(_written(_gone(stream, walk, group), gone, Path(folder, "gone")))
        _load(connection, "gone", gone, Path(folder, "gone"))
    progress.rows += place.land(connection, _typed("records", columns), progress.part)
    progress.removed += place.remove(connection, _typed("gone", gone), progress.part)
    progress.rejected += place.reject(connection, part=progress.part)
    for name, lost in _uncastable(connection, columns).items():
        logger.warning("values of another type", table=place.extract.table, column=name, values=lost)
    progress.newest = max(progress.newest, _newest(connection, columns, gone))
    progress.part += 1
    progress.fetched += group.fetched
    progress.total = progress.total if group.total is None or progress.total is not None else group.total
    ended = group.cursor is None
    progress.number += ended
    progress.cursor = {} if ended or group.cursor is None else dict(group.cursor)


def _newest(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], gone: tuple[Column, ...]) -> int:
    """The newest change among what was loaded, in epoch milliseconds; 0 for none."""
    both = f"FROM ({_typed('records', columns)} UNION ALL BY NAME {_typed('gone', gone)})"
    return int(connection.execute(f"SELECT coalesce(epoch_ms(max({UPDATED})), 0) {both}").fetchall()[0][0])


def _gone(stream: Stream, walk: Pass, group: Group) -> Iterator[dict[str, Any]]:
    """Records that are gone: those that a pass finds removed, and those that others have swallowed."""
    for record in group.records:
        moment = at(record, stream.updated)
        if walk.removes:
            yield {"id": at(record, "id"), "at": moment}
        if isinstance(record, Mapping):
            yield from ({"id": one, "at": moment} for one in stream.merged(dict(record)))


def _conclude(place: Landing, progress: Progress, client: ApiClient) -> None:
    if progress.gap:
        logger.warning("the source has more than it gave", table=place.extract.table, missing=progress.gap,
                       total=progress.total)  # fmt: skip
    metrics.add_metric("SourceGap", MetricUnit.Count, progress.gap)
    logger.info("pulled", table=place.extract.table, rows=progress.rows, rejected=progress.rejected, refusals=client.refused,
                removed=progress.removed, full=progress.full)  # fmt: skip


def _answer(place: Landing, progress: Progress, following: str, until: float = 0) -> Landed:
    waits = f"{datetime.fromtimestamp(until + 1, UTC):%Y-%m-%dT%H:%M:%SZ}" if following == WAIT else ""
    return Landed(place.extract.table, progress.rows, progress.rejected, following, waits)


def at(record: Any, path: str) -> str | None:
    """The value at a path as text; what is not there is None."""
    for step in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list) and step.isdigit() and int(step) < len(record):
            record = record[int(step)]
        else:
            return None
    if record is None or isinstance(record, str):
        return record
    return json.dumps(record)


def _written(records: Iterable[Any], columns: tuple[Column, ...], path: Path) -> Iterator[Reject]:
    with path.open("w") as out:
        for record in records:
            if not _row_written(record, columns, out):
                yield Reject("a record without id", as_row(record=record))


def _row_written(record: Any, columns: tuple[Column, ...], out: TextIO) -> bool:
    row = {column.name: at(record, column.path) for column in columns}
    if row["id"]:
        out.write(json.dumps(row) + "\n")
    return bool(row["id"])


def _load(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[Column, ...], path: Path) -> None:
    named = ", ".join(f"{quoted(column.name)}: 'VARCHAR'" for column in columns)
    source = f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{named}}})"
    trimmed = ", ".join(f"{casts.text(quoted(column.name))} AS {quoted(column.name)}" for column in columns)
    connection.execute(f"CREATE TABLE {table} AS SELECT {trimmed} FROM {source}")


def _typed(table: str, columns: tuple[Column, ...]) -> str:
    return "SELECT " + ", ".join(f"{_cast(c)} AS {quoted(c.name)}" for c in columns) + f" FROM {table}"


def _cast(column: Column) -> str:
    return casts.TYPED[column.kind](quoted(column.name))


def _uncastable(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...]) -> dict[str, int]:
    """How many values of each column were there and could not be read as what the column is."""
    counts = ", ".join(f"count({quoted(c.name)}) - count({_cast(c)})" for c in columns)
    found = connection.execute(f"SELECT {counts} FROM records").fetchall()[0]
    return {column.name: lost for column, lost in zip(columns, found, strict=True) if lost}
