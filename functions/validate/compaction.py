"""Many small files of a partition become few large ones, with the same rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table, Transaction

from holdfast.errors import LakeDamaged
from holdfast.sql import connect, quoted

_SUM = "SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0) FROM {relation}"


Change = Callable[[pa.Table], pa.Table]
"""Makes other rows of rows, in their order and with their columns."""


def _as_they_are(rows: pa.Table) -> pa.Table:
    return rows


@dataclass(frozen=True)
class Rule:
    """Which files are brought together."""

    target_bytes: int
    """Of a file afterwards, about."""
    least: int
    """So many small files of a partition make it worth while."""


def bins(tasks: Iterable[FileScanTask], rule: Rule) -> list[list[FileScanTask]]:
    """Small files (under three quarters of the target) to write as one, partition by partition, oldest first."""
    ordered = sorted(tasks, key=_partition)
    found = []
    for _, group in groupby(ordered, _partition):
        small = [task for task in group if task.file.file_size_in_bytes < rule.target_bytes * 3 / 4]
        found += [chosen for chosen in _filled(small, rule.target_bytes) if len(chosen) >= rule.least]
    return found


def _partition(task: FileScanTask) -> str:
    return f"{task.file.spec_id} {task.file.partition}"


def _filled(tasks: Sequence[FileScanTask], target: int) -> Iterator[list[FileScanTask]]:
    held: list[FileScanTask] = []
    size = 0
    for task in tasks:
        if held and size + task.file.file_size_in_bytes > target:
            yield held
            held, size = [], 0
        held.append(task)
        size += task.file.file_size_in_bytes
    if held:
        yield held


def written(table: Table, tasks: Sequence[FileScanTask], path: Path, change: Change = _as_they_are) -> int:
    """Write the rows of some files as one, changed if need be, with all columns that the table has by now, and hold it against
    them; how many rows.

    Raises:
        LakeDamaged: what was written is not what was read.
    """
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    schema = _plain(table.schema().as_arrow())
    rows, total = 0, 0
    with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for task in tasks:
            held = change(scan.to_table([task]).select(schema.names).cast(schema))
            writer.write_table(held)
            counted, summed = checksum(held)
            rows, total = rows + counted, total + summed
    if (rows, total) != checksum_of_file(path, schema):
        raise LakeDamaged(f"{len(tasks)} files of {rows} rows were not written as they were read: nothing is changed")
    return rows


def exchange(transaction: Transaction, old: Iterable[FileScanTask], new: list[str], said: dict[str, str]) -> None:
    """In one commit, new files in place of old ones; `said` is written beside it."""
    with transaction.update_snapshot(snapshot_properties=said).overwrite() as update:
        for task in old:
            update.delete_data_file(task.file)
    transaction.add_files(new, snapshot_properties=said)


def checksum(rows: pa.Table) -> tuple[int, int]:
    """How many rows, and a sum over the hashes of them, whatever their order."""
    connection = connect()
    connection.register("held", rows)
    return _summed(connection, "held", rows.column_names)


def checksum_of_file(path: Path, schema: pa.Schema) -> tuple[int, int]:
    """The same of a Parquet file as another reader sees it."""
    return _summed(connect(), f"read_parquet('{path}')", schema.names)


def _summed(connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> tuple[int, int]:
    columns = ", ".join(map(quoted, names))
    found: Any = connection.execute(_SUM.format(columns=columns, relation=relation)).fetchall()[0]
    return int(found[0]), int(found[1])


def _plain(schema: pa.Schema) -> pa.Schema:
    """Without the ids of columns: files are added by the columns' names."""
    return pa.schema([field.remove_metadata() for field in schema])
