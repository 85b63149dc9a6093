"""Iceberg tables without one person: rows, old snapshots with their names, and every file that no snapshot needs any more."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table

from holdfast.feature_set import FEATURE_SET, tag_of
from holdfast.lake import Lake
from holdfast.needed import referenced
from holdfast.observe import logger
from holdfast.settings import Settings
from privacy import bodies, rows
from privacy.buckets import Bucket, Version
from privacy.sought import Sought
from privacy.whose import Whose, whose

_OURS = (FEATURE_SET,)
"""What of the words beside a snapshot stays true without the person."""


class Files(Protocol):
    """Files of the lake."""

    def put(self, file: Path, path: str) -> str:
        """Bring a local file to an address; the address."""
        ...


@dataclass(frozen=True)
class Place:
    """The lake, its bucket, and where files of it are put."""

    lake: Lake
    bucket: Bucket
    files: Files
    settings: Settings


@dataclass
class Found:
    """What of one table was a person's."""

    rows: int = 0
    """In the newest snapshot."""
    files: int = 0
    """Data files with rows of theirs, those that only older snapshots need and those that nobody needs among them."""
    snapshots: int = 0
    """Older snapshots that were forgotten with their tags."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.files)


def erased(place: Place, name: str, sought: Sought, *, dry: bool = False) -> Found:
    """Take the person out of a table; with `dry` only count. A second time finishes what a first one began.

    Raises:
        TableBusy: another writer holds the table.
    """
    with place.lake.alone(name):
        table = place.lake.table(name)
        if table is None:
            return Found()
        owner = whose(name, place.settings)
        live = [each for each in _cleaned(table, owner, sought) if each[1]]
        found = Found(sum(cleaned.dropped + cleaned.mended for _, cleaned in live))
        found.files = len(live) + _elsewhere(place, table, owner, sought)
        if found and not dry:
            if live:
                _exchange(place, name, table, live)
            found.snapshots = _only_newest(place.lake, name)
            _sweep(place, name)
            logger.info("taken out of a table", table=name, rows=found.rows, snapshots=found.snapshots)
    return found


def held(lake: Lake, name: str, settings: Settings, sought: Sought) -> pa.Table | None:
    """The person's rows of a table as it is now."""
    rows_ = lake.read(name)
    return None if rows_ is None else rows_.filter(rows.theirs(rows_, whose(name, settings), sought))


def versions(place: Place, name: str) -> Iterator[pa.Table]:
    """Rows of every data file of a table, whatever snapshot needs it."""
    table = place.lake.table(name)
    for each in _data(place, table) if table else ():
        yield pq.read_table(pa.BufferReader(place.bucket.read(each)))


def _cleaned(table: Table, owner: Whose, sought: Sought) -> Iterator[tuple[FileScanTask, rows.Cleaned]]:
    """Each file of the newest snapshot, and what is left of it."""
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    names = [field.name for field in table.schema().fields]
    for task in table.scan().plan_files():
        yield task, rows.without(scan.to_table([task]).select(names), owner, sought)


def _elsewhere(place: Place, table: Table, owner: Whose, sought: Sought) -> int:
    """Other data files, in whatever version, that hold rows of the person."""
    live = {task.file.file_path for task in table.scan().plan_files()}
    address = place.bucket.address
    others = (each for each in _data(place, table) if not (each.latest and f"{address}{each.key}" in live))
    reading = bodies.Reading(owner)
    return sum(bool(bodies.without(each.key, place.bucket.read(each), reading, sought).gone) for each in others)


def _data(place: Place, table: Table) -> list[Version]:
    return [
        each for each in place.bucket.versions(_prefix(place, table)) if each.key.endswith(".parquet") and not each.mark
    ]


def _prefix(place: Place, table: Table) -> str:
    return table.location().removeprefix(place.bucket.address) + "/"


def _exchange(place: Place, name: str, table: Table, live: Sequence[tuple[FileScanTask, rows.Cleaned]]) -> None:
    """In one commit, files without the person in place of those with them."""
    schema = pa.schema([field.remove_metadata() for field in table.schema().as_arrow()])
    new = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, cleaned) in enumerate(live):
            if cleaned.rows.num_rows:
                path = Path(folder) / f"{number}.parquet"
                pq.write_table(cleaned.rows.cast(schema), path, compression="zstd", store_schema=False)
                new.append(place.files.put(path, f"{place.lake.location(name)}/forgotten={uuid4().hex}/rows.parquet"))
    said = {word: text for word, text in place.lake.said_of(name).items() if word in _OURS}
    with place.lake.changed(name, "forgetting in") as transaction:
        with transaction.update_snapshot(snapshot_properties=said).overwrite() as update:
            for task, _ in live:
                update.delete_data_file(task.file)
        if new:
            transaction.add_files(new, snapshot_properties=said)


def _only_newest(lake: Lake, name: str) -> int:
    """Forget all snapshots but one that names no file of an older one; how many were forgotten.

    A snapshot names the files that it took away, with the bounds of their columns; the next one no longer does.
    """
    table = lake.table(name)
    assert table is not None, "its lock is held"
    said = {word: text for word, text in lake.said_of(name).items() if word in _OURS}
    empty = pa.schema([field.remove_metadata() for field in table.schema().as_arrow()]).empty_table()
    with lake.changed(name, "forgetting in") as transaction:
        transaction.append(empty, snapshot_properties=said)
    newest, tags = lake.snapshot_id(name), lake.tags(name)
    lake.untag(name, [tag for tag in tags if tag != "main"])
    # Of all tags one stays: that of the newest rows' own feature set.
    if (own := tag_of(said.get(FEATURE_SET, ""))) in tags:
        lake.tag(name, own, newest)
    older = [each.snapshot_id for each in _opened(lake, name).snapshots() if each.snapshot_id != newest]
    lake.expire(name, older)
    return len(older)


def _sweep(place: Place, name: str) -> None:
    """Delete for good what the newest metadata does not need: what describes files first, so that a second try still finds these."""
    table = _opened(place.lake, name)
    needed = referenced(table) - {entry.metadata_file for entry in table.metadata.metadata_log}
    address = place.bucket.address
    gone = [
        each
        for each in place.bucket.versions(_prefix(place, table))
        if each.mark or not each.latest or f"{address}{each.key}" not in needed
    ]
    data = [each for each in gone if each.key.endswith(".parquet")]
    place.bucket.remove([each for each in gone if each not in data])
    place.bucket.remove(data)


def _opened(lake: Lake, name: str) -> Any:
    table = lake.table(name)
    assert table is not None, "its lock is held"
    return table
