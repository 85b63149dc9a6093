"""The kernel: what the cells of one table say at a cutoff, as dense arrays whose last axis is the customers."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features import marks
from features.cells import Cells, Measure, added
from features.marks import Bools, Days
from features.rows import DAY_US, Floats, Ints

At = int | Ints
"""A cutoff: a day number, the same for all or one for each customer."""
Rows = Ints | slice
_Value = TypeVar("_Value", bound=np.generic)
_BLOCK = 1 << 27
"""How many (day, customer) marks are set at a time: bounds their memory to 128 MB."""


class Sums(NamedTuple):
    """Of a measure, each (spans, customers): sum, number of values, smallest and largest (NaN of none), sum of squares."""

    total: Floats
    filled: Floats
    low: Floats
    high: Floats
    squares: Floats


class View:
    """The cells of a table that are visible at a cutoff; nothing else can be reached through it.

    A cutoff is a day number, the same for all or one for each customer. `edges` are the ends of all spans in days
    before it: each cell is added to the one band between two edges where it lies, and sums over bands are spans.
    The last span is all time. An array is made when it is first asked for, and only once.
    """

    def __init__(self, cells: Cells, cutoff: At, edges: Sequence[int]) -> None:
        self.cutoff = np.asarray(cutoff, dtype=np.int64)
        self.edges, self.customers, self.texts, self.code_of = tuple(edges), cells.customers, cells.texts, cells.code_of
        self._cells = cells
        seen = self._visible(slice(None))
        # As indices: a mask would be looked through again for every column.
        self._seen = None if seen.all() else np.flatnonzero(seen)
        self._made: dict[str, Floats] = {}
        self._keys: dict[str, Ints] = {}
        self._sums: dict[str, Sums] = {}
        self._orders: dict[str, list[Ints]] = {}
        self._customer = self._of(cells.customer).astype(np.int64)
        self._age = self._at(self._customer) - np.int32(1) - self._of(cells.day)
        self._place = self._placed(self._age, self._customer)

    def span(self, days: int) -> int:
        """Index of the span of so many days."""
        return self.edges.index(days)

    def spans(self, windows: Sequence[int]) -> list[int]:
        """Indices of windows in days, and of all time."""
        return [*(self.edges.index(days) for days in windows), len(self.edges)]

    @property
    def measures(self) -> list[str]:
        return list(self._cells.measures)

    @cached_property
    def counts(self) -> Floats:
        """(spans, customers): events in the last so many days."""
        return self._summed(self._place, self._count)

    def by(self, column: str) -> Floats:
        """(texts, spans, customers): the same for each text of a column."""
        if column not in self._made:
            bands = len(self.edges) + 1
            key = self._of(self._cells.codes[column]) * np.int64(self._size) + self._place
            found = _counted(key, self._count, (len(self.texts[column]) + 1) * self._size)
            self._made[column] = np.cumsum(found.reshape(-1, bands, self.customers)[:-1], axis=1)
        return self._made[column]

    @cached_property
    def weekend(self) -> Floats:
        """(spans, customers): events on a Saturday or Sunday, UTC."""
        return self._where((self._of(self._cells.day) + 3) % 7 >= 5)

    def daypart(self, name: str) -> Floats:
        """(spans, customers): events in a part of the day."""
        weights = self._of(self._cells.dayparts[name])
        return self._where(weights) if weights.dtype == bool else self._summed(self._place, weights.astype(np.float64))

    def measure(self, name: str) -> Sums:
        """A measure in every span."""
        if name not in self._sums:
            self._sums[name] = self._measure(name)
        return self._sums[name]

    def _measure(self, name: str) -> Sums:
        held, keep, place, _ = self._measured(name)
        filled = self._summed(place, None if held.filled is None else held.filled[keep])
        low, high = self._extreme(np.minimum, place, held.low[keep]), self._extreme(np.maximum, place, held.high[keep])
        return Sums(self._exact(place, held.total[keep]), filled, low, high, self._exact(place, held.squares[keep]))

    def total_by(self, column: str, name: str) -> Floats:
        """(texts, spans, customers): a measure's sum in the rows of each text of a column."""
        held, keep, place, rows = self._measured(name)
        key = self._cells.codes[column][rows] * np.int64(self._size) + place
        shape = (len(self.texts[column]) + 1, len(self.edges) + 1, self.customers)
        whole, billionths = (part.reshape(shape)[:-1] for part in added(key, held.total[keep], int(np.prod(shape))))
        return np.asarray(whole.cumsum(axis=1) + billionths.cumsum(axis=1) / 1e9)

    def decayed(self, half_life: int, column: str | None = None) -> Floats:
        """(customers,): events, each worth half after `half_life` days; of a column's texts, (texts, customers)."""
        # In whole parts of 2^-32, so that the sums of two million events are exact, and the same in any order.
        worth = np.rint(np.exp2(32 - np.arange(int(self._age.max(initial=0)) + 1) / half_life)) / 2.0**32
        each = worth[self._age] if self._count is None else worth[self._age] * self._count
        if column is None:
            return _counted(self._customer, each, self.customers)
        size = (len(self.texts[column]) + 1) * self.customers
        return _counted(self._key(column), each, size).reshape(-1, self.customers)[:-1]

    def moments(self, code: tuple[str, int] | None = None) -> tuple[Floats, Floats]:
        """Days from the first and from the last event to the cutoff, with fractions; NaN where there is none."""
        rows = self._rows(code)
        who, first, last = self._customer[rows], self._of(self._cells.first)[rows], self._of(self._cells.last)[rows]
        return self._days_since(_least(who, first, self.customers)), self._days_since(
            -_least(who, -last, self.customers)
        )

    def since_last(self, column: str) -> Floats:
        """(texts, customers): days since the last event of each text of a column; NaN where there is none."""
        size = len(self.texts[column]) + 1
        last = -_least(self._key(column), -self._of(self._cells.last), size * self.customers)
        return self._days_since(last.reshape(size, self.customers)[:-1])

    @cached_property
    def days(self) -> Days:
        """Days with any event."""
        made = list(self._blocks(slice(None)))
        parts = (
            [marks.active(each, self.edges) for each in made],
            [marks.last(each) for each in made],
            [marks.longest(each) for each in made],
        )
        return Days(*(np.concatenate(part, axis=-1) for part in parts))

    def active_days(self, code: tuple[str, int]) -> Floats:
        """(spans, customers): days with an event of one text of a column."""
        return np.concatenate([marks.active(each, self.edges) for each in self._blocks(self._rows(code))], axis=-1)

    def _blocks(self, rows: Rows) -> Iterator[Bools]:
        """Marks (age, customers) of the days with an event, for so many customers at a time as memory allows."""
        age, who = self._age[rows], self._customer[rows]
        depth = int(age.max(initial=0)) + 1
        step = max(1, _BLOCK // depth)
        for start in range(0, self.customers, step):
            size = min(step, self.customers - start)
            mine = slice(None) if size == self.customers else np.flatnonzero((who >= start) & (who < start + size))
            made = np.zeros((depth, size), dtype=bool)
            made.reshape(-1)[age[mine] * np.int64(size) + who[mine] - start] = True
            yield made

    @property
    def _count(self) -> Floats | None:
        return None if self._cells.count is None else self._of(self._cells.count)

    def _of(self, column: npt.NDArray[_Value]) -> npt.NDArray[_Value]:
        return column if self._seen is None else column[self._seen]

    def _measured(self, name: str) -> tuple[Measure, Rows, Ints, Rows]:
        """A measure, which of its values are visible, their places, and the cells they are of."""
        held = self._cells.measures[name]
        if held.rows is None:
            keep = slice(None) if self._seen is None else self._seen
            return held, keep, self._place, keep
        keep = slice(None) if self._seen is None else np.flatnonzero(self._visible(held.rows))
        rows = held.rows[keep]
        who = self._cells.customer[rows].astype(np.int64)
        return held, keep, self._placed(self._at(who) - 1 - self._cells.day[rows], who), rows

    def _visible(self, rows: Rows) -> Bools:
        return np.asarray(self._cells.visible[rows] <= self._at(self._cells.customer[rows]))

    def _at(self, who: Ints) -> Ints:
        days = self.cutoff.astype(np.int32)
        return days if days.ndim == 0 else days[who]

    def _placed(self, age: Ints, who: Ints) -> Ints:
        start_of_age = np.searchsorted(self.edges, np.arange(self.edges[-1] + 1), side="right") * self.customers
        return start_of_age[np.minimum(age, self.edges[-1])] + who

    def _rows(self, code: tuple[str, int] | None) -> Rows:
        if code is None:
            return slice(None)
        column, text = code
        if column not in self._orders:
            codes = self._of(self._cells.codes[column])
            ends = np.cumsum(np.bincount(codes, minlength=len(self.texts[column]) + 1))
            self._orders = {column: np.split(np.argsort(codes, kind="stable"), ends)}
        return self._orders[column][text]

    def _where(self, chosen: npt.NDArray[np.generic]) -> Floats:
        rows = np.flatnonzero(chosen)
        return self._summed(self._place[rows], None if self._count is None else self._count[rows])

    def _summed(self, place: Ints, weights: Floats | None) -> Floats:
        return np.cumsum(_counted(place, weights, self._size).reshape(-1, self.customers), axis=0)

    def _exact(self, place: Ints, values: Floats) -> Floats:
        whole, billionths = (
            part.reshape(-1, self.customers).cumsum(axis=0) for part in added(place, values, self._size)
        )
        return np.asarray(whole + billionths / 1e9)

    def _extreme(self, way: np.ufunc, place: Ints, values: Floats) -> Floats:
        found = np.full(self._size, np.inf if way is np.minimum else -np.inf)
        way.at(found, place, values)
        reached = way.accumulate(found.reshape(-1, self.customers), axis=0)
        return np.where(np.isfinite(reached), reached, np.nan)

    @property
    def _size(self) -> int:
        return (len(self.edges) + 1) * self.customers

    def _days_since(self, us: Floats) -> Floats:
        return np.where(np.isfinite(us), self.cutoff - us / DAY_US, np.nan)

    def _key(self, column: str) -> Ints:
        # Columns are looked at one after the other, and a key takes as much memory as the times of all rows.
        if column not in self._keys:
            codes = self._of(self._cells.codes[column])
            self._keys = {column: codes * np.int64(self.customers) + self._customer}
        return self._keys[column]


def _counted(key: Ints, weights: Floats | None, size: int) -> Floats:
    return np.bincount(key, weights, size).astype(np.float64, copy=False)


def _least(key: Ints, us: Ints, size: int) -> Floats:
    found = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(found, key, us)
    return np.where(found == np.iinfo(np.int64).max, np.inf, found.astype(np.float64))
