"""Texts of a column as numbers, one for each that differs."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.arrays import numbers_or


class Texts:
    """Numbers for the texts of a column, in the order in which they were first met; null is -1."""

    def __init__(self) -> None:
        self.values = pa.nulls(0, pa.string())

    def numbers(self, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        """The number of each value."""
        coded = column.dictionary_encode().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.chunk(0)
        place = pc.index_in(coded.dictionary, value_set=self.values)
        new = coded.dictionary.filter(pc.is_null(place))
        taken = numbers_or(-1, place, np.int32)
        taken = taken.copy()
        taken[taken < 0] = len(self.values) + np.arange(len(new), dtype=np.int32)
        self.values = pa.concat_arrays([self.values, new])
        codes = numbers_or(len(taken), coded.indices, np.int32)
        found: npt.NDArray[np.int32] = np.append(taken, np.int32(-1))[codes]
        return found


def saved(values: pa.Array, path: Path) -> None:
    """Write one array."""
    with pa.ipc.new_file(str(path), pa.schema([("values", values.type)])) as writer:
        writer.write_batch(pa.record_batch([values], names=["values"]))


def loaded(path: Path) -> pa.Array:
    """An array that was written, mapped and not read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)["values"]
