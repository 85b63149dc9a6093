"""A chunk of log lines becomes typed rows: quickly where its lines are as they should be, exactly where they are not.

Both ways give the same rows. What the quick way cannot read is cut smaller until only the lines around the fault are
left; what it is not sure of (a blank customer, a time that is none) is read again, line by line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from holdfast.settings import EventsSource
from ingest import drift
from ingest.statements import exact, mapped, quick

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SMALL = 1 << 16
_PARTS = 8
# JSON allows no control characters unescaped, and a reader of lines trips over them: no good line changes.
_UNREADABLE = bytes(
    0x20 if byte == 0x0D else 0x02 if byte < 0x20 and byte not in (0x09, 0x0A) else byte for byte in range(256)
)


@dataclass(frozen=True)
class Taken:
    """What a chunk held: fields in all of its lines, and the numbers of lines that were left out because they are in doubt."""

    fields: int
    doubtful: Sequence[int]


class Rows(Protocol):
    """Where rows go."""

    def quick(self, query: str, lines: int) -> Taken | None:
        """Keep the rows that are not `doubtful`; keep none and say None where rows are not as many as lines."""
        ...

    def exact(self, query: str) -> None:
        """Keep the rows without a `reason`, and put the others aside."""
        ...


class Reader:
    """Reads the chunks of one file after the other, and remembers which fields it met that nobody mapped."""

    def __init__(self, source: EventsSource, rows: Rows, folder: Path, known: Iterable[str] = ()) -> None:
        self.unmapped: Counter[str] = Counter()
        """Lines by field, for fields that are neither mapped nor `known`, from the chunks in which one was new."""
        self._source = source
        self._rows = rows
        self._path = folder / "chunk"
        self._path.touch()
        self._first = True
        self._known = set(known)
        self._declared = {field for field in self._known if "[]" not in field}

    def read(self, chunk: bytes, name: str, first: int) -> int:
        """Read a chunk of a file whose first `first` lines were read before; how many lines it has."""
        if self._first and len(chunk) > _SMALL:
            # What nobody mapped is found in little text, and known when the rest is read.
            self._first = False
            return self._in_parts(chunk, name, first)
        lines = drift.lines(chunk)
        taken = None if chunk.startswith(_BYTE_ORDER_MARK) else self._quickly(chunk, name, first, lines)
        if taken:
            self._exactly(_picked(chunk, first, taken.doubtful), name)
            if drift.unread(chunk, taken.fields):
                self._look_into(chunk)
        elif len(chunk) <= _SMALL or lines == 1:
            self._exactly(enumerate(chunk.split(b"\n")[:lines], first + 1), name)
            self._look_into(chunk)
        else:
            self._in_parts(chunk, name, first)
        return lines

    def _in_parts(self, chunk: bytes, name: str, first: int) -> int:
        lines = 0
        for part in _parts(chunk):
            lines += self.read(part, name, first + lines)
        return lines

    def _quickly(self, chunk: bytes, name: str, first: int, lines: int) -> Taken | None:
        query = quick(self._source, str(self._path), name, first, self._declared)
        if query is None:
            return None
        self._write(chunk)
        try:
            return self._rows.quick(query, lines)
        except duckdb.Error:
            return None

    def _exactly(self, lines: Iterable[tuple[int, bytes]], name: str) -> None:
        numbered = b"".join(
            b"%d\x01%s\n" % (number, line.translate(_UNREADABLE).decode("utf-8", "replace").encode())
            for number, line in lines
        )
        if numbered:
            self._write(numbered)
            self._rows.exact(exact(self._source, str(self._path), name))

    def _look_into(self, chunk: bytes) -> None:
        found = drift.fields(chunk.splitlines())
        for field in mapped(self._source):
            found = Counter(
                {each: n for each, n in found.items() if each != field and not field.startswith(f"{each}.")}
            )
        self.unmapped.update({field: n for field, n in found.items() if field not in self._known})
        self._declared.update(field for field in found if "[]" not in field)

    def _write(self, text: bytes) -> None:
        """Over what was there: new pages of memory for every chunk would cost as much as filling them."""
        with self._path.open("r+b") as file:
            file.write(text)
            file.truncate()


def _picked(chunk: bytes, first: int, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    if numbers:
        lines = chunk.split(b"\n")
        yield from ((number, lines[number - first - 1]) for number in numbers)


def _parts(chunk: bytes) -> Iterator[bytes]:
    """A chunk in some pieces that end where a line ends."""
    start, step = 0, len(chunk) // _PARTS + 1
    while start < len(chunk):
        end = chunk.find(b"\n", start + step - 1) + 1 or len(chunk)
        yield chunk[start:end]
        start = end
