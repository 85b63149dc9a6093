"""A chunk of log lines becomes typed rows: quickly where its lines are as they should be, exactly where they are not.

Both ways give the same rows. What the quick way cannot read is cut smaller until only the lines around the fault are
left; what it is not sure of (a blank customer, a time that is none) is read again, line by line.
"""

import mmap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Protocol

import duckdb
import numpy as np

from holdfast.settings import EventsSource
from ingest.drift import Tally, fields
from ingest.statements import exact, mapped, quick
from ingest.unmapped import Beside

CHUNK = 1 << 27
"""Bytes of text that one statement reads: on disk, so that they are no memory; enough that planning it costs nothing to speak of."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SMALL = 1 << 16
_FIRST = 1 << 20
_PARTS = 8
# JSON allows no control characters unescaped, and a reader of lines trips over them: no good line changes.
_UNREADABLE = bytes(
    0x20 if byte == 0x0D else 0x02 if byte < 0x20 and byte not in (0x09, 0x0A) else byte for byte in range(256)
)

Text = bytes | mmap.mmap


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

    def __init__(
        self,
        source: EventsSource,
        rows: Rows,
        folder: Path,
        known: Iterable[str] = (),
        chunk: int = CHUNK,
        beside: Beside | None = None,
    ) -> None:
        self.empty = 0
        """Empty lines so far."""
        self.unmapped: Counter[str] = Counter()
        """Lines by field, for fields that are neither mapped nor `known`, from the chunks in which one was new."""
        self._source = source
        self._rows = rows
        self._beside = beside
        self._chunk, self._part = folder / "chunk", folder / "part"
        for path in (self._chunk, self._part):
            path.touch()
        # What nobody mapped is found in little text, and known when the rest is read.
        self._size = min(_FIRST, chunk)
        self._most = chunk
        self._known = set(known)
        self._declared = {field for field in self._known if "[]" not in field}

    def read(self, blocks: Iterable[bytes], name: str) -> int:
        """Read the text of a file, in blocks cut anywhere; how many lines it has."""
        lines = 0
        for tally in self._spooled(blocks):
            with self._chunk.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
                self._read(text, self._chunk, tally, name, lines)
            lines += tally.lines
        return lines

    def _spooled(self, blocks: Iterable[bytes]) -> Iterator[Tally]:
        """Write the blocks into the chunk's file, again and again, until a line ends where it is large enough."""
        with self._chunk.open("r+b", buffering=0) as file:
            tally = Tally()
            for block in blocks:
                rest = block
                if tally.length + len(block) >= self._size and (end := block.rfind(b"\n") + 1):
                    rest = block[end:]
                    _write(file, block[:end], tally)
                    file.truncate()
                    yield tally
                    file.seek(0)
                    tally, self._size = Tally(), self._most
                _write(file, rest, tally)
            file.truncate()
            if tally.length:
                yield tally

    def _read(self, text: Text, path: Path, tally: Tally, name: str, first: int) -> None:
        """Read a text that lies in a file, of which `first` lines were read before."""
        taken = None if text[:3] == _BYTE_ORDER_MARK else self._quickly(path, tally.lines, name, first)
        if taken:
            if tally.unread(text, taken.fields):
                self._look_beside(text, path, tally.lines, name, first, taken.doubtful)
            self._exactly(_picked(text, first, taken.doubtful), name)
        elif tally.length <= _SMALL or tally.lines == 1:
            numbered = list(enumerate(text[:].split(b"\n")[: tally.lines], first + 1))
            self.empty += sum(not line.translate(_UNREADABLE).strip(b" ") for _, line in numbered)
            self._exactly(numbered, name)
            if not self._beside:
                self._look_into(text)
        else:
            for part in _parts(text):
                counted = Tally()
                with self._part.open("wb") as file:
                    _write(file, part, counted)
                self._read(part, self._part, counted, name, first)
                first += counted.lines

    def _quickly(self, path: Path, lines: int, name: str, first: int) -> Taken | None:
        query = quick(self._source, str(path), name, first, self._declared)
        try:
            return self._rows.quick(query, lines) if query else None
        except duckdb.Error:
            return None

    def _exactly(self, lines: Iterable[tuple[int, bytes]], name: str) -> None:
        if self._numbered(lines):
            self._rows.exact(exact(self._source, str(self._part), name))
            if self._beside:
                self._beside.numbered(str(self._part), name)

    def _numbered(self, lines: Iterable[tuple[int, bytes]]) -> int:
        """Write lines with their numbers before them, and nothing that a reader of lines trips over."""
        return self._part.write_bytes(
            b"".join(
                b"%d\x01%s\n" % (number, line.translate(_UNREADABLE).decode("utf-8", "replace").encode())
                for number, line in lines
            )
        )

    def _look_beside(self, text: Text, path: Path, lines: int, name: str, first: int, doubtful: Sequence[int]) -> None:
        """Keep what nothing maps of a text that was read quickly, but for the lines in doubt, which are read exactly."""
        if not self._beside:
            self._look_into(text)
        elif not self._beside.chunk(str(path), name, first, lines, doubtful):
            left = set(doubtful)
            numbered = enumerate(text[:].split(b"\n")[:lines], first + 1)
            if self._numbered((number, line) for number, line in numbered if number not in left):
                self._beside.numbered(str(self._part), name)

    def _look_into(self, text: Text) -> None:
        found = fields(text[:].split(b"\n"))
        for field in mapped(self._source):
            found = Counter(
                {each: n for each, n in found.items() if each != field and not field.startswith(f"{each}.")}
            )
        self.unmapped.update({field: n for field, n in found.items() if field not in self._known})
        self._declared.update(field for field in found if "[]" not in field)


def _write(file: BinaryIO | FileIO, block: bytes, tally: Tally) -> None:
    file.write(block)
    tally.add(block)


def _picked(text: Text, first: int, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Some lines, by their numbers in the file."""
    if numbers:
        ends = [-1, *np.flatnonzero(np.frombuffer(text[:], np.uint8) == ord("\n")).tolist(), len(text)]
        yield from ((n, text[ends[n - first - 1] + 1 : ends[n - first]]) for n in numbers)


def _parts(text: Text) -> Iterator[bytes]:
    """A text in some pieces that end where a line ends."""
    start, step = 0, len(text) // _PARTS + 1
    while start < len(text):
        end = text.find(b"\n", start + step - 1) + 1 or len(text)
        yield text[start:end]
        start = end
