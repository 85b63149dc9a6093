"""The tables of a demo world, indexed for serving: a page is a slice, a record a row, rendered when asked for."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
Rows = npt.NDArray[np.int64]


class Table:
    """One table, in the order of its file.

    Buffers are read by hand: pyarrow's own ways between it and numpy import pandas, which would double the time to
    the first answer.
    """

    def __init__(self, data: pa.Table) -> None:
        self.data = data.combine_chunks()

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def slice(self, start: int, count: int) -> list[Row]:
        rows: list[Row] = self.data.slice(start, count).to_pylist()
        return rows

    def take(self, rows: Rows) -> list[Row]:
        taken: list[Row] = self.data.take(_arrow(rows)).to_pylist()
        return taken

    def column(self, name: str) -> npt.NDArray[Any]:
        values = self.data[name].combine_chunks()
        if pa.types.is_int64(values.type) and len(values):
            return np.frombuffer(values.buffers()[1], np.int64, len(values), 8 * values.offset)
        return np.array(values.to_pylist(), dtype=object if pa.types.is_string(values.type) else None)

    def find(self, record_id: str) -> Row | None:
        row = self._row_of.get(record_id)
        return None if row is None else self.slice(row, 1)[0]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {record_id: row for row, record_id in enumerate(self.data["id"].to_pylist())}


def _arrow(rows: Rows) -> pa.Array:
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows, np.int64))])


def load(world: Path, prefix: str) -> dict[str, Table]:
    """Tables of one source by their name without the prefix."""
    files = sorted((world / "crm").glob(f"{prefix}_*.parquet"))
    if not files:
        raise FileNotFoundError(f"no {prefix} tables under {world / 'crm'}: make the world first")
    return {file.stem.removeprefix(f"{prefix}_"): Table(pq.ParquetFile(file).read()) for file in files}
