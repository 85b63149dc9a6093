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

from holdfast.arrays import arrow, numbers
from holdfast.tables import TIME
from validate.hashes import hashed
from validate.texts import Texts, loaded, saved

Longs = npt.NDArray[np.int64]
SEGMENT_ROWS = 1 << 19


class Batch(NamedTuple):
    """Rows of one partition (number of a day or a month since 1970), in the order in which they came."""

    partition: int
    rows: int


@dataclass(frozen=True)
class Part:
    """What a worker left on disk: batches of rows, the hashes of their ids in the same order, and the texts behind the numbers."""

    rows: Path
    hashes: Path
    batches: list[Batch]
    schema: pa.Schema
    """Columns as they came; the ones named in `texts` lie there as numbers."""
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

    def span(self) -> tuple[Any, Any]:
        """First and last `event_time`; None and None where there are no rows."""
        reader = self.open() if self.batches else None
        times = [reader.get_batch(number)["event_time"] for number in range(len(self.batches))] if reader else []
        found = pc.min_max(pa.chunked_array(times, TIME)).as_py()
        return found["min"], found["max"]

    def starts(self) -> Longs:
        """Number of the first row of each batch, and of the one after the last."""
        return np.cumsum([0, *(batch.rows for batch in self.batches)])


class Stage:
    """Takes rows as they landed and writes one part, with the columns of `schema` (what a row lacks is null).

    Columns named in `texts` are the ones to keep as numbers: few values, or to be replaced as a whole. `unit` is what the
    lake's table is partitioned by: D for days, M for months.
    """

    def __init__(self, path: Path, schema: pa.Schema, texts: tuple[str, ...], unit: str = "D") -> None:
        self._rows = path.with_suffix(".arrow")
        self._hashes = path.with_suffix(".hashes")
        self._schema = schema
        self._unit = unit
        self._texts = {name: Texts() for name in texts if name in schema.names}
        self._held: list[pa.Table] = []
        self._batches: list[Batch] = []
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._sink = self._hashes.open("wb")

    def add(self, rows: pa.Table, source: str) -> None:
        """Take rows of a source, within which their ids are unique: the source's name will lead them."""
        for field in self._schema:
            if field.name not in rows.column_names:
                rows = rows.append_column(field, pa.nulls(len(rows), field.type))
        ids = pc.binary_replace_slice(rows["event_id"], start=0, stop=0, replacement=f"{source}:")
        rows = rows.select(self._schema.names).set_column(self._schema.get_field_index("event_id"), "event_id", ids)
        self._held.append(rows.cast(self._schema))
        if sum(map(len, self._held)) >= SEGMENT_ROWS:
            self._flush()

    def close(self) -> Part:
        """Write what is left; the part can be read from now on."""
        self._flush()
        self._sink.close()
        if self._writer:
            self._writer.close()
        for name, texts in self._texts.items():
            saved(texts.values, self._rows.with_suffix(f".{name}"))
        return Part(self._rows, self._hashes, self._batches, self._schema, tuple(self._texts))

    def _flush(self) -> None:
        if not any(map(len, self._held)):
            return
        rows = pa.concat_tables(self._held)
        self._held = []
        for name, texts in self._texts.items():
            at = rows.column_names.index(name)
            rows = rows.set_column(at, name, arrow(texts.numbers(rows.column(at))))
        for partition, ordered in partitioned(rows, self._unit):
            self._write(partition, ordered)

    def _write(self, partition: int, rows: pa.Table) -> None:
        rows = rows.combine_chunks()
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._rows), rows.schema)
        for batch in rows.to_batches():
            self._sink.write(hashed(batch["event_id"]).data)
            self._writer.write_batch(batch)
            self._batches.append(Batch(partition, len(batch)))


def partitioned(rows: pa.Table, unit: str) -> Iterator[tuple[int, pa.Table]]:
    """Rows by partition, each in the order in which they came."""
    times = numbers(rows["event_time"], "M8[us]")
    partitions = times.astype(f"M8[{unit}]").astype(np.int64)
    first, last = int(partitions.min()), int(partitions.max())
    if first == last:
        yield first, rows
        return
    narrow = (partitions - first).astype(np.uint16 if last - first < 1 << 16 else np.int64)
    order = np.argsort(narrow, kind="stable")
    ordered = rows.take(arrow(order))
    ends = np.flatnonzero(np.diff(narrow[order])) + 1
    for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
        yield int(partitions[order[start]]), ordered.slice(start, end - start)
