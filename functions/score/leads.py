"""Keeps in the online store which records of the sources lead to which customers: what changed since the last time is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.aws import client, translated
from holdfast.lake import Lake
from holdfast.records import LEADS_TO, TABLE
from holdfast.tables import CUSTOMER_RECORDS
from score.writing import delete_request, put_request, written

_WRITTEN = {"pk": {"S": "scores"}, "sk": {"S": TABLE}}
_COLUMNS = ("record", "customer_id")


class Leads(Protocol):
    """Items {customer_id: pseudonym of a record, leads_to: customer}, beside those of the customers."""

    def snapshot(self) -> int | None:
        """The snapshot of the lake's table that they were written from last."""
        ...

    def write(self, new: pa.Table, gone: list[str], snapshot: int) -> None:
        """Let records lead to customers, and others nowhere any more; then they are as of `snapshot`."""
        ...


class DynamoLeads:
    """Items of the scores table; the state table remembers the snapshot."""

    def __init__(self, table: str, state_table: str) -> None:
        self._table, self._state_table = table, state_table
        self._dynamodb = client("dynamodb")

    def snapshot(self) -> int | None:
        with translated("reading what records were written last"):
            held = self._dynamodb.get_item(TableName=self._state_table, Key=_WRITTEN, ConsistentRead=True)
        return int(held["Item"]["snapshot"]["S"]) if "Item" in held else None

    def write(self, new: pa.Table, gone: list[str], snapshot: int) -> None:
        written(self._dynamodb, self._table, map(delete_request, gone))
        written(self._dynamodb, self._table, map(put_request, _items(new)))
        note: dict[str, Any] = {**_WRITTEN, "snapshot": {"S": str(snapshot)}}
        with translated("remembering what records were written"):
            self._dynamodb.put_item(TableName=self._state_table, Item=note)


@dataclass
class MemoryLeads:
    """The same in a dict of items, which may be that of `MemoryVectors`."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: int | None = None

    def snapshot(self) -> int | None:
        return self.written

    def write(self, new: pa.Table, gone: list[str], snapshot: int) -> None:
        for each in gone:
            self.items.pop(each, None)
        self.items |= {item["customer_id"]: item for item in _items(new)}
        self.written = snapshot


def held(lake: Lake, leads: Leads) -> int:
    """Bring the online store to what the lake says now; how many items were written or deleted.

    Of a snapshot that is gone it is not known what was written from it: then all are written, and none deleted.
    """
    now, before = lake.snapshot_id(TABLE), leads.snapshot()
    if now is None or now == before:
        return 0
    new, gone = _changes(_rows_of(lake, before), _rows_of(lake, now))
    leads.write(new, gone, now)
    return len(new) + len(gone)


def _rows_of(lake: Lake, snapshot: int | None) -> pa.Table:
    """Of one that is gone, none."""
    table = lake.table(TABLE)
    there = snapshot is not None and table is not None and table.snapshot_by_id(snapshot) is not None
    rows = lake.read(TABLE, _COLUMNS, snapshot_id=snapshot) if there else None
    return CUSTOMER_RECORDS.empty_table().select(_COLUMNS) if rows is None else rows.select(_COLUMNS)


def _changes(before: pa.Table, now: pa.Table) -> tuple[pa.Table, list[str]]:
    """Rows that are new or lead elsewhere, and records that are gone."""
    same = pc.is_in(_whole(now), value_set=_whole(before))
    gone = before["record"].filter(pc.invert(pc.is_in(before["record"], value_set=now["record"])))
    return now.filter(pc.invert(same)), gone.to_pylist()


def _whole(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows["record"], rows["customer_id"], " ")


def _items(rows: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in rows.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield {"customer_id": row["record"], LEADS_TO: row["customer_id"]}
