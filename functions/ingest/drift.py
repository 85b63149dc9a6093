"""Fields of log lines that nobody reads: found exactly, for one look at the bytes where there is nothing new.

The colon of every field follows a quote or a space. So a chunk has no more of such pairs than fields that were read and
explicit nulls, unless there is a field that was not read; or a text or a list that only looks like it, and then the lines
themselves are looked into. It cannot be the other way round: what is counted as a null is a pair as well.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

_PIECE = 1 << 17
_COLON = 0x3A00
_QUOTE = 0x22
_WIDEST = 4
_END = ord("\n")


class Tally:
    """Counts over a text that comes in blocks: its lines, the pairs that may be fields, and nulls close behind their colon."""

    def __init__(self) -> None:
        self.length = 0
        self.pairs = 0
        self.nulls = 0
        self._ends = 0
        self._tail = b""

    @property
    def lines(self) -> int:
        """Lines so far; the last one need not have an end."""
        return self._ends + bool(self._tail and not self._tail.endswith(b"\n"))

    def add(self, block: bytes) -> None:
        """Go on with a block; what begins in one and ends in the next is counted as well."""
        text = self._tail + block
        before = len(self._tail)
        self.pairs += _pairs(text, before)
        self.nulls += _count(text, b'":nu', before)
        self._ends += sum(int(np.count_nonzero(words == _END)) for words in _words(text, 1, before))
        self.length += len(block)
        self._tail = text[1 - _WIDEST :]

    def unread(self, text: Any, read: int) -> bool:
        """Whether the text may have values in fields beside those `read` (how many were, nulls not among them); no is certain."""
        others = self.pairs - read
        return bool(others) and others != self.nulls and others != _nulls(text)


def fields(lines: Iterable[bytes]) -> Counter[str]:
    """How many lines have a value in each field; a dot goes down into an object, `[]` into the items of a list."""
    found: Counter[str] = Counter()
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        found.update(set(_paths(value, "")))
    return found


def _pairs(text: bytes, before: int = 0) -> int:
    """Colons after a quote, a space or a control character (and `!`, which is never wrong: see above)."""
    return sum(int(np.count_nonzero(words - np.uint16(_COLON) <= _QUOTE)) for words in _words(text, 2, before))


def _nulls(text: Any) -> int:
    """Explicit nulls, close behind their colon or one space behind it."""
    close, spaced = _count(text, b'":nu'), _count(text, b'": n')
    return close if spaced and _count(text, b": na") else close + spaced


def _count(text: Any, four: bytes, before: int = 0) -> int:
    sought = np.uint32(int.from_bytes(four, "little"))
    return sum(int(np.count_nonzero(words == sought)) for words in _words(text, 4, before))


def _words(text: Any, width: int, before: int = 0) -> Iterator[Any]:
    """All runs of `width` bytes that end after the first `before`, as numbers, in pieces that stay in the processor's cache."""
    for start in range(max(0, before - width + 1), len(text), _PIECE):
        for shift in range(width):
            count = (min(_PIECE + width - 1, len(text) - start) - shift) // width
            if count > 0:
                yield np.frombuffer(text, f"<u{width}", count, start + shift)


def _paths(value: Any, before: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner is not None:
                yield f"{before}{name}"
            yield from _paths(inner, f"{before}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner, f"{before.removesuffix('.')}[].")
