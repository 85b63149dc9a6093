"""Sorts rows: every failing one into quarantine with its rule, and the others into the files that go on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from holdfast.quarantine import quarantine_prefix, shape
from holdfast.sql import literal, quoted
from validate.landed import RELEASED, Landed, struct
from validate.scan import Asked


class Sorted(NamedTuple):
    """How many rows do not go on, and the landing keys that do."""

    removed: int
    passing: list[str]


def find_failing(landed: Landed, broken: Sequence[Asked]) -> None:
    """Make the table `failing`: each failing row once per expectation that it fails, found in one query."""
    for each in (one for one in broken if one.row.key):
        landed.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {each.repeated} AS {each.groups}")
    cases = (
        ", ".join(f"CASE WHEN {each.fails} THEN {number} END" for number, each in enumerate(broken)) or "NULL::INTEGER"
    )
    any_ = " OR ".join(each.fails for each in broken) or "false"
    source = quoted("source_file") if "source_file" in landed.types else "NULL::VARCHAR"
    landed.connection.execute(
        f"CREATE TEMP TABLE failing AS SELECT * FROM (SELECT _file, _row, unnest([{cases}]) AS number, "
        f'to_json({struct(landed.types)})::VARCHAR AS "row", {source} AS source_file FROM placed WHERE {any_}) '
        "WHERE number IS NOT NULL"
    )


def sort_out(landed: Landed, broken: Sequence[Asked]) -> Sorted:
    """Write quarantine and the cleaned files."""
    connection = landed.connection
    find_failing(landed, broken)
    _register_rules(connection, broken)
    removed, passing = 0, []
    for name in landed.names:
        gone, key = _sort_file(landed, name)
        removed += gone
        passing += [key] if key else []
    return Sorted(removed, passing)


def examples(landed: Landed, broken: Sequence[Asked], which: Asked, most: int = 3) -> list[str]:
    """What a few failing rows look like in the columns that were asked, without their values: see `holdfast.quarantine.shape`."""
    rows = landed.connection.execute(
        'SELECT "row" FROM failing WHERE number = ? ORDER BY _file, _row LIMIT ?', [list(broken).index(which), most]
    ).fetchall()
    names = which.expectation.columns
    return [", ".join(f"{name} {shape(json.loads(row)[name])}" for name in names) for (row,) in rows]


def _register_rules(connection: duckdb.DuckDBPyConnection, broken: Sequence[Asked]) -> None:
    connection.execute("CREATE TEMP TABLE rules (number INTEGER, rule VARCHAR, reason VARCHAR, severity VARCHAR)")
    for number, each in enumerate(broken):
        said = each.expectation
        reason = f"{said.reason} ({each.problem})" if each.problem else said.reason
        connection.execute("INSERT INTO rules VALUES (?, ?, ?, ?)", [number, said.name, reason, said.severity])


def _sort_file(landed: Landed, name: str) -> tuple[int, str]:
    """One file's failing rows to quarantine, its passing rows beside it if any failed; rows removed, key to go on with."""
    connection, subject, path = landed.connection, landed.subject, landed.path(name)
    here = f"_file = {literal(path)}"
    told = (
        f'SELECT {literal(subject.table)} AS "table", rule, reason, severity, "row", {literal(subject.run)} AS run, '
        f"coalesce(source_file, {literal(_origin(landed, name))}) AS source_file "
        f"FROM failing JOIN rules USING (number) WHERE {here} ORDER BY number, _row"
    )
    if _copied(connection, told, landed.folder / "told"):
        landed.zones.quarantine.write(
            f"{quarantine_prefix(subject.run, subject.table)}{name}", (landed.folder / "told").read_bytes()
        )
    out = f"SELECT _row FROM failing JOIN rules USING (number) WHERE {here} AND severity = 'quarantine'"
    superseded = f" UNION SELECT _row FROM superseded WHERE {here}" if landed.superseding and name != RELEASED else ""
    removed, lost = connection.execute(
        f"SELECT (SELECT count(DISTINCT _row) FROM ({out})), (SELECT count(*) FROM ({out}{superseded}))"
    ).fetchall()[0]
    if not lost and name != RELEASED:
        return 0, _origin(landed, name)
    kept = (
        f"SELECT * EXCLUDE (file_row_number) FROM read_parquet({literal(path)}, file_row_number = true) "
        f"WHERE file_row_number NOT IN ({out}{superseded})"
    )
    key = f"checked/run={subject.run}/{subject.table}/{name}"
    if _copied(connection, kept, landed.folder / "kept"):
        landed.zones.landing.write(key, (landed.folder / "kept").read_bytes())
        return removed, key
    return removed, ""


def _origin(landed: Landed, name: str) -> str:
    return f"landing/run={landed.subject.run}/{landed.subject.table}/{name}"


def _copied(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    counted = connection.execute(
        f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    return int(counted[0][0])
