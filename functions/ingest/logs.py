"""Usage logs: lines of JSON under any field names, packed or plain, become rows; a bad line is rejected alone."""

import tempfile
from io import BytesIO
from pathlib import Path

import duckdb

from holdfast.contracts import Landed
from holdfast.errors import SourceGarbled
from holdfast.observe import logger
from holdfast.settings import EventsSource
from ingest import casts
from ingest.inflate import BrokenFileError, chunks
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.lines import Reader, Taken
from ingest.planning import File
from ingest.statements import exact, names


class Tables:
    """Rows of one file in tables of their own, until it is known that the file can be read to its end."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: EventsSource, empty: str) -> None:
        self._connection = connection
        self._columns = ", ".join([*names(source), "source_file", "line"])
        for table in ("events", "file_events"):
            connection.execute(f"CREATE TABLE {table} AS SELECT {self._columns} FROM ({exact(source, empty, '')})")
        connection.execute("CREATE TABLE file_rejects AS FROM rejects")

    def quick(self, query: str, lines: int) -> Taken | None:
        """See `ingest.lines.Rows`."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {query}")
        rows, fields, doubtful = self._connection.execute(
            "SELECT count(*), coalesce(sum(fields), 0)::BIGINT, coalesce(list(line) FILTER (WHERE doubtful), []) FROM fresh"
        ).fetchall()[0]
        if rows != lines:
            return None
        self._connection.execute(f"INSERT INTO file_events SELECT {self._columns} FROM fresh WHERE NOT doubtful")
        return Taken(fields, doubtful)

    def exact(self, query: str) -> None:
        """See `ingest.lines.Rows`."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {query}")
        self._connection.execute(f"INSERT INTO file_events SELECT {self._columns} FROM fresh WHERE reason IS NULL")
        self._connection.execute(
            "INSERT INTO file_rejects SELECT reason, json_object('line', line, 'text', raw)::VARCHAR, source_file "
            "FROM fresh WHERE reason IS NOT NULL"
        )

    def keep(self) -> None:
        """The file is whole: its rows count."""
        self._connection.execute("INSERT INTO events FROM file_events ORDER BY line")
        self._connection.execute("INSERT INTO rejects FROM file_rejects ORDER BY (\"row\"->>'line')::BIGINT")
        self.drop()

    def drop(self) -> None:
        """Make room for the next file."""
        self._connection.execute("DELETE FROM file_events")
        self._connection.execute("DELETE FROM file_rejects")


def land_logs(place: Landing, source: EventsSource) -> Landed:
    """Land one batch of log files.

    Raises:
        SourceGarbled: not one line of all that the run reads of this source can be used.
    """
    connection = casts.connect()
    open_rejects(connection)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "empty")
        empty.touch()
        tables = Tables(connection, source, str(empty))
        reader = Reader(source, tables, Path(folder))
        for file in place.files():
            _read(connection, place, tables, reader, file)
    if reader.unmapped:
        logger.info("fields that nothing maps", source=place.extract.source, fields=sorted(reader.unmapped)[:100])
    columns = ", ".join([*names(source), "source_file", "line"])
    rows = place.land(connection, f"SELECT {columns} FROM events")
    rejected = place.reject(connection)
    if rejected and not rows and place.alone():
        reason = connection.execute("SELECT reason FROM rejects LIMIT 1").fetchall()[0][0]
        raise SourceGarbled(
            place.extract.source, f"all {rejected} lines or files were rejected, the first because: {reason}"
        )
    return Landed(place.extract.table, rows, rejected)


def _read(connection: duckdb.DuckDBPyConnection, place: Landing, tables: Tables, reader: Reader, file: File) -> None:
    try:
        lines = 0
        for chunk in chunks(BytesIO(place.fetch(file))):
            lines += reader.read(chunk, file.key, lines)
        tables.keep()
    except (BrokenFileError, KeyError, duckdb.Error) as error:
        tables.drop()
        reason = (
            str(error).partition("\n")[0]
            if isinstance(error, BrokenFileError)
            else f"the file cannot be read ({type(error).__name__})"
        )
        logger.warning("file rejected", file=file.key, reason=reason)
        add_rejects(connection, [Reject(reason, as_row(file=file.key, bytes=file.size), file.key)])
