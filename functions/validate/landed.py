"""The rows that a table is judged by: what landed, what was released from quarantine, and keys of other tables."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from holdfast.contracts import manifest_key
from holdfast.quarantine import entered_key, name_of, released_key
from holdfast.settings import Settings
from holdfast.sql import connect, literal, quoted
from holdfast.store import Store, read_json
from holdfast.vendors import APIS
from holdfast.work import named
from validate.expectations import Expectation
from validate.results import columns_before
from validate.rows import keys_of
from validate.scan import types_of
from validate.sql import Types

RELEASED = "released.parquet"
RELATION = "released_rows"
_RELEASES = '[{"original":"VARCHAR","fixed":"VARCHAR"}]'
_REPLAYED = """
CREATE TEMP TABLE replayed AS
WITH RECURSIVE typed AS (SELECT name, original, to_json(from_json(fixed, {shape}))::VARCHAR AS fixed FROM releases),
becoming AS (
    SELECT fixed FROM typed WHERE {chosen}
    UNION SELECT typed.fixed FROM becoming JOIN typed ON typed.original = becoming.fixed)
SELECT fixed FROM becoming WHERE fixed NOT IN (SELECT original FROM typed WHERE original <> fixed) ORDER BY fixed"""
"""A mended row that failed again and was mended once more becomes what it was mended to last."""
Held = Callable[[str, str], Sequence[str]]
"""Of a landing table and a column: the values that the lake holds of it from earlier runs."""


@dataclass(frozen=True)
class Zones:
    """Where a verdict reads and writes."""

    landing: Store
    quarantine: Store
    artifacts: Store
    held: Held = lambda _table, _column: ()


@dataclass(frozen=True)
class Subject:
    """One landing table of a run, and what kind of source it is from."""

    run: str
    table: str
    source: str
    kind: str

    @classmethod
    def of(cls, run: str, table: str, settings: Settings) -> "Subject":
        """The table as the configuration knows it."""
        source, _ = named(table, settings)
        return cls(run, table, source, settings.sources[source].kind)


@dataclass
class Landed:
    """A database with the relations `rows` (what is judged) and `placed` (the same, with `_file` and `_row`)."""

    connection: duckdb.DuckDBPyConnection
    subject: Subject
    zones: Zones
    folder: Path
    keys: list[str]
    complete: bool
    """Whether this is all that there is: of an API's stream a run may have pulled the changes only."""
    types: Types = field(default_factory=dict)
    released: bool = False
    """Whether rows from quarantine are among them."""
    superseding: bool = False
    """Whether the table `superseded` says which landed rows they stand in for."""
    releases: list[str] = field(default_factory=list)
    """Names of the releases that are not in the lake yet."""

    def path(self, name: str) -> str:
        """The local copy of a file."""
        return str(self.folder / name)

    @property
    def names(self) -> list[str]:
        """Local files with rows; but for that of the released rows they are named as the landing files are."""
        return [Path(key).name for key in self.keys] + [RELEASED] * self.released


def opened(subject: Subject, zones: Zones, folder: Path) -> Landed:
    """Fetch a table's files and let DuckDB see them, the released rows among them."""
    keys = [item.key for item in zones.landing.list(f"landing/run={subject.run}/{subject.table}/")]
    connection = connect()
    landed = Landed(connection, subject, zones, folder, keys, complete(subject.run, subject.table, zones.landing))
    for key in keys:
        (folder / Path(key).name).write_bytes(zones.landing.read(key))
    if keys:
        _place(connection, "all_landed", [landed.path(Path(key).name) for key in keys])
    replay(landed)
    if landed.names:
        views = ["FROM landed"] * bool(keys) + [f"FROM {RELATION}"] * landed.released
        connection.execute(f"CREATE TEMP VIEW placed AS {' UNION ALL BY NAME '.join(views)}")
        connection.execute("CREATE TEMP VIEW rows AS SELECT * EXCLUDE (_file, _row) FROM placed")
        landed.types = types_of(connection)
    return landed


def complete(run: str, table: str, landing: Store) -> bool:
    """Whether what landed is the whole table: of files always, of an API's stream as its manifest says."""
    try:
        return bool(read_json(landing, manifest_key(run, table))["full"])
    except KeyError:
        return True


def register_keys(landed: Landed, expectations: Sequence[Expectation]) -> list[Expectation]:
    """Make the relations of other tables' keys; the expectations whose other table is not there are returned."""
    absent = []
    for each in (one for one in expectations if one.rule == "expect_column_values_to_be_in_other_table"):
        table, column = f"{landed.subject.source}_{each.kwargs['other_table']}", each.kwargs["other_column"]
        if not _register(landed, keys_of(each.kwargs), table, column):
            absent.append(each)
    return absent


