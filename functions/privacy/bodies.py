"""An object's bytes without one person: packed or plain, Parquet or text, as its place says."""

import gzip
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from privacy import rows, texts
from privacy.sought import Sought
from privacy.whose import ANYBODYS, Whose

_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"


@dataclass(frozen=True)
class Left:
    """What is left of an object: nothing at all (None), or its bytes; and how many rows, lines or entries went."""

    body: bytes | None
    gone: int


@dataclass(frozen=True)
class Reading:
    """How the objects of one place are read: whose their rows are, and which field says whose a line is."""

    whose: Whose = ANYBODYS
    customer: str = ""
    """Field of log lines; nothing where texts are no logs."""
    table: bool = False
    """Whether texts are CSV, whatever they are called."""
    written_down: bool = False
    """Whether rows are JSON in the column `row`, as in quarantine."""


def without(key: str, body: bytes, reading: Reading, sought: Sought) -> Left:
    """An object without the person; `gone` is 0 where it never named them."""
    if body.startswith(_GZIP):
        return _packed(key, body, _gunzipped(body), lambda made: gzip.compress(made, mtime=0), reading, sought)
    if body.startswith(_ZSTD):
        packer = zstandard.ZstdCompressor()
        return _packed(key, body, _unzstd(body), packer.compress, reading, sought)
    if body.startswith(_PARQUET):
        return _parquet(body, reading, sought)
    return _text(key, body, reading, sought)


def held(key: str, body: bytes, reading: Reading, sought: Sought) -> list[Any]:
    """What an object says of the person: their rows, lines or entries."""
    if body.startswith(_GZIP):
        return held(key, _gunzipped(body)[0], reading, sought)
    if body.startswith(_ZSTD):
        return held(key, _unzstd(body)[0], reading, sought)
    if body.startswith(_PARQUET):
        return _rows_held(body, reading, sought)
    left = without(key, body, reading, sought).body or b""
    before, after = body.decode(errors="replace"), left.decode(errors="replace")
    try:
        return list(texts.entries(json.loads(before), sought))
    except ValueError:
        return texts.lost(before, after)


def _rows_held(body: bytes, reading: Reading, sought: Sought) -> list[Any]:
    rows_ = pq.read_table(io.BytesIO(body))
    if reading.written_down and "row" in rows_.column_names:
        return [each for each in rows_.to_pylist() if names_person(str(each["row"]), reading, sought)]
    return list(rows_.filter(rows.theirs(rows_, reading.whose, sought)).to_pylist())


def customers(body: bytes, customer: str) -> list[str]:
    """Who is named in a log file."""
    plain, _ = _gunzipped(body) if body.startswith(_GZIP) else _unzstd(body) if body.startswith(_ZSTD) else (body, True)
    return list(texts.customers_in(plain.decode(errors="replace"), customer))


def table_of(body: bytes) -> pa.Table | None:
    """The rows of an object, if it is Parquet."""
    return pq.read_table(io.BytesIO(body)) if body.startswith(_PARQUET) else None


def _packed(
    key: str,
    body: bytes,
    opened: tuple[bytes, bool],
    pack: Callable[[bytes], bytes],
    reading: Reading,
    sought: Sought,
) -> Left:
    plain, whole = opened
    left = without(key, plain, reading, sought)
    if not left.gone:
        return Left(body, 0)
    # Nobody can read a broken file to its end: what it may hold of the person beyond that goes with it.
    return Left(pack(left.body) if whole and left.body is not None else None, left.gone)


def _parquet(body: bytes, reading: Reading, sought: Sought) -> Left:
    held = pq.read_table(io.BytesIO(body))
    if reading.written_down and "row" in held.column_names:
        mask = pa.array([names_person(str(row), reading, sought) for row in held["row"].to_pylist()], pa.bool_())
        gone = sum(mask.to_pylist())
        kept = held.filter(pa.compute.invert(mask))
    else:
        cleaned = rows.without(held, reading.whose, sought)
        kept, gone = cleaned.rows, cleaned.dropped + cleaned.mended
    if not gone:
        return Left(body, 0)
    sink = io.BytesIO()
    pq.write_table(kept, sink, compression="zstd")
    return Left(sink.getvalue(), gone)


def names_person(text: str, reading: Reading, sought: Sought) -> bool:
    """Whether a row that was written down as JSON is the person's, or names them; one that could not be read is in it as a text."""
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    inner = [str(value) for value in said.values()] if isinstance(said, dict) else []
    fields = (*reading.whose.naming, reading.customer)
    return (
        row_is_theirs(said, reading.whose, sought)
        or sought.names(text)
        or any(sought.named(texts.field_values(each, fields)) for each in (text, *inner))
    )


def row_is_theirs(said: Any, whose: Whose, sought: Sought) -> bool:
    """Whether a row as a mapping is the person's."""
    if not isinstance(said, dict):
        return False
    return bool(sought.named(str(said[name]) for name in whose.naming if said.get(name))) or any(
        sought.records(place, [str(said[name])]) for name, place in whose.records if said.get(name)
    )


def _text(key: str, body: bytes, reading: Reading, sought: Sought) -> Left:
    try:
        text = body.decode("utf-8-sig" if body.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError:
        named = sought.words(body.decode(errors="replace"))
        return Left(None, len(named)) if named else Left(body, 0)
    left, gone = _read_as(key, text, reading, sought)
    return Left(left.encode(), gone) if gone else Left(body, 0)


def _read_as(key: str, text: str, reading: Reading, sought: Sought) -> tuple[str, int]:
    if key.startswith("released/") and key.endswith(".ndjson"):
        return texts.releases_without(text, lambda row: row_is_theirs(row, reading.whose, sought), sought)
    if reading.table or (".csv" in key and not reading.customer):
        return texts.table_without(text, reading.whose.naming, sought)
    if reading.customer:
        return texts.logs_without(text, reading.customer, sought)
    if key.endswith(".html"):
        return texts.page_without(text, sought)
    return _document(text, sought)


def _document(text: str, sought: Sought) -> tuple[str, int]:
    try:
        said = json.loads(text)
    except ValueError:
        return texts.lines_without(text, sought)
    left, gone = texts.json_without(said, sought)
    return json.dumps(left, sort_keys=True, separators=(",", ":")), gone


def _gunzipped(body: bytes) -> tuple[bytes, bool]:
    """As much as can be unpacked, and whether that is all."""
    try:
        return gzip.decompress(body), True
    except (OSError, EOFError, zlib.error):
        return _as_far_as(zlib.decompressobj(31), body), False


def _unzstd(body: bytes) -> tuple[bytes, bool]:
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body), read_across_frames=True)
    held = bytearray()
    try:
        while chunk := reader.read(1 << 20):
            held += chunk
    except zstandard.ZstdError:
        return bytes(held), False
    return bytes(held), True


def _as_far_as(unpacker: Any, body: bytes) -> bytes:
    held = bytearray()
    try:
        for start in range(0, len(body), 1 << 16):
            held += unpacker.decompress(body[start : start + (1 << 16)])
    except zlib.error:
        return bytes(held)
    return bytes(held)
