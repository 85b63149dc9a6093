"""Records as typed rows: values found by paths, typed by SQL, and what cannot be typed told apart."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb

from holdfast.sql import literal, quoted
from ingest import casts
from ingest.landing import Reject, as_row
from ingest.streams import Column

MEANT = {"time": "a time", "number": "a number", "flag": "true or false"}
"""Kinds of columns in words."""

Columns = Sequence[Column]


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


def load(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, records: Iterable[Any], folder: Path
) -> list[Reject]:
    """Make a table of texts, blank ones null, and give back what has no id."""
    path = folder / table
    rejects = list(_written(records, columns, path))
    named = ", ".join(f"{quoted(column.name)}: 'VARCHAR'" for column in columns)
    source = f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{named}}})"
    trimmed = ", ".join(f"{casts.text(quoted(column.name))} AS {quoted(column.name)}" for column in columns)
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {trimmed} FROM {source}")
    return rejects


def typed(table: str, columns: Columns) -> str:
    """The query of a loaded table's rows, each value as its column's kind; one that cannot be is null."""
    return "SELECT " + ", ".join(f"{_cast(c)} AS {quoted(c.name)}" for c in columns) + f" FROM {table}"


def uncast(connection: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> dict[str, int]:
    """How many values of each column were there and could not be read as what the column is."""
    counts = ", ".join(f"count({quoted(c.name)}) - count({_cast(c)})" for c in columns)
    found = connection.execute(f"SELECT {counts} FROM {table}").fetchall()[0]
    return {column.name: lost for column, lost in zip(columns, found, strict=True) if lost}


def kept(table: str, columns: Columns) -> str:
    """The query that keeps such values of some columns as quarantine does: reason, row, source_file."""
    return " UNION ALL ".join(_kept(table, column) for column in columns)


def _kept(table: str, column: Column) -> str:
    name, value = literal(column.name), quoted(column.name)
    reason = literal(f"{column.name} is not {MEANT.get(column.kind, column.kind)}")
    row = f"json_object('id', id, 'column', {name}, 'value', {value})::VARCHAR"
    there = f"{value} IS NOT NULL AND {_cast(column)} IS NULL"
    return f"""SELECT {reason} AS reason, {row} AS "row", '' AS source_file FROM {table} WHERE {there}"""


def _cast(column: Column) -> str:
    return casts.TYPED[column.kind](quoted(column.name))


def _written(records: Iterable[Any], columns: Columns, path: Path) -> Iterator[Reject]:
    with path.open("w") as out:
        for record in records:
            if not _row_written(record, columns, out):
                yield Reject("a record without id", as_row(record=record))


def _row_written(record: Any, columns: Columns, out: TextIO) -> bool:
    row = {column.name: at(record, column.path) for column in columns}
    if row["id"]:
        out.write(json.dumps(row) + "\n")
    return bool(row["id"])