def _register(landed: Landed, relation: str, table: str, column: str) -> bool:
    connection, zones, run = landed.connection, landed.zones, landed.subject.run
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {relation} (key VARCHAR)")
    for number, item in enumerate(zones.landing.list(f"landing/run={run}/{table}/")):
        path = landed.folder / f"other-{table}-{number}"
        path.write_bytes(zones.landing.read(item.key))
        connection.execute(
            f"INSERT INTO {relation} SELECT {quoted(column)}::VARCHAR FROM read_parquet({literal(str(path))})"
        )
    if not complete(run, table, zones.landing):
        held = pa.table({"key": pa.array(zones.held(table, column), pa.string())})
        connection.register("held", held)
        connection.execute(f"INSERT INTO {relation} FROM held")
    connection.execute(f"DELETE FROM {relation} WHERE key IS NULL")
    return bool(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def replay(landed: Landed) -> None:
    """Let released rows stand in for what they were, and add those of increments, which do not land again."""
    zones, connection, subject = landed.zones, landed.connection, landed.subject
    found = [item.key for item in zones.quarantine.list(released_key(subject.table))]
    if not found:
        if landed.keys:
            connection.execute("CREATE TEMP VIEW landed AS FROM all_landed")
        return
    entered = {name_of(item.key) for item in zones.artifacts.list(entered_key(subject.table))}
    landed.releases = [name for name in map(name_of, found) if name not in entered]
    connection.execute("CREATE TEMP TABLE releases (name VARCHAR, original VARCHAR, fixed VARCHAR)")
    for key in found:
        connection.execute("INSERT INTO releases SELECT ?, r.original, r.fixed FROM (SELECT unnest(from_json(?, ?)) AS r)",
                           [name_of(key), _as_list(zones.quarantine.read(key)), _RELEASES])  # fmt: skip
    again = supersede(landed) if landed.keys else "false"
    anew = subject.kind != "table" and not (landed.complete and subject.kind in APIS)
    names = ", ".join(map(literal, landed.releases)) or "''"
    write_released(landed, f"{again} OR {f'name IN ({names})' if anew else 'false'}")


def supersede(landed: Landed) -> str:
    """Take the rows that were released out of what landed; SQL that is true for the releases of those."""
    connection, landed.superseding = landed.connection, True
    columns = struct(name for name in types_of(connection, "all_landed") if name not in ("_file", "_row"))
    connection.execute(
        "CREATE TEMP TABLE superseded AS SELECT _file, _row, r.original FROM all_landed "
        f"JOIN (SELECT DISTINCT original FROM releases) r ON to_json({columns})::VARCHAR = r.original"
    )
    connection.execute("CREATE TEMP VIEW landed AS FROM all_landed ANTI JOIN superseded USING (_file, _row)")
    return "original IN (SELECT original FROM superseded)"


def write_released(landed: Landed, chosen: str) -> None:
    """Write the chosen releases as a file beside what landed, with its columns and types."""
    connection, subject = landed.connection, landed.subject
    types = types_of(connection, "all_landed") if landed.keys else columns_before(landed.zones.artifacts, subject.table)
    columns = {name: declared for name, declared in types.items() if name not in ("_file", "_row")}
    connection.execute(_REPLAYED.format(shape=literal(json.dumps(columns)), chosen=chosen))
    if not columns or not connection.execute("SELECT count(*) FROM replayed").fetchall()[0][0]:
        return
    path = landed.path(RELEASED)
    connection.execute(
        f"COPY (SELECT unnest(from_json(fixed, {literal(json.dumps(columns))})) FROM replayed) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
    )
    _place(connection, RELATION, [path])
    landed.released = True


def struct(names: Iterable[str]) -> str:
    """Columns as one value, whose JSON is how a row is written down in quarantine."""
    return f"struct_pack({', '.join(f'{quoted(name)} := {quoted(name)}' for name in names)})"


def _place(connection: duckdb.DuckDBPyConnection, view: str, paths: Sequence[str]) -> None:
    files = ", ".join(map(literal, paths))
    connection.execute(
        f"CREATE TEMP VIEW {view} AS SELECT * EXCLUDE (file_row_number), file_row_number AS _row "
        f"FROM read_parquet([{files}], union_by_name = true, filename = '_file', file_row_number = true)"
    )


def _as_list(lines: bytes) -> str:
    return "[" + ",".join(lines.decode().splitlines()) + "]"
