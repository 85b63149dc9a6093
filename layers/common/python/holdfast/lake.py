"""Iceberg tables in the Glue catalog: read at a snapshot, replaced or extended in one commit by one writer at a time."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.schema import make_compatible_name
from pyiceberg.table import Table, Transaction
from pyiceberg.table.update import AssertCurrentSchemaId, AssertTableUUID, RemoveSchemasUpdate
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from holdfast.aws import translated
from holdfast.commits import Fenced, WideTransaction, metered
from holdfast.content import content_digest
from holdfast.errors import LakeDamaged, NoData, TableBusy
from holdfast.evolution import partition, reshape
from holdfast.lake_files import LakeFiles
from holdfast.locks import Held, Locks

_DIGEST = "holdfast.digest"

PROPERTIES = {
    "write.parquet.compression-codec": "zstd",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}
"""Of a new table. Every commit writes its metadata anew: of the older ones twenty are kept."""

# Files say the bounds of their times only, since nobody looks for a range of ids; a line per column and file says nothing more.
logging.getLogger("pyiceberg.io.pyarrow").setLevel(logging.ERROR)


class Lake:
    """The tables of one Glue database."""

    def __init__(self, catalog: Catalog, database: str, location: str, locks: Locks) -> None:
        self._catalog = catalog
        self._database = database
        self._location = location.rstrip("/")
        self._locks = locks
        self._held: dict[str, Held] = {}

    def names(self) -> list[str]:
        """All Iceberg tables, in order."""
        with translated("listing tables"):
            return sorted(name for _, name in self._catalog.list_tables(self._database))

    def table(self, name: str) -> Table | None:
        """The Iceberg table itself, or None while nothing was ever written to it."""
        with translated(f"opening table {name}"):
            try:
                return self._catalog.load_table((self._database, name))
            except NoSuchTableError:
                return None

    def read(
        self,
        name: str,
        columns: Sequence[str] = ("*",),
        where: BooleanExpression | None = None,
        snapshot_id: int | None = None,
        coded: Sequence[str] = (),
    ) -> pa.Table | None:
        """Rows of a table, at its newest snapshot or at an older one; None while the table does not exist.

        Columns of texts that are `coded` come as Arrow dictionaries, if every file has them: a tenth of the memory where texts repeat.
        """
        table = self.table(name)
        if table is None:
            return None
        with translated(f"reading table {name}"):
            scan = table.scan(where or AlwaysTrue(), tuple(columns), snapshot_id=snapshot_id)
            return scan.to_arrow(_in_all_files(scan, coded) if coded else ())

    def snapshot_id(self, name: str) -> int | None:
        """The newest snapshot's id, or None while there is none."""
        table = self.table(name)
        snapshot = table.current_snapshot() if table else None
        return snapshot.snapshot_id if snapshot else None

    @contextmanager
    def alone(self, *names: str) -> Iterator[None]:
        """Hold the locks of tables for the length of a `with`: nobody writes between what is read in it and what is written.

        Every write takes its table's lock by itself. A name need not be a table's: it keeps apart who asks for the same one.

        Raises:
            TableBusy: another writer still holds one after our patience; at a commit, that a lock was lost meanwhile.
        """
        with ExitStack() as stack:
            for name in names:
                if name not in self._held:
                    self._held[name] = stack.enter_context(self._locks.hold(f"table#{name}"))
                    stack.callback(self._held.pop, name)
            yield

    @contextmanager
    def changed(self, name: str, doing: str = "writing") -> Iterator[Transaction]:
        """A transaction on a table that exists, committed at the end of the `with`, whole or not at all.

        Raises:
            TableBusy: another writer holds the table, or committed although this one held it.
            NoData: there is no such table.
        """
        with self._writing(name, doing), WideTransaction(self._opened(name)) as transaction:
            yield transaction

    def replace(self, name: str, rows: pa.Table, properties: dict[str, str] | None = None) -> bool:
        """Make `rows` the table's content in one commit, unless they already are; returns whether a commit was needed.

        Rows must come in a fixed order: content is compared by a digest of its bytes, and by the `properties` written
        beside it. The table gets exactly the columns of `rows`, in their order and with their types; older snapshots keep theirs.
        """
        said = {_DIGEST: content_digest(rows), **(properties or {})}
        if said.items() <= self.said_of(name).items():
            return False
        self._replaced(name, rows, said)
        return True

    def keep(self, name: str, tag: str, rows: pa.Table, properties: dict[str, str] | None = None) -> int:
        """Make `rows` the content of the snapshot that a tag names, unless they already are; returns its id."""
        said = {_DIGEST: content_digest(rows), **(properties or {})}
        held = self.tags(name).get(tag)
        if held is None or not said.items() <= self.said_of(name, held).items():
            with self.alone(name):
                self._replaced(name, rows, said)
                self.tag(name, tag)
                held = self.tags(name)[tag]
        return held

    def _replaced(self, name: str, rows: pa.Table, said: dict[str, str]) -> None:
        with self.alone(name):
            table = self.table(name)
            if table is None:
                with self._created(name, rows.schema) as creation:
                    creation.append(rows, snapshot_properties=said)
            else:
                with self.changed(name, "replacing") as transaction:
                    reshape(table, transaction, rows.schema)
                    transaction.overwrite(rows, snapshot_properties=said)

    def add_files(
        self, name: str, schema: pa.Schema, files: list[str], month_of: str | None = None, day_of: str | None = None
    ) -> None:
        """Commit Parquet files that already lie in the table's location; a new table is partitioned by the month or day of a column."""
        with self._extended(name, schema, month_of, day_of) as transaction:
            transaction.add_files(files)

    def append(self, name: str, rows: pa.Table, properties: dict[str, str] | None = None) -> None:
        """Add rows in one commit; columns that the table lacks are added to it."""
        with self._extended(name, rows.schema) as transaction:
            transaction.append(rows, snapshot_properties=properties or {})

    def put(self, name: str, rows: pa.Table, where: BooleanExpression) -> None:
        """Make `rows` all that a table holds under a condition, in one commit, unless they are what was put last."""
        said = {_DIGEST: content_digest(rows)}
        if said.items() <= self.said_of(name).items():
            return
        table = self.table(name)
        with translated(f"reading table {name}"):
            there = table is not None and len(table.scan(where, limit=1).to_arrow())
        with self._extended(name, rows.schema) as transaction:
            if there:
                transaction.overwrite(rows, where, snapshot_properties=said)
            else:
                transaction.append(rows, snapshot_properties=said)

    def register(self, name: str, metadata: str) -> None:
        """Let the catalog know a table again by the address of its metadata.

        Raises:
            TableBusy: there is a table of this name.
        """
        with self._writing(name, "registering"):
            self._catalog.register_table((self._database, name), metadata)

    def location(self, name: str) -> str:
        """Where the data files of a table belong."""
        return f"{self._location}/{name}/data"

    def tag(self, name: str, tag: str, snapshot_id: int | None = None) -> None:
        """Name a snapshot (the newest, if none is given), so that it is kept and can be read again; a tag that is there already moves."""
        with self.alone(name):
            chosen = snapshot_id or self.snapshot_id(name)
            if chosen is None:
                raise NoData(f"table {name} has no snapshot to tag")
            with self.changed(name, "tagging") as transaction:
                held = transaction.table_metadata.refs.get(tag)
                if held is None or held.snapshot_id != chosen:
                    ManageSnapshots(transaction).create_tag(chosen, tag).commit()

    def tags(self, name: str) -> dict[str, int]:
        """Snapshots by the names of tags and branches that keep them."""
        table = self.table(name)
        return {tag: ref.snapshot_id for tag, ref in table.refs().items()} if table else {}

    def untag(self, name: str, tags: Sequence[str]) -> None:
        """Let names of snapshots go; the snapshots then expire as others do."""
        with self.changed(name, "removing tags of") as transaction:
            for tag in tags:
                ManageSnapshots(transaction).remove_tag(tag).commit()

    def columns(self, name: str, snapshot_id: int | None = None) -> list[str]:
        """Names of a table's columns, now or at a snapshot; none while there is no table.

        Raises:
            NoData: the snapshot is gone.
        """
        table = self.table(name)
        if table is None:
            return []
        snapshot = table.snapshot_by_id(snapshot_id) if snapshot_id else None
        if snapshot_id and snapshot is None:
            raise NoData(f"table {name} no longer has its snapshot {snapshot_id}")
        schema = table.schemas()[snapshot.schema_id] if snapshot and snapshot.schema_id is not None else table.schema()
        return [each.name for each in schema.fields]

    def files(self, name: str, snapshot_id: int | None = None) -> list[str]:
        """Addresses of the Parquet files that make up a snapshot, for engines that read files.

        Raises:
            LakeDamaged: rows are deleted from some of them by files beside them, which such an engine would not see.
        """
        table = self.table(name)
        with translated(f"planning a scan of table {name}"):
            tasks = list(table.scan(snapshot_id=snapshot_id).plan_files()) if table else []
        if any(task.delete_files for task in tasks):
            raise LakeDamaged(
                f"table {name} has delete files: Holdfast writes none, and what reads its files would not see them"
            )
        return sorted(task.file.file_path for task in tasks)

    def schema(self, name: str, snapshot_id: int | None = None) -> pa.Schema:
        """A table's columns with their types, now or at a snapshot. Raises NoData when there is no such table."""
        table = self.table(name)
        if table is None:
            raise NoData(f"there is no table {name}")
        return table.scan(snapshot_id=snapshot_id).projection().as_arrow()

    def rows(self, name: str, snapshot_id: int | None = None) -> int:
        """How many rows a snapshot has, as its summary says; none while there is no table."""
        return int(self.said_of(name, snapshot_id).get("total-records", 0))

    def expire(self, name: str, snapshots: Sequence[int]) -> None:
        """Forget snapshots; their files stay until nobody refers to them. What a tag or a branch names stays."""
        with self.changed(name, "expiring snapshots of") as transaction:
            ExpireSnapshots(transaction).by_ids(list(snapshots)).commit()

    def forget_schemas(self, name: str) -> int:
        """Let go of the schemas that no snapshot has any more; how many. Each is named in full in the metadata that every commit writes.

        Raises:
            NoData: there is no such table.
        """
        with self.alone(name):
            table = self._opened(name)
            current = table.metadata.current_schema_id
            needed = {current, *(snapshot.schema_id for snapshot in table.snapshots())}
            gone = [each for each in table.schemas() if each not in needed]
            if gone:
                with self._writing(name, "forgetting schemas of"):
                    held = (
                        AssertTableUUID(uuid=table.metadata.table_uuid),
                        AssertCurrentSchemaId(current_schema_id=current),
                    )
                    table.catalog.commit_table(table, held, (RemoveSchemasUpdate(schema_ids=gone),))
            return len(gone)

    def said_of(self, name: str, snapshot_id: int | None = None) -> dict[str, str]:
        """What was written beside a snapshot (the newest, if none is given); nothing while there is none."""
        table = self.table(name)
        if table is None:
            return {}
        snapshot = table.snapshot_by_id(snapshot_id) if snapshot_id else table.current_snapshot()
        summary: Any = snapshot.summary if snapshot else None
        return dict(summary.additional_properties) if summary else {}

    def _opened(self, name: str) -> Table:
        """A table to write to, whose commits look first whether the locks are still ours."""
        table = self.table(name)
        if table is None:
            raise NoData(f"there is no table {name}")
        table.catalog = cast(Catalog, Fenced(self._catalog, self._check))
        return table

    @contextmanager
    def _extended(
        self, name: str, schema: pa.Schema, month_of: str | None = None, day_of: str | None = None
    ) -> Iterator[Transaction]:
        """A transaction in which the table has all columns of a schema, created if need be."""
        with self.alone(name):
            table = self.table(name)
            if table is None:
                with self._created(name, schema, month_of, day_of) as creation:
                    yield creation
                return
            with self.changed(name, "extending") as transaction:
                if set(schema.names) - set(table.schema().column_names):
                    with transaction.update_schema() as update:
                        update.union_by_name(schema)
                yield transaction

    @contextmanager
    def _created(
        self, name: str, schema: pa.Schema, month_of: str | None = None, day_of: str | None = None
    ) -> Iterator[Transaction]:
        """A transaction that makes the table together with its first rows: without them there is none."""
        with self._writing(name, "creating"):
            place = f"{self._location}/{name}"
            creation = self._catalog.create_table_transaction(
                (self._database, name), schema, location=place, properties=PROPERTIES
            )
            partition(creation, month_of, day_of)
            yield creation
            self._check()
            creation.commit_transaction()
            if made := creation.table_metadata.current_snapshot():
                metered(made.summary)

    @contextmanager
    def _writing(self, name: str, doing: str) -> Iterator[None]:
        with self.alone(name), translated(f"{doing} table {name}"):
            try:
                yield
            except (CommitFailedException, TableAlreadyExistsError, ValidationException) as error:
                raise TableBusy(f"{doing} table {name}: another writer was faster ({error})") from error

    def _check(self) -> None:
        for held in self._held.values():
            held.check()


