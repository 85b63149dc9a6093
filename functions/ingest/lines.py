"""A chunk of log lines becomes typed rows: at once where its lines are plain, else quickly by a reader of JSON, else exactly.

All ways give the same rows. Where most lines of a chunk are plain (see `ingest.columns`) the others are read one by one.
Where they are not, the whole chunk goes to DuckDB's reader: what that cannot read is cut smaller until only the lines
around the fault are left; what it is not sure of (a blank customer, a time that is none) is read again, line by line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa

from holdfast.arrays import arrow
from holdfast.settings import EventsSource
from ingest.chunks import bounded, chunks, lines_of, parts, picked, shown
from ingest.columns import Parser
from ingest.drift import Tally, fields
from ingest.layout import MARGIN
from ingest.statements import exact, mapped, quick
from ingest.unmapped import Beside

CHUNK = 1 << 22
"""Bytes of text that are read at once: few enough that what is made of them stays in the processor's cache."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SMALL = 1 << 16
FEW = 1 / 4
"""Share of lines that are read one by one, rather than the chunk by DuckDB's reader."""
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

    def plain(self, rows: pa.Table, name: str) -> None:
        """Keep the rows, which have the columns of `ingest.statements.names` and `line`, of the file of that name."""
        ...

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
        self._most = chunk
        self.parser = Parser(source)
        self._known = set(known)
        self._declared = {field for field in self._known if "[]" not in field}

    def read(self, blocks: Iterable[bytes], name: str) -> int:
        """Read the text of a file, in blocks cut anywhere; how many lines it has."""
        lines = 0
        for text in chunks(bounded(blocks), self._most):
            lines += self._read(text, name, lines)
        return lines

    def _read(self, text: bytes, name: str, first: int) -> int:
        """Read a chunk between margins, before which there were so many lines."""
        parsed = self.parser.parse(text)
        count = parsed.total
        left = np.setdiff1d(np.arange(count), parsed.lines) if len(parsed.lines) < count else np.zeros(0, np.int64)
        whole = text[len(MARGIN) : -len(MARGIN)] if len(left) else b""
        if len(left) > count * FEW:
            self._read_all(whole, name, first)
            return count
        self._rows.plain(parsed.rows.append_column("line", arrow(parsed.lines + (first + 1))), name)
        self.unmapped.update({field: n for field, n in parsed.unmapped.items() if field not in self._known})
        if self._beside and len(parsed.beside):
            told = {"line": arrow(parsed.beside + (first + 1)), "raw": lines_of(text, parsed.beside)}
            self._beside.plain(pa.table(told), name)
        self._one_by_one(picked(whole, first, (left + (first + 1)).tolist()), name)
        return count

    def _read_all(self, text: bytes, name: str, first: int) -> None:
        tally = Tally()
        tally.add(text)
        taken = None if text[:3] == _BYTE_ORDER_MARK else self._quickly(text, tally.lines, name, first)
        if taken:
            if tally.unread(text, taken.fields):
                self._look_beside(text, tally.lines, name, first, taken.doubtful)
            self._exactly(picked(text, first, taken.doubtful), name)
        elif len(text) <= _SMALL or tally.lines == 1:
            self._one_by_one(enumerate(text.split(b"\n")[: tally.lines], first + 1), name)
        else:
            for part in parts(text):
                self._read_all(part, name, first)
                first += part.count(b"\n")

    def _quickly(self, text: bytes, lines: int, name: str, first: int) -> Taken | None:
        query = quick(self._source, str(self._chunk), name, first, self._declared)
        self._chunk.write_bytes(text)
        try:
            return self._rows.quick(query, lines) if query else None
        except duckdb.Error:
            return None

    def _exactly(self, lines: Iterable[tuple[int, bytes]], name: str) -> None:
        if self._numbered(lines):
            self._rows.exact(exact(self._source, str(self._part), name))
            if self._beside:
                self._beside.numbered(str(self._part), name)

    def _one_by_one(self, lines: Iterable[tuple[int, bytes]], name: str) -> None:
        numbered = list(lines)
        self.empty += sum(not line.translate(_UNREADABLE).strip(b" ") for _, line in numbered)
        self._exactly(numbered, name)
        if not self._beside:
            self._look_into(line for _, line in numbered)

    def _numbered(self, lines: Iterable[tuple[int, bytes]]) -> int:
        """Write lines with their numbers before them, and nothing that a reader of lines trips over."""
        return self._part.write_bytes(
            b"".join(
                b"%d\x01%s\n" % (number, shown(line.translate(_UNREADABLE).decode("utf-8", "replace").encode()))
                for number, line in lines
            )
        )

    def _look_beside(self, text: bytes, lines: int, name: str, first: int, doubtful: Sequence[int]) -> None:
        """Keep what nothing maps of a text that was read quickly, but for the lines in doubt, which are read exactly."""
        if not self._beside:
            self._look_into(text.split(b"\n"))
        elif not self._beside.chunk(str(self._chunk), name, first, lines, doubtful):
            left = set(doubtful)
            numbered = enumerate(text.split(b"\n")[:lines], first + 1)
            if self._numbered((number, line) for number, line in numbered if number not in left):
                self._beside.numbered(str(self._part), name)

    def _look_into(self, lines: Iterable[bytes]) -> None:
        found = fields(lines)
        for field in mapped(self._source):
            found = Counter(
                {each: n for each, n in found.items() if each != field and not field.startswith(f"{each}.")}
            )
        self.unmapped.update({field: n for field, n in found.items() if field not in self._known})
        self._declared.update(field for field in found if "[]" not in field)
