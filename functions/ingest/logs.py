"""Usage logs: lines of JSON under any field names, packed or plain, become rows; a bad line is rejected alone."""

import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import duckdb
import pyarrow as pa

from holdfast.contracts import Landed
from holdfast.fields import MORE
from holdfast.observe import logger
from holdfast.settings import EventsSource
from holdfast.sql import connect, literal
from ingest.accounts import FileCount, write_account
from ingest.inflate import BrokenFileError, blocks
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.lines import Reader, Taken
from ingest.planning import File
from ingest.statements import exact, names
from ingest.unmapped import Unmapped


class Tables:
    """Rows and rejects of all files, in tables; those of a file that turns out to be broken are taken back."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: EventsSource, empty: str) -> None:
        self._connection = connection
        self._columns = ", ".join([*names(source), "source_file", "line"])
        self._in_order = True
        connection.execute(f"CREATE TEMP TABLE events AS SELECT {self._columns} FROM ({exact(source, empty, '')})")
        self.unmapped = Unmapped(connection, source)

    def plain(self, rows: pa.Table, name: str) -> None:
        """See `ingest.lines.Rows`."""
        self._connection.register("plain", rows)
        self._connection.execute(f"INSERT INTO events BY NAME SELECT *, {literal(name)} AS source_file FROM plain")

    def quick(self, query: str, lines: int) -> Taken | None:
        """See `ingest.lines.Rows`."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {query}")
        rows, fields, doubtful = self._connection.execute(
            "SELECT count(*), coalesce(sum(fields), 0)::BIGINT, coalesce(list(line) FILTER (WHERE doubtful), []) FROM fresh"
        ).fetchall()[0]
        if rows != lines:
            return None
        self._connection.execute(f"INSERT INTO events SELECT {self._columns} FROM fresh WHERE NOT doubtful")
        return Taken(fields, doubtful)

    def exact(self, query: str) -> None:
        """See `ingest.lines.Rows`."""
        self._in_order = False
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {query}")
        self._connection.execute(f"INSERT INTO events SELECT {self._columns} FROM fresh WHERE reason IS NULL")
        self._connection.execute(
            "INSERT INTO rejects SELECT reason, json_object('line', line, 'text', raw)::VARCHAR, source_file "
            "FROM fresh WHERE reason IS NOT NULL"
        )

    def take_back(self, name: str) -> None:
        """Forget a file."""
        for table in ("events", "rejects"):
            self._connection.execute(f"DELETE FROM {table} WHERE source_file = ?", [name])
        self.unmapped.take_back(name)

    def rows(self, files: Sequence[str]) -> str:
        """SELECT of all rows, in the order of the files and their lines, with what nothing maps as JSON text."""
        order = f"list_position([{', '.join(map(literal, files))}], source_file), line"
        if self.unmapped.any():
            return f"SELECT {self._columns}, {MORE} FROM events LEFT JOIN unmapped USING (source_file, line) ORDER BY {order}"
        rows = f"SELECT {self._columns}, NULL::VARCHAR AS {MORE} FROM events"
        return rows if self._in_order else f"{rows} ORDER BY {order}"

    def counts(self) -> dict[str, tuple[int, int]]:
        """Rows and rejected lines by file."""
        query = (
            "SELECT source_file, sum(used)::BIGINT, sum(1 - used)::BIGINT FROM (SELECT source_file, 1 AS used FROM events "
            "UNION ALL SELECT source_file, 0 AS used FROM rejects) GROUP BY source_file"
        )
        return {name: (rows, rejected) for name, rows, rejected in self._connection.execute(query).fetchall()}


def land_logs(place: Landing, source: EventsSource) -> Landed:
    """Land one batch of log files, or one file of it, and account for every line."""
    connection = connect()
    open_rejects(connection)
    files = place.files()
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "empty")
        empty.touch()
        tables = Tables(connection, source, str(empty))
        reader = Reader(source, tables, Path(folder), beside=tables.unmapped)
        counts = [_read(connection, place, tables, reader, file) for file in files]
    seen = tables.unmapped.seen()
    query = tables.rows([file.key for file in files])
    place.clear(connection, query)
    rows, rejected = place.land(connection, query), place.reject(connection)
    found = tables.counts()
    reason = connection.execute("SELECT min(reason) FROM rejects").fetchall()[0][0] or ""
    told = [each.with_rows(*found.get(each.key, (0, 0))) for each in counts]
    write_account(place, told, seen, reason)
    return Landed(place.extract.table, rows, rejected)


def _read(
    connection: duckdb.DuckDBPyConnection, place: Landing, tables: Tables, reader: Reader, file: File
) -> FileCount:
    before = reader.empty
    try:
        lines = reader.read(blocks(BytesIO(place.fetch(file))), file.key)
    except (BrokenFileError, KeyError, duckdb.Error) as error:
        tables.take_back(file.key)
        reason = (
            str(error).partition("\n")[0]
            if isinstance(error, BrokenFileError)
            else f"the file cannot be read ({type(error).__name__})"
        )
        logger.warning("file rejected", file=file.key, reason=reason)
        add_rejects(connection, [Reject(reason, as_row(file=file.key, bytes=file.size), file.key)])
        return FileCount(file.bucket, file.key, file.etag, broken=reason)
    return FileCount(file.bucket, file.key, file.etag, lines, reader.empty - before)
