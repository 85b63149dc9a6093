"""A chunk of lines is told apart into groups of one layout each (see `ingest.layout`), by the places of its quotes.

What JSON forbids within texts (control characters, what is no UTF-8) and what could hide a quote (backslashes) is looked
for in the chunk as a whole. Lines with any of it, and lines of no layout, are in no group.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ingest.layout import MARGIN, Flags, Layout, Longs, Octets, Span

MOST_LAYOUTS = 32
LONGEST_LINE = 1 << 20
_QUOTE, _END, _SPACE, _BACKSLASH, _NOT_ASCII = ord('"'), ord("\n"), ord(" "), ord("\\"), 0x80


class Group(NamedTuple):
    """Lines of one layout: their numbers in the chunk, counted from 0, and their values, hole by hole."""

    layout: Layout
    lines: Longs
    spans: list[Span]


class Layouts:
    """The layouts that were met so far, the last one to fit first."""

    def __init__(self) -> None:
        self._known: list[Layout] = []

    def groups(self, text: bytes) -> tuple[list[Group], int]:
        """The lines of a chunk, which stands between margins and ends in a newline, as far as their layouts are found out; how many it has."""
        octets = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(octets == _QUOTE)
        whole = self._all_alike(text, octets, quotes)
        if whole:
            return [whole], len(whole.lines)
        lines = _Lines.of(text, octets, quotes)
        return list(self._by_layout(lines)), len(lines.ends)

    def _all_alike(self, text: bytes, octets: Octets, quotes: Longs) -> Group | None:
        """All lines, if they are of one layout and nothing odd is in them: then the ends of lines need not be looked for."""
        layout = self._known[0] if self._known else self._learnt(text[len(MARGIN) : text.find(b"\n") + 1])
        if layout is None or not len(quotes) or len(quotes) % layout.quotes or b"\\" in text or not _is_utf8(text):
            return None
        by_line = quotes.reshape(-1, layout.quotes)
        starts = by_line[:, 0] - layout.anchors[0][1]
        # Every line ends in a newline, as its last literal does: there can be no other control character.
        if starts[0] != len(MARGIN) or np.count_nonzero(octets < _SPACE) != len(starts):
            return None
        spans, wrong = layout.spans(octets, by_line, np.append(starts[1:], len(text) - len(MARGIN)))
        return None if wrong is not None else Group(layout, np.arange(len(starts)), spans)

    def _by_layout(self, lines: "_Lines") -> Iterator[Group]:
        left = np.flatnonzero(~lines.odd())
        untried = list(self._known)
        for _ in range(MOST_LAYOUTS):
            if not len(left):
                return
            layout = untried.pop(0) if untried else self._learnt(lines.line(left[0]))
            if layout is None:
                left = left[1:]
                continue
            group = lines.group(layout, left)
            if group:
                left = np.setdiff1d(left, group.lines, assume_unique=True)
                self._known.sort(key=lambda each: each is not group.layout)
                yield group

    def _learnt(self, line: bytes) -> Layout | None:
        layout = Layout.of(line)
        if layout:
            self._known = [layout, *self._known][:MOST_LAYOUTS]
        return layout


class _Lines(NamedTuple):
    """A chunk whose lines are looked at one by one: where each starts and ends, its first quote, and how many it has."""

    text: bytes
    octets: Octets
    quotes: Longs
    starts: Longs
    ends: Longs
    first: Longs
    counts: Longs

    @classmethod
    def of(cls, text: bytes, octets: Octets, quotes: Longs) -> "_Lines":
        ends = np.flatnonzero(octets == _END) + 1
        starts = np.append(len(MARGIN), ends[:-1])
        first = np.searchsorted(quotes, np.append(starts, len(text)))
        return cls(text, octets, quotes, starts, ends, first[:-1], np.diff(first))

    def line(self, number: int) -> bytes:
        return self.text[self.starts[number] : self.ends[number]]

    def odd(self) -> Flags:
        """Lines that hold what might mislead: see above."""
        strange = (self.octets < _SPACE) & (self.octets != _END) | (self.octets == _BACKSLASH)
        if not _is_utf8(self.text):
            strange |= self.octets >= _NOT_ASCII
        odd: Flags = self.ends - self.starts > LONGEST_LINE
        odd[np.searchsorted(self.ends, np.flatnonzero(strange), "right")] = True
        return odd

    def group(self, layout: Layout, among: Longs) -> Group | None:
        """Those of some lines that are of a layout."""
        lines = among[self.counts[among] == layout.quotes]
        lines = lines[self.quotes[self.first[lines]] - layout.anchors[0][1] == self.starts[lines]]
        if not len(lines):
            return None
        by_line = self.quotes[self.first[lines, None] + np.arange(layout.quotes)]
        spans, wrong = layout.spans(self.octets, by_line, self.ends[lines])
        if wrong is not None:
            lines, spans = lines[~wrong], [span.at(~wrong) for span in spans]
        return Group(layout, lines, spans) if len(lines) else None


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