def _in_all_files(scan: Any, columns: Sequence[str]) -> tuple[str, ...]:
    """Those of some columns that no file of a scan lacks: PyIceberg makes plain texts of a column that a file does not have, which do not
    go together with the dictionaries of the others."""
    there = [set(task.file.column_sizes or ()) for task in scan.plan_files()]
    ids = {field.name: field.field_id for field in scan.projection().fields}
    return tuple(name for name in columns if all(ids.get(name) in held for held in there))


def in_files(column: str) -> list[str]:
    """What a column may be called in the files of its table: by its name, or as Iceberg spells names that Avro would not take."""
    return list(dict.fromkeys([column, make_compatible_name(column)]))


_FILES = {"py-io-impl": f"{LakeFiles.__module__}.{LakeFiles.__qualname__}"}
_PATIENCE = {"s3.connect-timeout": "10", "s3.request-timeout": "60"}
"""Seconds. Arrow's client of S3 by itself gives a request up after three without a byte, which a part of a large file may take to be answered."""


def glue_lake(database: str, bucket: str, region: str, locks: Locks, endpoint: str | None = None) -> Lake:
    """The lake behind Glue and S3; `endpoint` points both at another address than AWS's own."""
    from pyiceberg.catalog.glue import GlueCatalog

    properties = {"glue.region": region, "s3.region": region, **_FILES, **_PATIENCE}
    if endpoint:
        properties |= {"glue.endpoint": endpoint, "s3.endpoint": endpoint}
    return Lake(GlueCatalog("glue", **properties), database, f"s3://{bucket}/{database}", locks)
