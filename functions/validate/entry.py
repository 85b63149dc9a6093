"""How a run's rows enter the lake: order of commits, what makes a second try harmless, and the run's cutoff."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import duckdb
import pyarrow as pa
from pyiceberg.expressions import And, GreaterThanOrEqual, LessThanOrEqual, Reference

from holdfast import records
from holdfast.contracts import Transformed
from holdfast.lake import Lake
from holdfast.ledger import CURSOR, Ledger
from holdfast.locks import ENTRY
from holdfast.observe import logger
from holdfast.privacy import declared
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Settings
from holdfast.sql import connect
from holdfast.store import Store
from holdfast.tables import ACTIVITIES, STATES
from holdfast.work import Passed, left_alone, log_files, passed, pulls
from validate import arriving, conform, cutoff, moments, reconciliation, unmapped, upkeep, usage
from validate.contradictions import contradictions
from validate.guard import Guard
from validate.identity import customer_records, unite
from validate.recording import HISTORIES, recorded
from validate.rekeying import rekeyed
from validate.staging import Part
from validate.state import Pull, merged, present
from validate.statements import ALSO_NEEDED, CONTACTS, SNAPSHOTS

TABLES = ("customers", *STATES, *ACTIVITIES)


class Files(upkeep.Files, Protocol):
    """Parquet and catalog, as `validate.parquet` has them."""

    def read(self, paths: list[str], columns: list[str] | None = None) -> pa.Table: ...

    def cataloged(self, database: str, table: str) -> bool: ...

    def metadata_location(self, database: str, table: str) -> str: ...


@dataclass(frozen=True)
class Place:
    """Everything that Transform reads from and writes to."""

    database: str
    landing: Store
    artifacts: Store
    lake: Lake
    ledger: Ledger
    files: Files


def entered(run: str, settings: Settings, place: Place, pseudonymiser: Pseudonymiser, now: datetime) -> Transformed:
    """Let a run's rows into the lake: what the streams hold, usage events, the small tables, and last bookmarks and cursors.

    Each commit is whole, and skips what is there already: a run that was cut short is finished by a second one. One run at a
    time: a table that is made from others must not be older than they are. What a rotation of keys has left to do comes first.

    Raises:
        TableBusy: another run is at it.
    """
    with place.lake.alone(ENTRY):
        rekeyed(place.lake, place.files, pseudonymiser)
        return _entered(run, settings, place, pseudonymiser, now)


def _entered(run: str, settings: Settings, place: Place, pseudonymiser: Pseudonymiser, now: datetime) -> Transformed:
    connection = connect()
    guard = Guard(run, declared(settings), place.artifacts, pseudonymiser)
    schemas = unmapped.schemas(run, settings, place.artifacts)
    tables = passed(run, settings, place.artifacts)
    pulled = list(pulls(run, settings, place.artifacts, place.landing))
    rows = gap = 0
    with tempfile.TemporaryDirectory() as folder:
        logs = [table for table in tables if table.kind == "events"]
        events = arriving.staged(logs, place.landing, settings, schemas, Path(folder))
        relations = _gathered(connection, [table for table in tables if table.kind != "events"], place, guard)
        if events.batches:
            connection.register("events", pa.table({"customer": events.text("customer")}))
            relations.append("events")
        held = _held(connection, run, pulled, settings, place, guard)
        conform.gather_contacts(connection, relations + held)
        unite(connection, relations + held, pseudonymiser, held)
        relations += held
        disputed = contradictions(connection, relations)
        if events.batches:
            rows, added = _enter_events(connection, run, events, place, pseudonymiser)
            gap = reconciliation.counted(run, settings, place.artifacts, int(events.starts()[-1]), rows, added).gap
    for name, table in _small_tables(connection, relations, settings, place, pseudonymiser):
        if name in HISTORIES:
            recorded(place.lake, name, table, moments.of(connection, name), now)
        rows += table.num_rows if place.lake.replace(name, table) else 0
    for source, files in log_files(run, place.artifacts):
        place.ledger.book(source, files, run)
    for table, manifest in pulled:
        landed = {"run": run, "columns": manifest.get("columns")}
        place.ledger.keep(table.source, table.stream, CURSOR, manifest["cursor"] | landed)
    snapshots = {name: snapshot for name in TABLES if (snapshot := place.lake.snapshot_id(name)) is not None}
    activity = sum(place.lake.rows(name, snapshots[name]) for name in ACTIVITIES if name in snapshots)
    as_of = cutoff.as_of(place.lake, settings, now).isoformat()
    return Transformed(rows, as_of, snapshots, gap, activity, disputed)


def _gathered(connection: duckdb.DuckDBPyConnection, tables: list[Passed], place: Place, guard: Guard) -> list[str]:
    """Register what landed, one relation per kind and stream, with the name of the source in column `_source`."""
    parts: dict[str, list[str]] = {}
    for number, table in enumerate(tables):
        rows = guard.over(table, place.files.read([place.landing.uri(key) for key in table.files]))
        connection.register(f"landed_{number}", rows)
        said = f"(SELECT '{table.source}' AS _source, * FROM landed_{number})"
        parts.setdefault(_relation(table), []).append(said)
    for name, selects in parts.items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {' UNION ALL BY NAME '.join(selects)}")
    return sorted(parts)


def _held(
    connection: duckdb.DuckDBPyConnection,
    run: str,
    pulled: list[tuple[Passed, dict[str, Any]]],
    settings: Settings,
    place: Place,
    guard: Guard,
) -> list[str]:
    """Merge each stream's pull into its table, and register what is there now, one relation per kind and stream.

    A stream that the run did not pull is there as it was: a run for one of them must not lose the others.
    """
    parts: dict[str, list[str]] = {}
    merged_now = (
        (table, _merged(run, table, Pull(m["complete"], m["cursor"], _aside(run, table, place)), place, guard), m)
        for table, m in pulled
    )
    left = left_alone([table for table, _ in pulled], settings, place.ledger)
    as_it_was = ((table, place.lake.read(f"raw_{table.source}_{table.stream}"), note) for table, note in left)
    changes = []
    for number, (table, rows, said) in enumerate(chain(merged_now, as_it_was)):
        if rows is not None:
            changes.append((_relation(table), table.source, rows))
            connection.register(f"held_{number}", _current(table, present(rows), said, guard))
            parts.setdefault(_relation(table), []).append(f"(SELECT '{table.source}' AS _source, * FROM held_{number})")
    for name, selects in parts.items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {' UNION ALL BY NAME '.join(selects)}")
    moments.register(connection, changes)
    return sorted(parts)


def _current(table: Passed, rows: pa.Table, said: dict[str, Any], guard: Guard) -> pa.Table:
    """Without columns that are held and no longer land, as its pull said: what they say grows old."""
    landing = guard.names(table, said.get("columns") or rows.column_names)
    return rows.select([name for name in rows.column_names if name in landing])


def _merged(run: str, table: Passed, pull: Pull, place: Place, guard: Guard) -> pa.Table | None:
    name = f"raw_{table.source}_{table.stream}"
    before = guard.still(table, place.lake.read(name))
    landed = place.files.read([place.landing.uri(key) for key in table.files]) if table.files else None
    prefix = f"removed/run={run}/{table.source}_{table.stream}/"
    tombstones = [place.landing.uri(item.key) for item in place.landing.list(prefix)]
    gone = place.files.read(tombstones) if tombstones else None
    if landed is not None:
        landed = guard.over(table, landed)
    after = merged(before, landed, gone, pull)
    if after is not None:
        place.lake.replace(name, after)
    return after


def _aside(run: str, table: Passed, place: Place) -> tuple[str, ...]:
    """Ids in those landed files of which Validate kept rows back."""
    prefix = f"landing/run={run}/{table.source}_{table.stream}/"
    cut = [place.landing.uri(item.key) for item in place.landing.list(prefix) if item.key not in table.files]
    ids = place.files.read(cut, ["id"])["id"].unique().to_pylist() if cut else []
    return tuple(one for one in ids if one is not None)


def _relation(table: Passed) -> str:
    return table.stream if table.kind in ("events", "table") else f"{table.kind}_{table.stream}"


def _enter_events(
    connection: duckdb.DuckDBPyConnection, run: str, events: Part, place: Place, pseudonymiser: Pseudonymiser
) -> tuple[int, int]:
    """Rows that entered, and rows that the table says were added."""
    written = usage.entered(connection, events, _known_events(events, place), pseudonymiser)
    if not written:
        return 0, 0
    # A path of its own for every try: nothing that one leaves or commits is ever in the way of another.
    path = f"{place.lake.location('events')}/run={run}-{uuid4().hex}/"
    files = place.files.put([each.path for each in written], path)
    with place.lake.alone("events"):
        place.lake.add_files("events", usage.schema(events), files, month_of="event_time")
        added = int(place.lake.said_of("events").get("added-records", 0))
    rows = sum(each.rows for each in written)
    logger.info(
        "events entered",
        rows=rows,
        files=len(files),
        metadata=place.files.metadata_location(place.database, "events"),
    )
    return rows, added


def _known_events(events: Part, place: Place) -> pa.ChunkedArray:
    """Ids in the lake from the span of time that the new events cover."""
    nothing = pa.chunked_array([], pa.string())
    if not place.files.cataloged(place.database, "events"):
        return nothing
    first, last = events.span()
    moment = Reference("event_time")
    span = And(
        GreaterThanOrEqual(term=moment, value=first.isoformat()), LessThanOrEqual(term=moment, value=last.isoformat())
    )
    known = place.lake.read("events", ("event_id",), span)
    return nothing if known is None else known["event_id"]


def _small_tables(
    connection: duckdb.DuckDBPyConnection,
    relations: list[str],
    settings: Settings,
    place: Place,
    pseudonymiser: Pseudonymiser,
) -> list[tuple[str, pa.Table]]:
    small = [
        (name, conform.snapshot(connection, name))
        for name, (source, _) in SNAPSHOTS.items()
        if {source, *ALSO_NEEDED.get(name, ())} <= set(relations)
    ]
    if set(CONTACTS) & set(relations):
        small.append((records.TABLE, customer_records(connection, settings.sources, pseudonymiser)))
    if {"customers", *CONTACTS} & set(relations):
        return [("customers", conform.customers(connection)), *small]
    if all(source.kind == "events" for source in settings.sources.values()):
        events = place.lake.read("events", ("customer_id", "event_time"))
        return small if events is None else [("customers", conform.customers_of_events(connection, events)), *small]
    return small
