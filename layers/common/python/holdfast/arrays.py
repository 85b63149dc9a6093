"""numpy's arrays as Arrow's and back, in place: pyarrow's own way imports pandas, which takes longer than much that is done with them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def arrow(values: npt.NDArray[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Values, all of them there, as an array of their own type or of one that lies in memory the same way."""
    if values.dtype == np.bool_:
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(_bits(values))])
    kind = kind or pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def arrow_where(there: npt.NDArray[np.bool_], values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """The same, with null where a value is not there."""
    buffers = [pa.py_buffer(_bits(there)), pa.py_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def arrow_texts(values: Sequence[str]) -> pa.Array:
    """Texts."""
    told = [value.encode() for value in values]
    bounds = np.cumsum([0, *map(len, told)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(told), pa.py_buffer(bounds), pa.py_buffer(b"".join(told)))


def numbers(values: pa.Array | pa.ChunkedArray, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Values, all of them there and of a fixed width, as numpy sees them."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    return np.frombuffer(values.buffers()[1] or b"", kind)[values.offset : values.offset + len(values)]


def numbers_or(missing: int, values: pa.Array, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """The same, with a number for what is not there."""
    found = numbers(values, kind)
    if not values.null_count:
        return found
    there = np.unpackbits(np.frombuffer(values.buffers()[0], np.uint8), bitorder="little").astype(bool)
    return np.where(there[values.offset : values.offset + len(values)], found, np.asarray(missing, kind))


def _bits(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return np.packbits(flags, bitorder="little")
