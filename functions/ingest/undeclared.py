"""What is known of landed columns that nobody declared: kinds of values and evidence of personal data, for Reconcile to decide on."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from holdfast.fields import Type
from holdfast.privacy import Declared
from holdfast.reading import known
from holdfast.schema import Change, Column, Schema
from holdfast.sql import quoted
from holdfast.store import Store, read_json, write_json
from ingest.evolution import Decision, concluded, together, type_of
from ingest.personal import EVIDENCE, suspected
from ingest.unmapped import Seen

_KINDS: dict[str, Type] = {"VARCHAR": "text", "BOOLEAN": "flag", "TIMESTAMP WITH TIME ZONE": "time", "DATE": "time"}
_LOOKED = """
SELECT count(*), {evidence} FROM (
    SELECT regexp_replace({name}::VARCHAR, '^(-?\\d+)\\.0$', '\\1') AS said, '{kind}' AS kind
    FROM ({query}) WHERE {name} IS NOT NULL)"""


def look(
    artifacts: Store, run: str, declared: Declared, connection: duckdb.DuckDBPyConnection, query: str, part: int
) -> None:
    """Look at the undeclared columns of the rows of a query, one part of a stream; where there are none, nothing is written."""
    types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall()}
    others = [name for name in types if not name.startswith("_") and not declared.of(name)]
    if others:
        seen = [_seen(connection, query, name, _KINDS.get(types[name], "number")) for name in others]
        said = [each._asdict() for each in seen if each.kinds]
        write_json(artifacts, f"{columns_prefix(run)}{declared.name}/{part:05}.json", said)


def columns_prefix(run: str) -> str:
    """Where a run keeps what was seen of columns."""
    return f"work/{run}/columns/"


def columns_seen(artifacts: Store, run: str) -> dict[str, list[Seen]]:
    """What the run saw of undeclared columns, by name of the stream (see `Declared.name`)."""
    found: dict[str, list[Seen]] = {}
    for item in artifacts.list(columns_prefix(run)):
        name = item.key.removeprefix(columns_prefix(run)).partition("/")[0]
        found.setdefault(name, []).extend(known(Seen, each) for each in read_json(artifacts, item.key))
    return found


def columns_decided(run: str, declared: Declared, seen: Iterable[Seen], before: Schema) -> Decision:
    """Which undeclared columns of a stream enter. One that was let in stays, and one that was withheld waits for its declaration."""
    columns = [each for each in before.columns if not declared.of(each.field)]
    withheld = {name: why for name, why in before.withheld.items() if not declared.of(name)}
    changes: list[Change] = []
    for each in together(seen):
        if each.field in {column.field for column in columns} or each.field in withheld or declared.of(each.field):
            continue
        if why := suspected(each.field, each.kinds, each.evidence):
            withheld[each.field] = why
            changes.append(Change(run, before.source, each.field, "", "", "", "withheld_column", why))
        else:
            type_ = type_of(each.kinds)
            columns.append(Column(each.field, each.field, type_, run))
            changes.append(Change(run, before.source, each.field, each.field, "", type_, "new"))
    return concluded(before, changes, [], columns=tuple(columns), withheld=withheld)


def _seen(connection: duckdb.DuckDBPyConnection, query: str, name: str, kind: Type) -> Seen:
    evidence = ", ".join(f"count(*) FILTER ({sql})" for sql in EVIDENCE.values())
    asked = _LOOKED.format(evidence=evidence, name=quoted(name), kind=kind, query=query)
    counted, *found = _first(connection.execute(asked).fetchall())
    return Seen(name, {kind: counted} if counted else {}, dict(zip(EVIDENCE, found, strict=True)))


def _first(rows: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(each) for each in rows[0])
