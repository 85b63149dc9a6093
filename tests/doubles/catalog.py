"""A PyIceberg catalog in a folder: real tables and commits, and a dict where Glue would be."""

from pathlib import Path

from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import CommitTableResponse, Table

from holdfast.lake import Lake
from holdfast.locks import Locks


class FolderCatalog(MetastoreCatalog, NoopCatalog):
    """Tables by identifier; files under their own locations."""

    def __init__(self) -> None:
        super().__init__("folder")
        self.held: dict[tuple[str, ...], str] = {}

    def create_table(self, identifier, schema, location=None, **options) -> Table:
        staged = self._create_staged_table(identifier, schema, location, properties=options.get("properties", {}))
        self._write_metadata(staged.metadata, staged.io, staged.metadata_location)
        self.held[tuple(identifier)] = staged.metadata_location
        return self.load_table(identifier)

    def register_table(self, identifier, metadata_location, overwrite=False) -> Table:
        if tuple(identifier) in self.held:
            raise TableAlreadyExistsError(identifier)
        self.held[tuple(identifier)] = metadata_location
        return self.load_table(identifier)

    def load_table(self, identifier) -> Table:
        if tuple(identifier) not in self.held:
            raise NoSuchTableError(identifier)
        return self._table_at(tuple(identifier), self.held[tuple(identifier)])

    def list_tables(self, namespace) -> list[tuple[str, ...]]:
        return list(self.held)

    def commit_table(self, table, requirements, updates) -> CommitTableResponse:
        before = self.load_table(table.name()) if tuple(table.name()) in self.held else None
        staged = self._update_and_stage_table(before, table.name(), requirements, updates)
        self._write_metadata(staged.metadata, staged.io, staged.metadata_location)
        self.held[tuple(table.name())] = staged.metadata_location
        return CommitTableResponse(metadata=staged.metadata, metadata_location=staged.metadata_location)

    def _table_at(self, identifier, location) -> Table:
        from pyiceberg.serializers import FromInputFile

        io = self._load_file_io(location=location)
        metadata = FromInputFile.table_metadata(io.new_input(location))
        return Table(identifier, metadata, location, io, self)


def folder_lake(folder: Path, locks: Locks | None = None) -> Lake:
    """A lake whose files lie under `folder`."""
    return Lake(FolderCatalog(), "lake", f"file://{folder}", locks or Locks())
