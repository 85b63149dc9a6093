"""The upkeep of the lake, table by table: small files come together, old snapshots expire, what nobody refers to is deleted."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from holdfast import runs
from holdfast.errors import TableBusy
from holdfast.lake import PROPERTIES, Lake
from holdfast.needed import referenced
from holdfast.observe import logger
from holdfast.settings import LakeUpkeep
from validate import compaction, expiry


class Files(Protocol):
    """Files of the lake, as `validate.parquet` has them."""

    def put(self, files: Sequence[Path], path: str) -> list[str]: ...

    def older(self, path: str, before: datetime) -> list[str]: ...

    def remove(self, paths: Sequence[str]) -> None: ...


@dataclass
class Done:
    """What the upkeep did; `left` names the tables that it did not get to."""

    tables: int = 0
    compacted: int = 0
    """Small files that became larger ones."""
    expired: int = 0
    orphans: int = 0
    left: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def kept_up(lake: Lake, files: Files, rule: LakeUpkeep, now: datetime, in_time: Callable[[], bool]) -> Done:
    """Go through all tables, as far as time allows. A table that is being written is left for the next time."""
    done, left = Done(), []
    for name in lake.names():
        if not in_time():
            left.append(name)
            continue
        try:
            done.compacted += compacted(lake, files, name, rule, in_time)
            done.expired += expired(lake, name, rule, now)
            done.orphans += swept(lake, files, name, rule, now)
            done.tables += 1
        except TableBusy as error:
            logger.info("left for the next time", table=name, reason=str(error))
            left.append(name)
    done.left = tuple(left)
    return done


def compacted(lake: Lake, files: Files, name: str, rule: LakeUpkeep, in_time: Callable[[], bool]) -> int:
    """Bring small files together in one commit; how many there were. Files are written first, and the lock is held for the commit.

    Raises:
        TableBusy: one of the files went meanwhile, or another writer holds the table.
    """
    table = lake.table(name)
    chosen = (
        compaction.bins(table.scan().plan_files(), compaction.Rule(rule.target_file_mb << 20, rule.small_files))
        if table
        else []
    )
    old, new = [], []
    for tasks in chosen:
        if table and in_time():
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "rows.parquet"
                rows = compaction.written(table, tasks, file)
                new += files.put([file], f"{lake.location(name)}/compacted={uuid4().hex}/")
            old += tasks
            logger.info("compacted", table=name, files=len(tasks), rows=rows)
    if new:
        with lake.changed(name, "compacting") as transaction:
            compaction.exchange(transaction, old, new, _ours(lake.said_of(name)))
    return len(old)


def expired(lake: Lake, name: str, rule: LakeUpkeep, now: datetime) -> int:
    """Let old snapshots go, and the schemas that no other has; how many snapshots."""
    with lake.alone(name):
        table = lake.table(name)
        worn = expiry.worn(table, now, rule.keep_runs_days) if table else []
        if outlived := [*runs.outlived(lake.tags(name), now, rule.keep_runs_days), *worn]:
            lake.untag(name, outlived)
            table = lake.table(name)
        ids = expiry.expired(table, now, rule.keep_snapshots_days) if table else []
        if table and ids:
            lake.expire(name, ids)
        if table and (schemas := lake.forget_schemas(name)):
            logger.info("schemas forgotten that no snapshot has", table=name, schemas=schemas)
        if table and not PROPERTIES.items() <= table.properties.items():
            with lake.changed(name) as transaction:
                transaction.set_properties(PROPERTIES)
    return len(ids)


def swept(lake: Lake, files: Files, name: str, rule: LakeUpkeep, now: datetime) -> int:
    """Delete files that no snapshot refers to, once they are too old to belong to a commit that is under way; how many."""
    with lake.alone(name):
        table = lake.table(name)
        if table is None:
            return 0
        there = files.older(f"{table.location()}/", now - timedelta(days=rule.orphan_days))
        gone = expiry.orphans(there, referenced(table)) if there else []
        files.remove(gone)
    return len(gone)


def _ours(said: dict[str, str]) -> dict[str, str]:
    """What of the words beside a snapshot is about its rows, and stays true."""
    return {name: value for name, value in said.items() if name.startswith("holdfast.")}
