"""Brings what is stored under pseudonyms of earlier keys under the current one: table by table, file by file.

A pseudonym goes on by itself (`holdfast.pseudonym`): whoever never comes again goes with all others, and no source is asked.
A table that was gone through says so in its properties; what was cut short goes on where it ended.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

from holdfast.evolution import kind
from holdfast.keyring import UNDER
from holdfast.lake import Lake
from holdfast.observe import logger
from holdfast.pseudonym import Pseudonymiser
from validate import compaction
from validate.upkeep import Files

LATE = frozenset({"training_examples", "features", "scores", "scores_history"})
"""What states behind Transform write: a run that began before a rotation may write them under the key before."""
_FILES = 8
"""So many are exchanged in one commit: what is done by then need not be done again."""


@dataclass
class Rekeyed:
    """What was brought under the current key; `left` names the tables that there was no time for."""

    key: str
    tables: int = 0
    files: int = 0
    left: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def always() -> bool:
    """As much time as it takes."""
    return True


def rekeyed(lake: Lake, files: Files, key: Pseudonymiser, in_time: Callable[[], bool] = always) -> Rekeyed:
    """Bring all tables under a key, as far as time allows. Nobody but their writers may be at them meanwhile.

    Raises:
        LakeDamaged: what was written is not what was read.
        TableBusy: another writer holds a table.
    """
    done, left = Rekeyed(key.key_id), []
    for name in pending(lake, key):
        if not in_time():
            left.append(name)
            continue
        with lake.alone(name):
            changed, whole = _gone_through(lake, files, name, key, in_time)
        done.files += changed
        done.tables += bool(changed)
        left += [] if whole else [name]
    done.left = tuple(left)
    return done


def pending(lake: Lake, key: Pseudonymiser) -> list[str]:
    """Tables that may hold pseudonyms of an earlier key; none while there has only been one."""
    if key.before is None:
        return []
    tables = ((name, lake.table(name)) for name in lake.names())
    return [name for name, table in tables if table and (name in LATE or table.properties.get(UNDER) != key.key_id)]


def lifted(rows: pa.Table, key: Pseudonymiser) -> pa.Table:
    """The same rows with all pseudonyms of earlier keys under this one, whatever their columns."""
    for place, name in enumerate(rows.column_names):
        if _is_text(rows.schema.field(place)):
            rows = rows.set_column(place, rows.schema.field(place), _column_lifted(rows[name], key))
    return rows


def _gone_through(
    lake: Lake, files: Files, name: str, key: Pseudonymiser, in_time: Callable[[], bool]
) -> tuple[int, bool]:
    """Exchange the files of a table that hold earlier pseudonyms; how many, and whether those are all."""
    table, changed = lake.table(name), 0
    if table is None:
        return changed, True
    held = [task for task in table.scan().plan_files() if _earlier(table, task, key)]
    for tasks in _some(held):
        if not in_time():
            return changed, False
        _exchange(lake, files, table, tasks, key)
        changed += len(tasks)
    if table.properties.get(UNDER) != key.key_id:
        with lake.changed(name, "marking") as transaction:
            transaction.set_properties({UNDER: key.key_id})
    if changed:
        logger.info("under another key", table=name, files=changed, key=key.key_id)
    return changed, True


def _exchange(lake: Lake, files: Files, table: Table, tasks: Sequence[FileScanTask], key: Pseudonymiser) -> None:
    """In one commit, files with pseudonyms of a key in place of files with earlier ones."""
    name, new = table.name()[-1], []
    for task in tasks:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            compaction.written(table, [task], file, lambda rows: lifted(rows, key))
            new += files.put([file], f"{lake.location(name)}/rekeyed={uuid4().hex}/")
    with lake.changed(name, "rekeying") as transaction:
        compaction.exchange(transaction, tasks, new, {UNDER: key.key_id})


def _earlier(table: Table, task: FileScanTask, key: Pseudonymiser) -> bool:
    """Whether a file holds pseudonyms of earlier keys."""
    texts = [field for field in table.schema().fields if _is_text(table.schema().as_arrow().field(field.name))]
    rows = ArrowScan(table.metadata, table.io, Schema(*texts), AlwaysTrue()).to_table([task])
    pattern = _pattern(key)
    return any(pc.any(pc.match_substring_regex(column, pattern)).as_py() for column in rows.columns)


def _column_lifted(column: pa.ChunkedArray, key: Pseudonymiser) -> pa.ChunkedArray:
    found = pc.match_substring_regex(column, _pattern(key))
    if not pc.any(found).as_py():
        return column
    before = pc.unique(column.filter(found))
    after = pa.array(key.lifted(before.to_pylist()), column.type)
    return pc.coalesce(after.take(pc.index_in(column, before)), column)


def _pattern(key: Pseudonymiser) -> str:
    ids, each = [], key.before
    while each:
        ids.append(each.key_id)
        each = each.before
    return rf"^({'|'.join(ids)})_[0-9a-f]{{32}}$"


def _is_text(field: pa.Field) -> bool:
    return kind(field.type) == "text"


def _some(tasks: Sequence[FileScanTask]) -> Iterator[Sequence[FileScanTask]]:
    return (tasks[start : start + _FILES] for start in range(0, len(tasks), _FILES))
