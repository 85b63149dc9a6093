"""Usage logs: lines of JSON under any field names, gzipped or plain, become rows; a bad line is rejected alone."""

import codecs
import gzip
import tempfile
import zlib
from io import BytesIO
from pathlib import Path

import duckdb

from holdfast.contracts import Landed
from holdfast.errors import SourceGarbled
from holdfast.observe import logger
from holdfast.settings import EventsSource
from ingest import casts
from ingest.casts import literal, quoted
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.planning import File

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 22
# JSON allows no control characters unescaped, and a reader of lines trips over them: no good line changes.
_UNREADABLE = bytes(
    0x20 if byte == 0x0D else 0x02 if byte < 0x20 and byte not in (0x09, 0x0A) else byte for byte in range(256)
)
_LINES = (
    "read_csv({path}, columns = {{line: 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false, "
    "auto_detect = false, strict_mode = false, max_line_size = 8388608)"
)


class BrokenFileError(Exception):
    """A file that cannot be unpacked to its end."""


def land_logs(place: Landing, source: EventsSource) -> Landed:
    """Land one batch of log files.

    Raises:
        SourceGarbled: not one line of all that the run reads of this source can be used.
    """
    connection = casts.connect()
    open_rejects(connection)
    connection.execute(f"CREATE TABLE events AS {_typed_lines(source, 'SELECT NULL::VARCHAR AS line LIMIT 0', '')}")
    for file in place.files():
        _read(connection, place, source, file)
    columns = ", ".join(
        ["event_id", "customer", "event_time", "known_at", "kind", "module", *map(quoted, source.measures)]
    )
    rows = place.land(connection, f"SELECT {columns}, source_file, line FROM events")
    rejected = place.reject(connection)
    if rejected and not rows and place.alone():
        reason = connection.execute("SELECT reason FROM rejects LIMIT 1").fetchall()[0][0]
        raise SourceGarbled(
            place.extract.source, f"all {rejected} lines or files were rejected, the first because: {reason}"
        )
    return Landed(place.extract.table, rows, rejected)


def _read(connection: duckdb.DuckDBPyConnection, place: Landing, source: EventsSource, file: File) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "lines")
            _unpack(place.fetch(file), path)
            _sort_out(connection, source, path, file.key)
    except (BrokenFileError, KeyError, duckdb.Error) as error:
        reason = (
            str(error).partition("\n")[0]
            if isinstance(error, BrokenFileError)
            else f"the file cannot be read ({type(error).__name__})"
        )
        logger.warning("file rejected", file=file.key, reason=reason)
        add_rejects(connection, [Reject(reason, as_row(file=file.key, bytes=file.size), file.key)])


def _unpack(body: bytes, path: Path) -> None:
    """Write the plain lines, or raise BrokenFileError and use nothing: what is missing could be anything."""
    source = gzip.GzipFile(fileobj=BytesIO(body)) if body.startswith(_GZIP) else BytesIO(body)
    utf8 = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        with path.open("wb") as plain:
            while chunk := source.read(_CHUNK):
                plain.write(utf8.decode(chunk.translate(_UNREADABLE)).encode())
            plain.write(utf8.decode(b"", final=True).encode())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BrokenFileError(f"truncated or damaged gzip: {error}") from error


def _sort_out(connection: duckdb.DuckDBPyConnection, source: EventsSource, path: Path, name: str) -> None:
    if not path.stat().st_size:
        return
    lines = f"FROM {_LINES.format(path=literal(str(path)))}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE parsed AS {_typed_lines(source, lines, name)}")
    connection.execute("INSERT INTO events SELECT * FROM parsed WHERE reason IS NULL")
    connection.execute(
        "INSERT INTO rejects SELECT reason, json_object('line', line, 'text', raw)::VARCHAR, source_file "
        "FROM parsed WHERE reason IS NOT NULL"
    )


def _typed_lines(source: EventsSource, lines: str, name: str) -> str:
    """SELECT for one file: the row's columns, and `reason` where the line cannot be used. Empty lines are no rows."""
    fields = source.fields
    named = [fields.customer, fields.time, fields.arrival, fields.id, fields.kind, fields.module]
    paths = [path for path in (*named, *source.measures.values()) if path is not None]
    wanted = ", ".join(_path(path) for path in paths)
    customer, time, arrival, event_id, kind, module = (_value(paths, path) for path in named)
    measures = "".join(f", {casts.number(_value(paths, path))} AS {quoted(m)}" for m, path in source.measures.items())
    return f"""
WITH numbered AS (SELECT row_number() OVER () AS line, line AS raw FROM ({lines})),
parsed AS (SELECT line, raw, try(json_extract_string(raw, [{wanted}])) AS v FROM numbered WHERE trim(raw) <> ''),
typed AS (
    SELECT *, {casts.text(customer)} AS customer, {casts.moment(time)} AS event_time, {casts.moment(arrival)} AS arrival
    FROM parsed)
SELECT coalesce({casts.text(event_id)}, left(sha256(to_json(v)::VARCHAR), 32)) AS event_id, customer, event_time,
    greatest(event_time, arrival) AS known_at, {casts.text(kind)} AS kind, {casts.text(module)} AS module{measures},
    {literal(name)} AS source_file, line,
    {_reason(source, time)} AS reason, CASE WHEN {_reason(source, time)} IS NOT NULL THEN raw END AS raw
FROM typed"""


def _reason(source: EventsSource, time: str) -> str:
    customer, at = literal(source.fields.customer)[1:-1], literal(source.fields.time)[1:-1]
    return f"""CASE WHEN v IS NULL THEN 'not JSON' WHEN json_type(raw) <> 'OBJECT' THEN 'not a JSON object'
    WHEN customer IS NULL THEN 'no customer in field {customer}' WHEN {time} IS NULL THEN 'no time in field {at}'
    WHEN event_time IS NULL THEN 'not a time in field {at}: ' || left({time}, 60) END"""


def _value(paths: list[str], path: str | None) -> str:
    """SQL of a mapped field's text; one that is not configured is nothing."""
    return f"v[{paths.index(path) + 1}]" if path is not None else "NULL::VARCHAR"


def _path(field: str) -> str:
    """JSON path of a field; dots go down."""
    return literal("$" + "".join(f'."{step}"' for step in field.split(".")))
