"""Judges one table of a run: counts failures file by file, sorts failing rows out, and says what may pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from holdfast.contracts import TableOfRun, Verdict, manifest_key
from holdfast.errors import ConfigurationInvalid, SourceGarbled, SuiteFailed
from holdfast.observe import logger
from holdfast.store import Store, read_json, write_json
from validate.expectations import RULES, Expectation, failing, judged, quoted, repeated, unique_columns
from validate.suites import Suite

Read = Callable[[Sequence[str], Sequence[str] | None], pa.Table]
Write = Callable[[pa.Table, str], None]


@dataclass(frozen=True)
class Zones:
    """Where a verdict reads and writes. `read` and `write` take the addresses that the stores give."""

    landing: Store
    quarantine: Store
    artifacts: Store
    read: Read
    write: Write


@dataclass
class Tally:
    """What was counted over all files: rows, and for each expectation failing and judged rows."""

    rows: int
    failed: list[int]
    judged: list[int]
    columns: list[str]


def verdict(what: TableOfRun, suite: Suite, zones: Zones) -> Verdict:
    """Judge a table and write its quarantine, its cleaned files and its list of files that pass.

    Raises:
        SuiteFailed: an expectation of severity `halt` does not hold.
        SourceGarbled: everything that arrived was unreadable.
    """
    prefix = f"landing/run={what.run}/{what.table}/"
    keys = [item.key for item in zones.landing.list(prefix)]
    if not keys and any(zones.quarantine.list(f"run={what.run}/{what.table}/parse-")):
        raise SourceGarbled(
            what.table, f"nothing of it can be read; see s3://{zones.quarantine.bucket}/run={what.run}/{what.table}/"
        )
    connection = _connect(suite, keys, zones)
    tallies = {key: _tally(connection, suite, zones, key) for key in keys}
    broken = _broken(suite, _total(suite, list(tallies.values())), whole=_is_whole(what, zones))
    quarantined, passing = 0, []
    for key, tally in tallies.items():
        hurt = [each for each in broken if tally.failed[suite.expectations.index(each)]]
        removed, path = _sorted_out(connection, what, zones, key, hurt) if hurt else (0, key)
        quarantined += removed
        passing += [path] if removed < tally.rows else []
    _halt(what.table, broken, suite, _total(suite, list(tallies.values())))
    files = write_json(zones.artifacts, f"work/{what.run}/verdict-{what.table}.json", passing)
    return Verdict(what.table, sum(t.rows for t in tallies.values()) - quarantined, quarantined, files)


def _connect(suite: Suite, keys: list[str], zones: Zones) -> duckdb.DuckDBPyConnection:
    """A database that knows which values repeat: a repetition may be in another file."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    unique = unique_columns(suite.expectations) if keys else []
    if unique:
        _check_columns(suite, zones.read([zones.landing.uri(keys[0])], None).column_names)
    for column in unique:
        connection.register("values_of", zones.read([zones.landing.uri(key) for key in keys], [column]))
        name = quoted(column)
        connection.execute(
            f"CREATE TABLE {repeated(column)} AS SELECT {name} FROM values_of GROUP BY {name} HAVING count(*) > 1"
        )
    return connection


def _check_columns(suite: Suite, columns: list[str]) -> None:
    for each in suite.expectations:
        if each.column and each.column not in columns and not RULES[each.rule].refuses:
            there = ", ".join(columns)
            raise ConfigurationInvalid(
                f"suite {suite.name}: {each.rule}: there is no column {each.column!r}; there are {there}"
            )


def _tally(connection: duckdb.DuckDBPyConnection, suite: Suite, zones: Zones, key: str) -> Tally:
    rows = zones.read([zones.landing.uri(key)], None)
    connection.register("rows", rows)
    sums = ["count(*)"]
    _check_columns(suite, rows.column_names)
    for each in suite.expectations:
        counted = "true" if RULES[each.rule].refuses else judged(each)
        sums += [f"count(*) FILTER (WHERE {failing(each)})", f"count(*) FILTER (WHERE {counted})"]
    found: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(sums)} FROM rows").fetchall()[0]
    return Tally(found[0], list(found[1::2]), list(found[2::2]), rows.column_names)


