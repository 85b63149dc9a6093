"""From rows of the lake to the float32 matrix that models read."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from holdfast.errors import BundleInvalid

_TOGETHER = 16
"""Columns that are written side by side: one at a time, each value would be a cache line of its own."""


def matrix(table: pa.Table, names: Sequence[str], order: NDArray[np.integer] | None = None) -> NDArray[np.float32]:
    """Columns `names` of a table as float32 [rows, names], its rows as they are or in an `order`.

    A null is NaN and a truth value is 0 or 1.

    Raises:
        BundleInvalid: naming the columns that the table does not have.
    """
    if missing := sorted(set(names) - set(table.column_names)):
        raise BundleInvalid(f"{len(missing)} features are not in the table: {', '.join(missing[:5])}")
    rows = np.empty((table.num_rows if order is None else len(order), len(names)), dtype=np.float32)
    for first in range(0, len(names), _TOGETHER):
        some = np.stack([_single(table[name]) for name in names[first : first + _TOGETHER]], axis=1)
        rows[:, first : first + _TOGETHER] = some if order is None else some[order]
    return rows


def _single(column: pa.ChunkedArray) -> NDArray[np.float32]:
    return np.asarray(column.cast(pa.float32(), safe=False).to_numpy(), dtype=np.float32)


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """One column of numbers or truth values as float64 [rows], NaN where null."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
