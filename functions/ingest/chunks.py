"""Texts of whole lines: cut from blocks, cut smaller, and single lines of them."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from ingest.layout import MARGIN, Longs, Span
from ingest.spans import texts

LONGEST = (8 << 20) - 64
"""Bytes of a line that are read at most: what DuckDB's reader takes of one, less the number before it."""
_SHOWN = 1000
_PARTS = 8
_END = ord("\n")


def chunks(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Blocks as texts of whole lines, about so large, between margins."""
    held: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1 if sum(map(len, held)) + len(block) >= size else 0
        if end:
            yield b"".join([MARGIN, *held, block[:end], MARGIN])
            held = []
        held.append(block[end:])
    if any(held):
        rest = b"".join(held)
        yield b"".join([MARGIN, rest, b"" if rest.endswith(b"\n") else b"\n", MARGIN])


def bounded(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks without what of a line goes beyond `LONGEST`, so that one without an end takes no memory: the next newline is kept."""
    begun = 0
    for block in blocks:
        end = block.find(b"\n")
        head = len(block) if end < 0 else end
        yield block if begun + head <= LONGEST else block[: max(0, LONGEST + 1 - begun)] + block[head:]
        begun = begun + head if end < 0 else len(block) - 1 - block.rfind(b"\n")


def shown(line: bytes) -> bytes:
    """A line, or the beginning of one that is too long, which then is no JSON and says why."""
    if len(line) <= LONGEST:
        return line
    return line[:_SHOWN].decode("utf-8", "ignore").encode() + f" … a line of more than {LONGEST:,} bytes".encode()


def picked(text: bytes, first: int, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Some lines, by their numbers in the file."""
    if len(numbers):
        ends = [-1, *np.flatnonzero(np.frombuffer(text, np.uint8) == _END).tolist(), len(text)]
        yield from ((n, text[ends[n - first - 1] + 1 : ends[n - first]]) for n in numbers)


def lines_of(text: bytes, numbers: Longs) -> pa.Array:
    """Some lines of a chunk between margins, by their numbers in it."""
    octets = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(octets == _END)
    starts = np.append(len(MARGIN), ends[:-1] + 1)
    return texts(Span(octets, starts[numbers], (ends - starts)[numbers], True))


def parts(text: bytes) -> Iterator[bytes]:
    """A text in some pieces that end where a line ends."""
    start, step = 0, len(text) // _PARTS + 1
    while start < len(text):
        end = text.find(b"\n", start + step - 1) + 1 or len(text)
        yield text[start:end]
        start = end
