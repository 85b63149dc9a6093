"""The kernel: what the cells of one table say at one cutoff, as dense arrays over customers."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.cells import Cells, Floats, Ints

What = Literal["kind", "module"]


class View:
    """The cells of a table that were visible at a cutoff (a day number); nothing else can be reached through it."""

    def __init__(self, cells: Cells, cutoff: int) -> None:
        keep = np.flatnonzero(cells.visible <= cutoff)
        self.cutoff = cutoff
        self.customers = cells.customers
        self.kinds, self.modules, self.kind_of = cells.kinds, cells.modules, cells.kind_of
        self._customer = cells.customer[keep]
        self._day = cells.day[keep]
        self._age = cutoff - 1 - self._day
        self._codes = {"kind": cells.kind[keep], "module": cells.module[keep]}
        self._count, self._first, self._last = cells.count[keep], cells.first[keep], cells.last[keep]
        self._sums = {name: values[keep] for name, values in cells.sums.items()}
        self._filled = {name: values[keep] for name, values in cells.filled.items()}

    @property
    def measures(self) -> list[str]:
        return list(self._sums)

    def counts(self, windows: Sequence[int]) -> Floats:
        """(customers, windows + 1): events in the last w days for each window, and at last ever."""
        return self._within(windows, self._count)

    def counts_by(self, what: What, windows: Sequence[int]) -> Floats:
        """(customers, codes, windows + 1): the same for each kind or module."""
        size = len(self._texts(what)) + 1
        key = self._customer * size + self._codes[what] + 1
        return self._banded(key, self.customers * size, windows, self._count).reshape(self.customers, size, -1)[:, 1:]

    def sums(self, measure: str, windows: Sequence[int]) -> tuple[Floats, Floats]:
        """Sums of a measure and numbers of its values, each (customers, windows + 1)."""
        return self._within(windows, self._sums[measure]), self._within(windows, self._filled[measure])

    def active_days(self, windows: Sequence[int], kind: int | None = None) -> Floats:
        """(customers, windows + 1): distinct days with any event, or with one of a kind."""
        rows = self._of_kind(kind)
        customer, day = self._customer[rows], self._day[rows]
        fresh = np.ones(len(customer), dtype=bool)
        fresh[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
        return self._banded(customer[fresh], self.customers, windows, None, self._age[rows][fresh])

    def decayed(self, half_life: int, kind: int | None = None) -> Floats:
        """(customers,): events, each worth half after `half_life` days."""
        rows = self._of_kind(kind)
        worth = np.exp2(-self._age[rows] / half_life) * self._count[rows]
        return np.bincount(self._customer[rows], worth, self.customers).astype(np.float64)

    def span(self, kind: int | None = None) -> tuple[Floats, Floats]:
        """Days from the first and from the last event to the cutoff, with fractions; NaN where there is none."""
        rows = self._of_kind(kind)
        first, last = np.full(self.customers, np.inf), np.full(self.customers, -np.inf)
        np.minimum.at(first, self._customer[rows], self._first[rows])
        np.maximum.at(last, self._customer[rows], self._last[rows])
        return _days_since(first, self.cutoff), _days_since(last, self.cutoff)

    def recency_by(self, what: What) -> Floats:
        """(customers, codes): days since the last event of each kind or module; NaN where there is none."""
        size = len(self._texts(what)) + 1
        last = np.full(self.customers * size, -np.inf)
        np.maximum.at(last, self._customer * size + self._codes[what] + 1, self._last)
        return _days_since(last, self.cutoff).reshape(self.customers, size)[:, 1:]

    def usual_gap(self, kind: int | None = None) -> Floats:
        """Mean days between days with an event; NaN before the second such day."""
        first, last = self.span(kind)
        gaps = self.active_days([1], kind)[:, -1] - 1
        return np.where(gaps > 0, (first - last) / np.maximum(gaps, 1), np.nan)

    def _texts(self, what: What) -> tuple[str, ...]:
        return self.kinds if what == "kind" else self.modules

    def _of_kind(self, kind: int | None) -> Ints | slice:
        return slice(None) if kind is None else np.flatnonzero(self._codes["kind"] == kind)

    def _within(self, windows: Sequence[int], weights: Floats) -> Floats:
        return self._banded(self._customer, self.customers, windows, weights)

    def _banded(
        self, key: Ints, size: int, windows: Sequence[int], weights: Floats | None, age: Ints | None = None
    ) -> Floats:
        """Add each cell to the one band between window edges where it lies; sums over the bands are the windows."""
        age = self._age if age is None else age
        band_of_age = np.searchsorted(windows, np.arange(windows[-1] + 1), side="right")
        band = band_of_age[np.minimum(age, windows[-1])]
        bands = len(windows) + 1
        return (
            np.bincount(key * bands + band, weights, size * bands).reshape(size, bands).cumsum(axis=1, dtype=np.float64)
        )


def _days_since(moment: npt.NDArray[np.float64], cutoff: int) -> Floats:
    return np.where(np.isfinite(moment), cutoff - moment, np.nan)
