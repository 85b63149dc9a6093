"""Iceberg tables in the Glue catalog: read at a snapshot, replaced or extended in one commit."""

import hashlib
import logging
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.table import Table, Transaction
from pyiceberg.transforms import DayTransform, MonthTransform

from holdfast.aws import translated
from holdfast.errors import NoData

_DIGEST = "holdfast.digest"

# Files say the bounds of their times only, since nobody looks for a range of ids; a line per column and file says nothing more.
logging.getLogger("pyiceberg.io.pyarrow").setLevel(logging.ERROR)


class Lake:
    """The tables of one Glue database."""

    def __init__(self, catalog: Catalog, database: str, location: str) -> None:
        self._catalog = catalog
        self._database = database
        self._location = location.rstrip("/")

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
    ) -> pa.Table | None:
        """Rows of a table, at its newest snapshot or at an older one; None while the table does not exist."""
        table = self.table(name)
        if table is None:
            return None
        with translated(f"reading table {name}"):
            return table.scan(where or AlwaysTrue(), tuple(columns), snapshot_id=snapshot_id).to_arrow()

    def snapshot_id(self, name: str) -> int | None:
        """The newest snapshot's id, or None while there is none."""
        table = self.table(name)
        snapshot = table.current_snapshot() if table else None
        return snapshot.snapshot_id if snapshot else None

    def replace(self, name: str, rows: pa.Table, properties: dict[str, str] | None = None) -> bool:
        """Make `rows` the table's content in one commit, unless they already are; returns whether a commit was needed.

        Rows must come in a fixed order: content is compared by a digest of its bytes, and by the `properties` written
        beside it. The table gets exactly the columns of `rows`, in their order and with their types; older snapshots keep theirs.
        """
        said = {_DIGEST: content_digest(rows), **(properties or {})}
        table = self.table(name) or self._created(name, rows.schema)
        if said.items() <= _summary_of(table).items():
            return False
        with translated(f"replacing table {name}"), table.transaction() as transaction:
            _reshape(table, transaction, rows.schema)
            transaction.overwrite(rows, snapshot_properties=said)
        return True

    def add_files(
        self, name: str, schema: pa.Schema, files: list[str], month_of: str | None = None, day_of: str | None = None
    ) -> None:
        """Commit Parquet files that already lie in the table's location; a new table is partitioned by the month or day of a column."""
        table = self._evolved(name, schema, month_of, day_of)
        with translated(f"adding files to table {name}"):
            table.add_files(files)

    def location(self, name: str) -> str:
        """Where the data files of a table belong."""
        return f"{self._location}/{name}/data"

    def tag(self, name: str, tag: str) -> None:
        """Name the newest snapshot, so that it is kept and can be read again; a tag that is there already moves."""
        table = self.table(name)
        snapshot = table.current_snapshot() if table else None
        if table is None or snapshot is None:
            raise NoData(f"table {name} has no snapshot to tag")
        held = table.refs().get(tag)
        if held and held.snapshot_id == snapshot.snapshot_id:
            return
        with translated(f"tagging table {name}"):
            if held:
                table.manage_snapshots().remove_tag(tag).commit()
            table.manage_snapshots().create_tag(snapshot.snapshot_id, tag).commit()

    def _evolved(self, name: str, schema: pa.Schema, month_of: str | None, day_of: str | None) -> Table:
        table = self.table(name)
        if table is None:
            return self._created(name, schema, month_of, day_of)
        if set(schema.names) - set(table.schema().column_names):
            with translated(f"evolving table {name}"), table.update_schema() as update:
                update.union_by_name(schema)
        return table

    def _created(self, name: str, schema: pa.Schema, month_of: str | None = None, day_of: str | None = None) -> Table:
        with translated(f"creating table {name}"):
            table = self._catalog.create_table(
                (self._database, name),
                schema,
                location=f"{self._location}/{name}",
                properties={"write.parquet.compression-codec": "zstd"},
            )
            column = month_of or day_of
            if column:
                with table.update_spec() as update:
                    update.add_field(column, MonthTransform() if month_of else DayTransform())
        return table


def _reshape(table: Table, transaction: Transaction, schema: pa.Schema) -> None:
    """Give a table the columns of a schema; one that is of another kind now is another column under the same name."""
    fields = table.schema().fields  # column_names would list nested fields as well
    held = table.schema().as_arrow()
    same = [
        name
        for name in schema.names
        if name in held.names and _kind(held.field(name).type) == _kind(schema.field(name).type)
    ]
    if [field.name for field in fields] == schema.names == same:
        return
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        for field in fields:
            if field.name not in same:
                update.delete_column(field.name)
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        update.union_by_name(schema).move_first(schema.names[0])
        for before, name in pairwise(schema.names):
            update.move_after(name, before)


def _kind(type_: pa.DataType) -> str:
    """What a type is, whatever its width: within a kind a table's column takes what comes."""
    kinds = {
        "text": _is_text,
        "whole": pa.types.is_integer,
        "number": pa.types.is_floating,
        "nested": pa.types.is_nested,
    }
    return next((kind for kind, holds in kinds.items() if holds(type_)), str(type_))


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_))


def content_digest(rows: pa.Table) -> str:
    """SHA-256 over schema and values, in row order, whatever the chunking."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _summary_of(table: Table) -> dict[str, str]:
    snapshot = table.current_snapshot()
    summary: Any = snapshot.summary if snapshot else None
    return dict(summary.additional_properties) if summary else {}


def glue_lake(database: str, bucket: str, region: str, endpoint: str | None = None) -> Lake:
    """The lake behind Glue and S3; `endpoint` points both at another address than AWS's own."""
    from pyiceberg.catalog.glue import GlueCatalog

    properties = {"glue.region": region, "s3.region": region}
    if endpoint:
        properties |= {"glue.endpoint": endpoint, "s3.endpoint": endpoint}
    return Lake(GlueCatalog("glue", **properties), database, f"s3://{bucket}/{database}")
