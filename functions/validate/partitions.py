"""Writes staged rows as Parquet: one file for each day or month, made to be small and quick to write."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from validate.staging import Part, loaded, saved

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


def named(path: Path, parts: Sequence[pa.Array], replaced: pa.Table | None = None) -> Named:
    """Bring the texts of all parts together, or what replaces them: columns `raw` and `made`."""
    said = list(parts)
    if replaced is not None:
        said = [replaced["made"].take(pc.index_in(part, value_set=replaced["raw"])).combine_chunks() for part in parts]
    values = pc.unique(pa.chunked_array(said, pa.string()))
    values = values.take(pc.sort_indices(values))
    saved(values, path.with_suffix(".values"))
    numbers = [path.with_suffix(f".{number}") for number in range(len(said))]
    for each, part in zip(numbers, said, strict=True):
        np.append(np.asarray(pc.index_in(part, value_set=values)).astype(np.int32), np.int32(-1)).tofile(each)
    return Named(path.with_suffix(".values"), numbers)


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
            dictionaries = [name for name, column in columns.items() if column in named]
            times = [field.name for field in group.schema if pa.types.is_timestamp(field.type)]
            writer = pq.ParquetWriter(
                path, group.schema, use_dictionary=dictionaries, write_statistics=times, **_ENCODED
            )  # fmt: skip
        writer.write_table(group, row_group_size=GROUP_ROWS)
        rows += len(group)
    if writer:
        writer.close()
    return rows


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
            kept = rows if mask.all() else rows.filter(pa.array(mask))
            if len(kept):
                yield kept


def _column(batch: pa.RecordBatch, part: int, column: str, named: Mapping[str, Named]) -> Any:
    if column in named:
        return named[column].meant(part)[batch[column].to_numpy()]
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
    indices = pa.array(place[codes], mask=missing)
    return pa.DictionaryArray.from_arrays(indices, values.filter(pa.array(used[:-1])))