def _total(suite: Suite, tallies: list[Tally]) -> Tally:
    count = range(len(suite.expectations))
    columns = sorted({name for tally in tallies for name in tally.columns})
    sums = [[sum(getattr(t, what)[i] for t in tallies) for i in count] for what in ("failed", "judged")]
    return Tally(sum(t.rows for t in tallies), sums[0], sums[1], columns)


def _is_whole(what: TableOfRun, zones: Zones) -> bool:
    """Whether the rows are all that there is: of an API's stream a run may have pulled the changes only."""
    try:
        return bool(read_json(zones.landing, manifest_key(what.run, what.table))["full"])
    except KeyError:
        return True


def _broken(suite: Suite, total: Tally, *, whole: bool) -> list[Expectation]:
    broken = []
    for i, each in enumerate(suite.expectations):
        refuses = RULES[each.rule].refuses
        if refuses and not whole:
            continue
        if refuses:
            holds = not refuses(total.columns, total.rows, each.kwargs)
        else:
            holds = total.judged[i] - total.failed[i] >= each.mostly * total.judged[i]
        if not holds:
            broken.append(each)
            logger.warning(
                "expectation broken", rule=each.rule, column=each.column, severity=each.severity, rows=total.failed[i]
            )
    return broken


def _sorted_out(
    connection: duckdb.DuckDBPyConnection, what: TableOfRun, zones: Zones, key: str, hurt: list[Expectation]
) -> tuple[int, str]:
    """Write one file's failing rows to quarantine and its passing rows beside it; rows removed, key to go on with."""
    connection.register("rows", zones.read([zones.landing.uri(key)], None))
    place = f"run={what.run}/{what.table}/{key.rpartition('/')[2]}"
    zones.write(_told(connection, what, key, hurt), zones.quarantine.uri(place))
    out = " OR ".join(failing(each) for each in hurt if each.severity == "quarantine") or "false"
    kept = connection.sql(f"FROM rows WHERE NOT ({out})").to_arrow_table()
    removed = int(connection.execute("SELECT count(*) FROM rows").fetchall()[0][0]) - kept.num_rows
    if not removed:
        return 0, key
    if kept.num_rows:
        zones.write(kept, zones.landing.uri(f"checked/{place}"))
    return removed, f"checked/{place}"


def _told(connection: duckdb.DuckDBPyConnection, what: TableOfRun, key: str, hurt: list[Expectation]) -> pa.Table:
    """Every failing row once per expectation that it fails, as quarantine keeps it."""
    described = connection.execute("DESCRIBE rows").fetchall()
    origin = "source_file" if any(column[0] == "source_file" for column in described) else "?"
    parts: list[pa.Table] = []
    for each in hurt:
        values = [what.table, f"{each.rule}({each.column})", each.reason, each.severity, what.run]
        query = (
            'SELECT ? AS "table", ? AS rule, ? AS reason, ? AS severity, to_json(rows)::VARCHAR AS "row", ? AS run, '
            f"{origin} AS source_file FROM rows WHERE {failing(each)}"
        )
        parts.append(connection.sql(query, params=values + ([key] if origin == "?" else [])).to_arrow_table())
    return pa.concat_tables(parts)


def _halt(table: str, broken: list[Expectation], suite: Suite, total: Tally) -> None:
    failures = [
        f"{each.rule}({each.column}): {total.failed[suite.expectations.index(each)] or total.rows} rows: {each.reason}"
        for each in broken if each.severity == "halt"
    ]  # fmt: skip
    if failures:
        raise SuiteFailed(table, failures)
