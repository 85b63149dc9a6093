"""From rows of the lake to the float32 matrix that models read."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from holdfast.errors import BundleInvalid


def matrix(table: pa.Table, names: Sequence[str]) -> NDArray[np.float32]:
    """Columns `names` of a table as float32 [rows, names]; a null is NaN and a truth value is 0 or 1.

    Raises:
        BundleInvalid: naming the columns that the table does not have.
    """
    if missing := sorted(set(names) - set(table.column_names)):
        raise BundleInvalid(f"{len(missing)} features are not in the table: {', '.join(missing[:5])}")
    rows = np.empty((table.num_rows, len(names)), dtype=np.float32)
    for position, name in enumerate(names):
        rows[:, position] = floats(table[name])
    return rows


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """One column of numbers or truth values as float64 [rows], NaN where null."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
