"""Writes staged rows as Parquet: one file for each day or month, made to be small and quick to write."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holdfast.arrays import arrow, arrow_where, numbers, numbers_or
from validate.staging import Part
from validate.texts import loaded, saved

GROUP_ROWS = 1 << 20
_ENCODED: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "dictionary_pagesize_limit": 1 << 26,
    "store_schema": False,
}


class Named(NamedTuple):
    """The final texts of a column, sorted, and for each part which of them its numbers mean; on disk, for many writers."""

    values: Path
    numbers: list[Path]

    def meant(self, part: int) -> npt.NDArray[np.int32]:
        """By a part's numbers, places among `values`; the last is for number -1, which is null."""
        return np.fromfile(self.numbers[part], np.int32)


def named(path: Path, parts: Sequence[Part], column: str, replaced: pa.Table | None = None) -> Named:
    """Bring the texts of a column of all parts together, or what replaces them: columns `raw` and `made`."""
    said = [part.text(column) for part in parts]
    raw = pc.unique(pa.chunked_array(said, pa.string())) if replaced is None else replaced["raw"].combine_chunks()
    made = raw if replaced is None else replaced["made"].combine_chunks()
    values = pc.unique(made)
    values = values.take(pc.sort_indices(values))
    saved(values, path.with_suffix(".values"))
    places = np.append(numbers_or(-1, pc.index_in(made, value_set=values), np.int32), np.int32(-1))
    meant = [path.with_suffix(f".{number}") for number in range(len(said))]
    for each, part in zip(meant, said, strict=True):
        np.append(places[numbers_or(-1, pc.index_in(part, value_set=raw), np.int32)], np.int32(-1)).tofile(each)
    return Named(path.with_suffix(".values"), meant)


def write(
    path: Path,
    partition: int,
    parts: Sequence[tuple[Part, Path]],
    named: Mapping[str, Named],
    columns: Mapping[str, str],
) -> int:
    """Write the rows of a partition that stay, given with each part; how many. No rows, no file.

    `columns` leads from the names in the table to those of the parts.
    """
    rows = 0
    writer: pq.ParquetWriter | None = None
    for group in _groups(partition, parts, named, columns):
        if writer is None:
            writer = pq.ParquetWriter(path, group.schema, **_ENCODED, **_encodings(group.schema))
        writer.write_table(group, row_group_size=GROUP_ROWS)
        rows += len(group)
    if writer:
        writer.close()
    return rows


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    """Times by how far each is from the one before, ids by what each adds to it, and all else as dictionaries."""
    times = [field.name for field in schema if pa.types.is_timestamp(field.type)]
    told = dict.fromkeys(times, "DELTA_BINARY_PACKED") | {"event_id": "DELTA_BYTE_ARRAY"}
    others = [name for name in schema.names if name not in told]
    return {"use_dictionary": others, "column_encoding": told, "write_statistics": times}


def _groups(
    partition: int, parts: Sequence[tuple[Part, Path]], named: Mapping[str, Named], columns: Mapping[str, str]
) -> Iterator[pa.Table]:
    held: list[list[Any]] = []
    count = 0
    for number, (part, stay) in enumerate(parts):
        for batch in _batches(partition, part, stay):
            held.append([_column(batch, number, column, named) for column in columns.values()])
            count += len(batch)
            if count >= GROUP_ROWS:
                yield _group(held, named, columns)
                held, count = [], 0
    if count:
        yield _group(held, named, columns)


def _batches(partition: int, part: Part, stay: Path) -> Iterator[pa.RecordBatch]:
    chosen = np.memmap(stay, bool, "r")
    reader, starts = part.open(), part.starts()
    for number, batch in enumerate(part.batches):
        if batch.partition == partition:
            mask = chosen[starts[number] : starts[number + 1]]
            rows = reader.get_batch(number)
            kept = rows if mask.all() else rows.filter(arrow(mask))
            if len(kept):
                yield kept


def _column(batch: pa.RecordBatch, part: int, column: str, named: Mapping[str, Named]) -> Any:
    if column in named:
        return named[column].meant(part)[numbers(batch[column], np.int32)]
    return batch[column]


def _group(held: list[list[Any]], named: Mapping[str, Named], columns: Mapping[str, str]) -> pa.Table:
    made = {}
    for place, (name, column) in enumerate(columns.items()):
        pieces = [each[place] for each in held]
        made[name] = (
            _worded(np.concatenate(pieces), loaded(named[column].values))
            if column in named
            else pa.chunked_array(pieces)
        )
    return pa.table(made)


def _worded(codes: npt.NDArray[np.int32], values: pa.Array) -> pa.Array:
    """Numbers as texts, with only those in the dictionary that occur."""
    used = np.zeros(len(values) + 1, bool)
    used[codes] = True
    missing = codes < 0 if used[-1] else None
    used[-1] = False
    place = np.cumsum(used, dtype=np.int32) - 1
    indices = arrow(place[codes]) if missing is None else arrow_where(~missing, place[codes], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, values.filter(arrow(used[:-1])))
