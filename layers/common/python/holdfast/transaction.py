"""A transaction on an Iceberg table that is as quick for thousands of columns as for ten."""

from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableUpdate


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
