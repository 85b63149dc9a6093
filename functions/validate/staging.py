"""Usage events on their way into the lake, on disk: rows by partition, texts as numbers, and a hash of every id.

A part is what one worker made of some landed rows. Everything that must be compared between parts (ids) or joined (who is
who) is small beside the rows, so that no step has to hold more than one slice of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Longs = npt.NDArray[np.int64]
HASH = "_hash"
"""Column with a 64-bit hash of the id, equal wherever the id is."""
SEGMENT_ROWS = 1 << 19


class Batch(NamedTuple):
    """Rows of one partition (number of a day or a month since 1970), in the order in which they came."""

    partition: int
    rows: int


@dataclass(frozen=True)
class Part:
    """What a worker left on disk: batches of rows, their hashes in the same order, and the texts behind the numbers."""

    rows: Path
    hashes: Path
    batches: list[Batch]
    texts: tuple[str, ...]

    def hashed(self) -> npt.NDArray[np.uint64]:
        """Hashes of the ids, row by row, mapped and not read."""
        size = self.hashes.stat().st_size
        return np.memmap(self.hashes, np.uint64, "r") if size else np.empty(0, np.uint64)

    def text(self, column: str) -> pa.Array:
        """The texts behind the numbers of a column."""
        return loaded(self.rows.with_suffix(f".{column}"))

    def open(self) -> pa.ipc.RecordBatchFileReader:
        """The batches, mapped and not read."""
        return pa.ipc.open_file(pa.memory_map(str(self.rows)))

    def starts(self) -> Longs:
        """Number of the first row of each batch, and of the one after the last."""
        return np.cumsum([0, *(batch.rows for batch in self.batches)])


class Stage:
    """Takes rows and writes one part; `unit` is what the lake's table is partitioned by: D for days, M for months.

    Columns named in `texts` are the ones to keep as numbers: few values, or to be replaced as a whole.
    """

    def __init__(self, path: Path, texts: tuple[str, ...], unit: str = "D") -> None:
        self._rows = path.with_suffix(".arrow")
        self._hashes = path.with_suffix(".hashes")
        self._unit = unit
        self._texts = {name: Texts() for name in texts}
        self._held: list[pa.Table] = []
        self._batches: list[Batch] = []
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._sink = self._hashes.open("wb")

    def add(self, rows: pa.Table) -> None:
        """Take rows with an id, `event_time` and `_hash`."""
        self._held.append(rows)
        if sum(len(each) for each in self._held) >= SEGMENT_ROWS:
            self._flush()

    def close(self) -> Part:
        """Write what is left; the part can be read from now on."""
        self._flush()
        self._sink.close()
        if self._writer:
            self._writer.close()
        for name, texts in self._texts.items():
            saved(texts.values, self._rows.with_suffix(f".{name}"))
        return Part(self._rows, self._hashes, self._batches, tuple(self._texts))

    def _flush(self) -> None:
        if not any(map(len, self._held)):
            return
        rows = pa.concat_tables(self._held)
        self._held = []
        for name, texts in self._texts.items():
            at = rows.column_names.index(name)
            rows = rows.set_column(at, name, pa.array(texts.numbers(rows.column(at))))
        for partition, ordered in partitioned(rows, self._unit):
            self._write(partition, ordered)

    def _write(self, partition: int, rows: pa.Table) -> None:
        self._sink.write(np.ascontiguousarray(rows[HASH].to_numpy()).data)
        rows = rows.drop_columns([HASH]).combine_chunks()
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._rows), rows.schema)
        for batch in rows.to_batches():
            self._writer.write_batch(batch)
            self._batches.append(Batch(partition, len(batch)))


class Texts:
    """Numbers for the texts of a column, in the order in which they were first met; null is -1."""

    def __init__(self) -> None:
        self.values = pa.array([], pa.string())

    def numbers(self, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        """The number of each value."""
        coded = column.cast(pa.string()).dictionary_encode().combine_chunks()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.chunk(0)
        place = pc.index_in(coded.dictionary, value_set=self.values)
        new = coded.dictionary.filter(pc.is_null(place))
        taken = np.asarray(pc.fill_null(place, -1)).astype(np.int32)
        taken[taken < 0] = len(self.values) + np.arange(len(new), dtype=np.int32)
        self.values = pa.concat_arrays([self.values, new])
        codes = np.asarray(pc.fill_null(coded.indices, len(taken)))
        numbers: npt.NDArray[np.int32] = np.append(taken, np.int32(-1))[codes]
        return numbers


def saved(values: pa.Array, path: Path) -> None:
    """Write one array."""
    with pa.ipc.new_file(str(path), pa.schema([("values", values.type)])) as writer:
        writer.write_batch(pa.record_batch([values], names=["values"]))


def loaded(path: Path) -> pa.Array:
    """An array that was written, mapped and not read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)["values"]


def partitioned(rows: pa.Table, unit: str) -> Iterator[tuple[int, pa.Table]]:
    """Rows by partition, each in the order in which they came."""
    times: Any = rows["event_time"].cast(pa.int64()).to_numpy().view("M8[us]")
    partitions = times.astype(f"M8[{unit}]").astype(np.int64)
    first, last = int(partitions.min()), int(partitions.max())
    if first == last:
        yield first, rows
        return
    narrow = (partitions - first).astype(np.uint16 if last - first < 1 << 16 else np.int64)
    order = np.argsort(narrow, kind="stable")
    ordered = rows.take(pa.array(order))
    ends = np.flatnonzero(np.diff(narrow[order])) + 1
    for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
        yield int(partitions[order[start]]), ordered.slice(start, end - start)
