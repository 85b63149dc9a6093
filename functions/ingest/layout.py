"""The template of lines that have the same fields in the same order, and the values of many such lines at once.

A line becomes literals, which all lines of its layout share, and holes between them. Where a line has as many quotes as
the template, every literal must lie near a quote whose number is known: there it is compared, for all lines in one go.
Literals and holes cover a line without a gap, and no hole can hold a quote; so a line whose literals are all there is a
line of that layout, and it never was read byte by byte. This is the speculation of Mison (VLDB 2017), in operations on whole arrays.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MARGIN = b" " * 64
"""What stands before and behind a chunk's text, so that a word may be taken wherever a value lies."""
_TOKEN = re.compile(
    rb'"(?P<key>[^"]*)"\s*:|"(?P<text>[^"]*)"|(?P<open>[{\[])|(?P<close>[}\]])|(?P<bare>[^\s{}\[\],:"]+)'
)

Octets = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Path = tuple[str | None, ...]
"""The steps that lead to a value; None goes into a list."""


class Span(NamedTuple):
    """The values of one hole, line by line: where in `text` they start, and how many bytes they have."""

    text: Octets
    start: Longs
    length: Longs
    quoted: bool

    def at(self, rows: Any) -> "Span":
        """Some of the values."""
        return self._replace(start=self.start[rows], length=self.length[rows])

    def words(self, width: int, before_end: int | None = None) -> npt.NDArray[Any]:
        """So many bytes from the start of each value, or from as far before its end; beyond the value it is any text."""
        place = self.start if before_end is None else self.start + self.length - before_end
        return _words(self.text, place, width)


@dataclass(frozen=True)
class Layout:
    """A template: literal, hole, literal, hole, …, literal."""

    literals: Sequence[bytes]
    holes: Sequence[tuple[Path, bool]]
    """Where the path leads, and whether the value is quoted."""
    containers: Sequence[Path]
    """Paths of objects and lists."""
    anchors: Sequence[tuple[int, int]]
    """For each literal but the last, which ends the line: the number of its first quote, and its place in the literal."""
    quotes: int

    @classmethod
    def of(cls, line: bytes) -> "Layout | None":
        """The layout of a line; None where it is no object, has no value or a backslash, names a field twice, or has a list of numbers."""
        if b"\\" in line:
            return None
        try:
            value = json.loads(line.decode(), object_pairs_hook=_distinct)
        except (ValueError, RecursionError):
            return None
        return _layout(line) if isinstance(value, dict) else None

    def spans(self, text: Octets, quotes: Longs, ends: Longs) -> tuple[list[Span], Flags | None]:
        """The values of lines whose quotes (lines × quotes) and ends are given, and which lines are not of this layout, if any."""
        wrong: Flags | None = None
        places = [quotes[:, number] - before for number, before in self.anchors] + [ends - len(self.literals[-1])]
        for literal, place in zip(self.literals, places, strict=True):
            differing = _differing(text, place, literal)
            if differing is not None:
                wrong = differing if wrong is None else wrong | differing
        spans = []
        for (_, quoted), literal, place, after in zip(self.holes, self.literals, places, places[1:], strict=False):
            start = place + len(literal)
            spans.append(Span(text, start, after - start, quoted))
        return spans, wrong


def _layout(line: bytes) -> Layout | None:
    steps: list[str | None] = []
    holes, containers, literals, anchors = [], [], [], []
    after = 0
    for token in _TOKEN.finditer(line):
        kind = token.lastgroup or ""
        if kind == "key":
            steps[-1] = token["key"].decode()
        elif kind == "open":
            containers.append(tuple(steps))
            steps.append(None)
        elif kind == "close":
            steps.pop()
        else:
            literal = line[after : token.start(kind)]
            if b'"' not in literal:
                return None
            holes.append((tuple(steps), kind == "text"))
            literals.append(literal)
            anchors.append((line[:after].count(b'"'), literal.index(b'"')))
            after = token.end(kind)
    # Without a value there is no quote by which others of its kind are found.
    return Layout([*literals, line[after:]], holes, containers, anchors, line.count(b'"')) if holes else None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a field is named twice")
    return dict(pairs)


def _differing(text: Octets, place: Longs, literal: bytes) -> Flags | None:
    """Where the text at some places is not the literal; None if it is everywhere."""
    found = _words(text, place, len(literal))
    if found.tobytes() == literal * len(place):
        return None
    differing: Flags = (found.view(np.uint8).reshape(len(place), -1) != np.frombuffer(literal, np.uint8)).any(1)
    return differing


def _words(text: Octets, place: Longs, width: int) -> npt.NDArray[Any]:
    """So many bytes from each place on; a place too near to the end is another one, and none may lie before the start."""
    windows = np.ndarray((len(text) - width + 1,), f"V{width}", text.data, strides=(1,))
    words: npt.NDArray[Any] = windows[np.clip(place, 0, len(windows) - 1)]
    return words
