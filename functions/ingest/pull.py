"""Pulls one stream of an API page by page into typed columns."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import duckdb

from holdfast.contracts import Landed
from holdfast.errors import SourceGarbled
from holdfast.observe import logger
from ingest import casts
from ingest.casts import literal, quoted
from ingest.http import ApiClient
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.streams import Stream


def land_stream(place: Landing, stream: Stream, client: ApiClient) -> Landed:
    """Land all records of a stream. One without an id goes to quarantine; a value of the wrong type becomes null."""
    connection = casts.connect()
    open_rejects(connection)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "records.ndjson")
        with path.open("w") as out:
            add_rejects(connection, list(_written(pages(stream, client), stream, out)))
        _load(connection, stream, path)
    rows = place.land(connection, _typed(stream))
    rejected = place.reject(connection)
    logger.info("pulled", table=place.extract.table, rows=rows, rejected=rejected, refusals=client.refused,
                uncastable=_uncastable(connection, stream))  # fmt: skip
    return Landed(place.extract.table, rows, rejected)


def pages(stream: Stream, client: ApiClient) -> Iterator[list[Any]]:
    """Records page by page. The next request is built from the cursor alone: links in an answer are never followed.

    Raises:
        SourceGarbled: a page lacks its list of records, or the cursor does not move.
    """
    cursor: str | None = None
    while True:
        request = stream.ask(cursor)
        page = client.fetch(request)
        records = page.get(stream.records)
        if not isinstance(records, list):
            raise SourceGarbled(client.source, f"{request.path} has no list `{stream.records}`")
        yield records
        following = stream.following(page)
        if following is None:
            return
        if str(following) == cursor:
            raise SourceGarbled(client.source, f"{request.path} gives the same cursor twice")
        cursor = str(following)


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


def _written(pages: Iterator[list[Any]], stream: Stream, out: TextIO) -> Iterator[Reject]:
    for records in pages:
        for record in records:
            row = {column.name: at(record, column.path) for column in stream.columns}
            if row["id"]:
                out.write(json.dumps(row) + "\n")
            else:
                yield Reject("a record without id", as_row(record=record))


def _load(connection: duckdb.DuckDBPyConnection, stream: Stream, path: Path) -> None:
    columns = ", ".join(f"{quoted(column.name)}: 'VARCHAR'" for column in stream.columns)
    source = f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{columns}}})"
    trimmed = ", ".join(f"{casts.text(quoted(column.name))} AS {quoted(column.name)}" for column in stream.columns)
    connection.execute(f"CREATE TABLE records AS SELECT {trimmed} FROM {source}")


def _typed(stream: Stream) -> str:
    return (
        "SELECT " + ", ".join(f"{_cast(c.kind, c.name)} AS {quoted(c.name)}" for c in stream.columns) + " FROM records"
    )


def _cast(kind: str, name: str) -> str:
    return casts.TYPED[kind](quoted(name))


def _uncastable(connection: duckdb.DuckDBPyConnection, stream: Stream) -> dict[str, int]:
    """How many values of each column were there and could not be read as what the column is."""
    counts = ", ".join(f"count({quoted(c.name)}) - count({_cast(c.kind, c.name)})" for c in stream.columns)
    found = connection.execute(f"SELECT {counts} FROM records").fetchall()[0]
    return {column.name: lost for column, lost in zip(stream.columns, found, strict=True) if lost}
