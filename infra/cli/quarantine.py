"""`holdfast quarantine`: what failed, what it looks like, and letting it in once it is mended."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.quarantine import (
    Release,
    entered_key,
    hidden,
    name_of,
    pending_key,
    quarantine_prefix,
    released_key,
    to_lines,
)
from holdfast.store import Store, read_json, write_json
from infra.trouble import Trouble

UNREAD = "parse"
"""Rule of what could not be read at all."""


@dataclass(frozen=True)
class Wanted:
    """Which failing rows are meant; an empty field means all."""

    run: str = ""
    table: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Held:
    """One row in quarantine, once per rule that it failed."""

    run: str
    table: str
    rule: str
    reason: str
    severity: str
    row: str
    source_file: str

    @property
    def name(self) -> str:
        """The row's name: the same for all rules that it failed."""
        return hashlib.sha256(f"{self.run}/{self.table}/{self.row}".encode()).hexdigest()[:12]


def counted(quarantine: Store, wanted: Wanted) -> list[dict[str, Any]]:
    """Rows by run, table and rule, the newest run first as names go."""
    query = (
        'SELECT run, "table", rule, severity, count(*) AS rows, any_value(reason) AS reason FROM held GROUP BY ALL '
        'ORDER BY run DESC, "table", rows DESC, rule'
    )
    return [dict(zip(("run", "table", "rule", "severity", "rows", "reason"), row, strict=True))
            for row in _asked(quarantine, wanted, query)]  # fmt: skip


def held(quarantine: Store, wanted: Wanted, limit: int | None = None) -> list[Held]:
    """Failing rows, in the order in which they landed."""
    query = 'SELECT run, "table", rule, reason, severity, "row", source_file FROM held'
    return [Held(*row) for row in _asked(quarantine, wanted, f"{query} LIMIT {limit}" if limit else query)]


def shown(row: Held, *, reveal: bool) -> dict[str, Any]:
    """A row as it is printed; values that may say who somebody is are hidden unless they are asked for."""
    values = json.loads(row.row)
    return {"_row": row.name, "_rule": row.rule, "_reason": row.reason} | (values if reveal else hidden(values))


def release(
    quarantine: Store,
    artifacts: Store,
    rows: Sequence[Held],
    changes: Mapping[str, Any],
    mended: Mapping[str, dict[str, Any]],
) -> tuple[str, int]:
    """Write down which rows are to be judged again, and how they are then; the release's name and how many rows it has.

    `changes` are made to every row. Of `mended`, whole rows by name, only those rows are released. The same release again
    changes nothing.

    Raises:
        Trouble: there is nothing to release, or a value does not fit its column.
    """
    named = [row for row in rows if not mended or row.name in mended]
    if unknown := set(mended) - {row.name for row in named}:
        raise Trouble(
            f"there is no row {', '.join(sorted(unknown))} among these: `holdfast quarantine show --reveal` names them"
        )
    chosen = {row.name: row for row in named if row.severity != "warn" and row.rule != UNREAD}
    stuck = [row for row in named if row.name not in chosen]
    if not chosen or (mended and stuck):
        raise Trouble(_why_nothing(stuck))
    table, run = rows[0].table, rows[0].run
    columns = _columns(artifacts, run, table)
    made = [Release(row.row, _mended(row, changes, mended.get(name), columns)) for name, row in chosen.items()]
    _check_types(made, columns)
    name, body = to_lines(made)
    _refuse_other_mends(quarantine, table, name, made)
    quarantine.write(released_key(table, name), body)
    write_json(artifacts, pending_key(table, name), {"run": run, "rows": len(made)})
    return name, len(made)


def parsed_changes(said: Sequence[str]) -> dict[str, Any]:
    """`column=value` as columns and values; a value is JSON, or else the text that it is."""
    changes = {}
    for each in said:
        column, sign, value = each.partition("=")
        if not sign or not column:
            raise Trouble(f"--set {each}: it is column=value")
        try:
            changes[column] = json.loads(value)
        except (ValueError, RecursionError):
            changes[column] = value
    return changes


def entered_by(artifacts: Store, table: str, name: str) -> str:
    """The run in which a release entered the lake; empty while none has let it in."""
    try:
        return str(read_json(artifacts, entered_key(table, name))["run"])
    except KeyError:
        return ""


def parsed_file(text: str) -> dict[str, dict[str, Any]]:
    """Mended rows by name, from what `show --reveal` printed, one JSON object a line."""
    mended = {}
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        try:
            row = json.loads(line)
            mended[str(row["_row"])] = {name: value for name, value in row.items() if not name.startswith("_")}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Trouble(f"line {number} is no row with its name in `_row`, as `show --reveal` prints them") from error
    return mended


def _mended(row: Held, changes: Mapping[str, Any], whole: dict[str, Any] | None, columns: Mapping[str, str]) -> str:
    before = json.loads(row.row)
    after = before | (whole or {}) | dict(changes)
    if unknown := set(after) - set(columns or before):
        raise Trouble(
            f"{row.table} has no column {', '.join(sorted(unknown))}; there are {', '.join(columns or before)}"
        )
    return row.row if after == before else json.dumps(after, ensure_ascii=False)


def _columns(artifacts: Store, run: str, table: str) -> dict[str, str]:
    try:
        return dict(json.loads(artifacts.read(f"quality/run={run}/{table}.json"))["columns"])
    except KeyError:
        return {}


def _refuse_other_mends(quarantine: Store, table: str, name: str, made: Sequence[Release]) -> None:
    """One row has one release: with two it would enter twice."""
    originals = {each.original for each in made}
    for item in quarantine.list(released_key(table)):
        lines = quarantine.read(item.key).decode().splitlines() if name_of(item.key) != name else []
        if originals & {json.loads(line)["original"] for line in lines}:
            raise Trouble(f"some of these rows were released already, with release {name_of(item.key)}: what failed again is in "
                          "quarantine under the run that judged it, and can be mended there")  # fmt: skip


def _check_types(made: Sequence[Release], columns: Mapping[str, str]) -> None:
    import duckdb  # heavy, and only some commands need it

    for each in made:
        try:
            duckdb.execute("SELECT from_json_strict(?, ?)", [each.fixed, json.dumps(columns)]) if columns else None
        except duckdb.Error as error:
            raise Trouble(f"a value does not fit its column: {str(error).partition(chr(10))[0]}") from error


def _asked(quarantine: Store, wanted: Wanted, query: str) -> list[tuple[Any, ...]]:
    import duckdb

    prefix = quarantine_prefix(wanted.run, wanted.table) if wanted.run else "run="
    keys = [item.key for item in quarantine.list(prefix) if not wanted.table or item.key.split("/")[1] == wanted.table]
    if not keys:
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:06}.parquet") for number in range(len(keys))]
        for key, path in zip(keys, paths, strict=True):
            path.write_bytes(quarantine.read(key))
        connection = duckdb.connect()
        connection.execute(f"CREATE VIEW everything AS FROM read_parquet('{folder}/*.parquet', union_by_name = true)")
        connection.execute("CREATE TABLE held AS FROM everything WHERE contains(rule, ?)", [wanted.rule])
        return list(connection.execute(query).fetchall())


def _why_nothing(rows: Sequence[Held]) -> str:
    if not rows:
        return "no such rows are in quarantine: `holdfast quarantine list` says what is"
    if all(row.rule == UNREAD for row in rows):
        return "these could not be read at all: mend them in the file that they came from, and upload it again"
    return "these rows were only warned about: they are in the lake already"
