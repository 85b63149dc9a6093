"""The tables of a demo world, indexed for serving: a page is a slice, a record a row, rendered when asked for."""

from collections.abc import Iterable, Mapping
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
    """One table, in the order of its file; it never changes, so that what is derived from it can be kept.

    Buffers are read by hand: pyarrow's own ways between it and numpy import pandas, which would double the time to
    the first answer.
    """

    def __init__(self, data: pa.Table) -> None:
        self.data = data.combine_chunks()
        self._by: dict[str, dict[Any, list[str]]] = {}
        self._orders: dict[str, Rows] = {}

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
        row = self.row_of.get(record_id)
        return None if row is None else self.slice(row, 1)[0]

    def by(self, column: str) -> dict[Any, list[str]]:
        """Ids of the records by their value in a column."""
        if column not in self._by:
            found: dict[Any, list[str]] = {}
            for record_id, value in zip(self.data["id"].to_pylist(), self.data[column].to_pylist(), strict=True):
                found.setdefault(value, []).append(record_id)
            self._by[column] = found
        return self._by[column]

    def ascending(self, column: str) -> Rows:
        """Row numbers in the order of a column."""
        if column not in self._orders:
            self._orders[column] = np.argsort(self.column(column), kind="stable")
        return self._orders[column]

    def without(self, ids: Iterable[str]) -> "Table":
        """The same without some records."""
        gone = {self.row_of[each] for each in ids if each in self.row_of}
        return Table(self.data.take(_arrow(np.array([row for row in range(len(self)) if row not in gone], np.int64))))

    def having(self, rows: Mapping[str, Row]) -> "Table":
        """The same with some records in new words, and with new ones at the end."""
        schema = self.data.schema
        if not rows.keys() & self.row_of.keys():
            return Table(pa.concat_tables([self.data, pa.Table.from_pylist(list(rows.values()), schema=schema)]))
        old = self.data.to_pylist()
        now = [rows.get(row["id"], row) for row in old] + [row for key, row in rows.items() if key not in self.row_of]
        return Table(pa.Table.from_pylist(now, schema=schema))

    @cached_property
    def numbers(self) -> Rows:
        """Ids as numbers, in the order of the rows."""
        return np.array([int(each) for each in self.data["id"].to_pylist()], np.int64)

    @cached_property
    def by_number(self) -> Rows:
        """Row numbers in the order of the ids as numbers."""
        return np.argsort(self.numbers, kind="stable")

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row numbers by id."""
        return {record_id: row for row, record_id in enumerate(self.data["id"].to_pylist())}


def _arrow(rows: Rows) -> pa.Array:
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows, np.int64))])


def load(world: Path, prefix: str) -> dict[str, Table]:
    """Tables of one source by their name without the prefix."""
    files = sorted((world / "crm").glob(f"{prefix}_*.parquet"))
    if not files:
        raise FileNotFoundError(f"no {prefix} tables under {world / 'crm'}: make the world first")
    return {file.stem.removeprefix(f"{prefix}_"): Table(pq.ParquetFile(file).read()) for file in files}
