"""Where one extract lands: Parquet in the landing zone, and what could not be read in quarantine."""

import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from holdfast.contracts import Extract, manifest_key
from holdfast.privacy import Declared
from holdfast.reading import known
from holdfast.sql import connect, literal
from holdfast.store import Store, read_json, write_json
from ingest.planning import File
from ingest.undeclared import look


class Reject(NamedTuple):
    """Something that could not be read, and why; `row` is JSON text."""

    reason: str
    row: str
    source_file: str = ""


@dataclass(frozen=True)
class Landing:
    """The places that one extract reads from and writes to."""

    extract: Extract
    landing: Store
    quarantine: Store
    artifacts: Store
    stores: Callable[[str], Store]
    declared: Declared | None = None
    """What is declared of the stream's columns; where nobody says, the others are not looked at, and none of them enters."""

    def lands(self, column: str) -> bool:
        """Whether a column lands: one that the user has declared away does not, unless statements of the lake name it."""
        said = self.declared
        return not (said and said.own.get(column) == "drop" and (said.writing(column) or not said.structural(column)))

    def look(self, connection: duckdb.DuckDBPyConnection, query: str, part: int = 0) -> None:
        """Write down what the rows of a query show of columns that nobody declared."""
        if self.declared:
            look(self.artifacts, self.extract.run, self.declared, connection, query, part)

    def files(self) -> list[File]:
        """The files of the extract's batch, or the one of them that is meant."""
        files = [known(File, file) for file in read_json(self.artifacts, self.extract.batch)]
        return files if self.extract.only < 0 else [files[self.extract.only]]

    def fetch(self, file: File) -> bytes:
        """A file's bytes as stored."""
        return self.stores(file.bucket).read(file.key)

    def land(self, connection: duckdb.DuckDBPyConnection, query: str, part: int | None = None) -> int:
        """Write the rows of a query as this extract's one Parquet file, or as one part of it, and count them."""
        return _write(connection, query, self.landing, f"landing/{self._path(part=part)}")

    def remove(self, connection: duckdb.DuckDBPyConnection, query: str, part: int) -> int:
        """Write the ids and moments of records that are gone: beside what is validated, since they are no rows."""
        return _write(connection, query, self.landing, f"removed/{self._path(part=part)}")

    def conclude(self, manifest: dict[str, Any]) -> None:
        """Say that the whole stream has landed, and what that is worth."""
        write_json(self.landing, manifest_key(self.extract.run, self.extract.table), manifest)

    def reject(
        self, connection: duckdb.DuckDBPyConnection, query: str = "FROM rejects", part: int | None = None
    ) -> int:
        """Write what could not be read (reason, row, source_file) to quarantine under rule `parse`, and count it."""
        return self._quarantine(connection, query, "parse", "quarantine", part)

    def give_up(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Write down under rule `file` what files were given up, and count them."""
        return self._quarantine(connection, "FROM rejects", "file", "quarantine", None)

    def warn(self, connection: duckdb.DuckDBPyConnection, query: str, part: int) -> int:
        """Write values that are not what they should be to quarantine under rule `type`, and count them: their rows land."""
        return self._quarantine(connection, query, "type", "warn", part)

    def clear(self, connection: duckdb.DuckDBPyConnection, rows: str) -> None:
        """Empty what an earlier try may have left: of the whole batch where one file of it lands, of single files where the batch does.

        `rows` is a query with the columns of what lands.
        """
        folder = f"run={self.extract.run}/{self.extract.table}/"
        places = ((self.landing, f"landing/{folder}", rows), (self.quarantine, f"{folder}parse-", "FROM rejects"))
        batch, _, single = self.extract.part.partition("-")
        for store, prefix, query in places:
            for item in store.list(f"{prefix}{batch}"):
                other = item.key.removeprefix(prefix).removesuffix(".parquet").partition("-")
                if other[0] == batch and bool(other[2]) != bool(single):
                    _write(connection, f"SELECT * FROM ({query}) LIMIT 0", store, item.key)

    def distinct(self) -> int:
        """How many different ids have landed."""
        connection = connect()
        connection.execute("CREATE TEMP TABLE ids (id VARCHAR)")
        for item in self.landing.list(f"landing/run={self.extract.run}/{self.extract.table}/"):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "rows.parquet")
                path.write_bytes(self.landing.read(item.key))
                connection.execute(f"INSERT INTO ids SELECT DISTINCT id FROM '{path}'")
        return int(connection.execute("SELECT count(DISTINCT id) FROM ids").fetchall()[0][0])

    def _quarantine(
        self, connection: duckdb.DuckDBPyConnection, query: str, rule: str, severity: str, part: int | None
    ) -> int:
        said = f"{literal(self.extract.table)} AS \"table\", '{rule}' AS rule, reason, '{severity}' AS severity"
        query = f'SELECT {said}, "row", {literal(self.extract.run)} AS run, source_file FROM ({query})'
        return _write(connection, query, self.quarantine, self._path(f"{rule}-", part))

    def _path(self, prefix: str = "", part: int | None = None) -> str:
        number = self.extract.part if self.extract.batch else f"{part or 0:05}"
        return f"run={self.extract.run}/{self.extract.table}/{prefix}{number}.parquet"


def open_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table that collects rejects."""
    connection.execute('CREATE TEMP TABLE rejects (reason VARCHAR, "row" VARCHAR, source_file VARCHAR)')


def add_rejects(connection: duckdb.DuckDBPyConnection, rejects: Iterable[Reject]) -> None:
    """Put some into that table."""
    shape = '[{"reason":"VARCHAR","row":"VARCHAR","source_file":"VARCHAR"}]'
    rows = json.dumps([reject._asdict() for reject in rejects])
    connection.execute(f"INSERT INTO rejects SELECT unnest(from_json(?, '{shape}'), recursive := true)", [rows])


def as_row(**values: object) -> str:
    """A rejected row as JSON text."""
    return json.dumps(values, ensure_ascii=False)


def _write(connection: duckdb.DuckDBPyConnection, query: str, store: Store, key: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        counted = connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
        rows = int(counted[0][0])
        # A function that died before its checkpoint may have left a file there, which nothing but another one takes away.
        if rows or any(item.key == key for item in store.list(key)):
            store.write(key, path.read_bytes())
        return rows
