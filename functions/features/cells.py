"""Cells: what one customer did on one day, in columns of numbers. A row is a cell; so is a group of rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.rows import COUNT, DAY, FIRST, LAST, VISIBLE, Floats, Ints, filled, high, low, part, squares

LARGEST = 1e15
"""Numbers from here on count as no values: sums stay exact below it."""


@dataclass(frozen=True)
class Measure:
    """A measure's sum, smallest and largest value in the cells `rows` that have any; None: in all of them."""

    rows: Ints | None
    total: Floats
    low: Floats
    high: Floats
    filled: Floats | None = None
    """How many values; None where each is one."""
    grouped_squares: Floats | None = None

    @property
    def squares(self) -> Floats:
        """The sum of the values' squares."""
        return self.total * self.total if self.grouped_squares is None else self.grouped_squares


@dataclass(frozen=True)
class Cells:
    """Columns of equal length, in no order.

    `customer` numbers the `customers` people of a world. `day` counts midnights UTC since 1970; `visible` is the first
    midnight at which the cell may be used: the one after the event, or the one after its arrival when that is later.
    `codes` index `texts` by column; what is not among them has the code behind the last. `first` and `last` are
    microseconds since 1970. `dayparts` say how many of the rows fell into a part of the day.
    """

    customers: int
    texts: dict[str, tuple[str, ...]]
    customer: Ints
    day: Ints
    visible: Ints
    codes: dict[str, Ints]
    count: Floats | None
    """How many rows each cell is; None where each is one."""
    first: Ints
    last: Ints
    dayparts: dict[str, npt.NDArray[np.generic]]
    measures: dict[str, Measure]

    def code_of(self, column: str, names: Iterable[str]) -> int | None:
        """Index of the first of `names` that is a text of a column here, whatever its case."""
        folded = [text.casefold() for text in self.texts.get(column, ())]
        return next((folded.index(name.casefold()) for name in names if name.casefold() in folded), None)


def cells(
    rows: pa.Table,
    customers: pa.Array,
    texts: Mapping[str, Sequence[str]],
    sums: Sequence[str],
    dayparts: Iterable[str],
) -> Cells:
    """Dated or grouped rows of the given customers, coded."""
    who = _codes(rows["customer_id"], customers)
    if (who == len(customers)).any():
        mine = pa.array(who < len(customers))
        rows, who = rows.filter(mine), who[who < len(customers)]
    return Cells(
        customers=len(customers), texts={column: tuple(named) for column, named in texts.items()},
        customer=who, day=rows[DAY].to_numpy(), visible=rows[VISIBLE].to_numpy(),
        codes={column: _codes(rows[column], pa.array(named, pa.string())) for column, named in texts.items()},
        count=_floats(rows[COUNT]) if COUNT in rows.column_names else None,
        first=rows[FIRST].to_numpy(), last=rows[LAST].to_numpy(),
        dayparts={name: rows[part(name)].to_numpy() for name in dayparts},
        measures={name: _measure(rows, name) for name in sums},
    )  # fmt: skip


def added(key: Ints, values: Floats, size: int) -> tuple[Floats, Floats]:
    """Sums of values by key, as whole numbers and as billionths: exact, and so the same in any order of the rows."""
    part = np.floor(values)
    whole = np.bincount(key, part, size).astype(np.float64, copy=False)
    # In place: there may be as many values as rows, and each copy is as large as all of their times.
    np.subtract(values, part, out=part)
    if not part.any():
        return whole, np.zeros(size)
    part *= 1e9
    part += 0.5
    return whole, np.bincount(key, np.floor(part, out=part), size).astype(np.float64, copy=False)


def _measure(rows: pa.Table, name: str) -> Measure:
    values = _floats(rows[name])
    if filled(name) in rows.column_names:
        count = _floats(rows[filled(name)])
        there = np.flatnonzero(count > 0)
        least, most, square = (_floats(rows[column(name)])[there] for column in (low, high, squares))
        return Measure(there, values[there], least, most, count[there], square)
    known = np.abs(values) < LARGEST
    if known.all():
        return Measure(None, values, values, values)
    there = np.flatnonzero(known)
    values = values[there]
    return Measure(there.astype(np.min_scalar_type(-len(known))), values, values, values)


def _codes(column: pa.ChunkedArray, texts: pa.Array) -> Ints:
    """The number of each row's text, or that of all texts where it is none of them, in the smallest type that holds it."""
    kind = np.min_scalar_type(-len(texts) - 1)
    parts = [_coded(chunk, texts).astype(kind) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0, kind)


def _coded(chunk: pa.Array, texts: pa.Array) -> Ints:
    if not pa.types.is_dictionary(chunk.type):
        return np.asarray(pc.fill_null(pc.index_in(chunk.cast(pa.string()), texts), len(texts)).to_numpy())
    known = np.append(_coded(chunk.dictionary, texts), len(texts))
    return np.asarray(known[pc.fill_null(chunk.indices, len(chunk.dictionary)).to_numpy()])


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
