"""Customer tables: CSV or Parquet under any column names, typed by looking at every value."""

import gzip
import tempfile
from pathlib import Path

import duckdb

from holdfast.contracts import Landed
from holdfast.errors import ConfigurationInvalid, SourceGarbled
from holdfast.settings import TableSource
from holdfast.sql import connect, literal, quoted
from ingest import casts
from ingest.landing import Landing

KEY = "customer"
"""What the key column is called from here on."""
_TAKEN = {KEY, "customer_id"}
_PARQUET = b"PAR1"
_LEADING_ZERO = r"[+-]?0\d+"


def land_snapshot(place: Landing, source: TableSource) -> Landed:
    """Land the newest snapshot whole.

    Raises:
        SourceGarbled: a file is neither CSV nor Parquet that can be read.
        ConfigurationInvalid: the key column is not there.
    """
    connection = connect()
    with tempfile.TemporaryDirectory() as folder:
        paths = [(file.key, Path(folder, f"{number}")) for number, file in enumerate(place.files())]
        for (_, path), file in zip(paths, place.files(), strict=True):
            path.write_bytes(_unpacked(place.fetch(file)))
        load(connection, place.extract.source, paths)
    columns = kept_columns(_columns(connection), source, place.extract.source)
    typed = [
        f"{cast_of(connection, column)} AS {quoted(_renamed(column))}" for column in columns if column != source.key
    ]
    key = f"{casts.text(f'{quoted(source.key)}::VARCHAR')} AS {KEY}"
    rows = f"SELECT {', '.join([key, *typed])} FROM snapshot"
    place.look(connection, rows)
    return Landed(place.extract.table, place.land(connection, rows))


def load(connection: duckdb.DuckDBPyConnection, source: str, paths: list[tuple[str, Path]]) -> None:
    """Make the table `snapshot` from local files of one format, given with the names that errors call them by."""
    parquet = all(path.read_bytes().startswith(_PARQUET) for _, path in paths)
    files = "[" + ", ".join(literal(str(path)) for _, path in paths) + "]"
    reader = f"read_parquet({files}, union_by_name = true)" if parquet else _csv(files)
    try:
        connection.execute(f"CREATE TEMP TABLE snapshot AS FROM {reader}")
    except duckdb.Error as error:
        names = ", ".join(name for name, _ in paths)
        why = str(error).partition("\n")[0].replace(str(paths[0][1]), paths[0][0])
        raise SourceGarbled(source, f"{names} is neither Parquet nor CSV with a header line: {why}") from error


def kept_columns(columns: list[str], source: TableSource, name: str) -> list[str]:
    """Columns to land, in order, without the dropped ones."""
    if source.key not in columns:
        raise ConfigurationInvalid(
            f"sources.{name}.key: there is no column {source.key!r}; there are {', '.join(columns)}"
        )
    return [column for column in columns if column not in source.drop]


def cast_of(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    """SQL of a column as number, flag, time or text: the narrowest that all its values are, blanks aside."""
    name = quoted(column)
    declared = connection.execute(f"SELECT typeof({name}) FROM snapshot LIMIT 1").fetchall()
    if declared and declared[0][0] != "VARCHAR":
        return _cast_declared(name, declared[0][0])
    value = casts.text(name)
    zeros = f"coalesce(bool_or(regexp_full_match({value}, '{_LEADING_ZERO}')), false)"
    fits = (
        f"count({casts.number(value)}) = count({value}) AND NOT {zeros}",
        f"bool_and(lower({value}) IN ('true', 'false'))",
        f"count(try_cast({value} AS TIMESTAMPTZ)) = count({value})",
    )
    number, flag, time = connection.execute(
        f"SELECT {', '.join(fits)} FROM snapshot WHERE {value} IS NOT NULL"
    ).fetchall()[0]
    return next(
        (make(value) for holds, make in ((flag, casts.flag), (number, casts.number), (time, casts.moment)) if holds),
        value,
    )


def _cast_declared(name: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return name
    if kind.startswith(("DATE", "TIMESTAMP")):
        return f"{name}::TIMESTAMPTZ"
    numeric = kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or "INT" in kind
    return casts.number(name) if numeric else casts.text(f"{name}::VARCHAR")


def _renamed(column: str) -> str:
    """A column that happens to be called as the key is here or in the lake keeps its values under another name."""
    return f"{column}_2" if column.casefold() in _TAKEN else column


def _columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE snapshot)").fetchall()]


def _csv(files: str) -> str:
    return f"read_csv({files}, header = true, all_varchar = true, sample_size = -1, union_by_name = true)"


def _unpacked(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
