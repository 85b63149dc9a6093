"""Commits to Iceberg tables: only while the lock is still ours, as quick for thousands of columns as for ten, and on the meter."""

from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import CommitTableResponse, Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Summary
from pyiceberg.table.update import AddSnapshotUpdate, TableUpdate

from holdfast import meter

_FILES_OF_A_COMMIT = 3
"""Beside its data: a manifest, the list of them, the table's metadata."""


class WideTransaction(Transaction):
    """A transaction that works out what its table becomes once after each change.

    PyIceberg does so at each look, some thirty times in a commit, and copies every field of every schema: of a table of thousands of
    features that takes longer than to write its rows.
    """

    _looked: tuple[TableMetadata, tuple[TableUpdate, ...], TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The table's metadata with all changes so far; nobody may alter it."""
        before, updates = self._table.metadata, self._updates
        if self._looked is None or self._looked[0] is not before or self._looked[1] is not updates:
            self._looked = before, updates, super().table_metadata
        return self._looked[2]


class Fenced:
    """A catalog that commits only while the locks are still ours: a writer that was held up for longer than a lease comes too late."""

    def __init__(self, catalog: Catalog, check: Any) -> None:
        self._catalog, self._check = catalog, check

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)

    def commit_table(self, table: Table, requirements: Any, updates: Any) -> CommitTableResponse:
        self._check()
        answer = self._catalog.commit_table(table, requirements, updates)
        for update in updates:
            if isinstance(update, AddSnapshotUpdate):
                metered(update.snapshot.summary)
        return answer


def metered(summary: Summary | None) -> None:
    """PyIceberg puts its files by Arrow, which the SDK's meter does not see."""
    said = summary.additional_properties if summary else {}
    meter.put(int(said.get("added-files-size", 0)), int(said.get("added-data-files", 0)) + _FILES_OF_A_COMMIT)
