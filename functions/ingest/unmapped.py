"""What log lines hold beside the fields that are mapped: one JSON object a line, and what is known of its fields."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import duckdb
import pyarrow as pa

from holdfast.fields import field_of, kind, pointer, without
from holdfast.settings import EventsSource
from holdfast.sql import literal
from ingest.personal import EVIDENCE
from ingest.statements import LINES, mapped

_AT_ONCE = 200
"""Fields that one statement looks into."""
_DEEPEST = 32
"""Steps of a field; what lies deeper is JSON text."""

_KEPT = "INSERT INTO unmapped SELECT {name}, line, {rest} AS more FROM ({lines}) WHERE json_type(raw) = 'OBJECT' AND more <> '{{}}'"
_OBJECTS = (
    "SELECT {first} + row_number() OVER () AS line, json AS raw "
    "FROM read_ndjson_objects({path}, ignore_errors = true, maximum_object_size = 8388608)"
)
_STRUCTURES = "SELECT DISTINCT json_structure(more)::VARCHAR FROM unmapped SEMI JOIN events USING (source_file, line)"
_TOO_DEEP = """
CREATE TEMP TABLE deep AS SELECT source_file, line, more FROM unmapped WHERE try(json_structure(more)) IS NULL;
INSERT INTO rejects
    SELECT 'an object nested too deeply, beside the mapped fields', json_object('line', line, 'text', left(more, 1000))::VARCHAR,
        source_file
    FROM deep SEMI JOIN events USING (source_file, line);
DELETE FROM events WHERE (source_file, line) IN (SELECT source_file, line FROM deep);
DELETE FROM unmapped WHERE (source_file, line) IN (SELECT source_file, line FROM deep);"""
_LOOKED = """
WITH told AS (
    SELECT more, count(*) AS lines FROM unmapped SEMI JOIN events USING (source_file, line) GROUP BY more),
each AS (SELECT lines, unnest({names}) AS field, unnest(json_extract(more, [{pointers}])) AS value FROM told),
kinds AS (SELECT field, lines, {kind} AS kind, value ->> '$' AS said FROM each)
SELECT field, kind, sum(lines)::BIGINT, {evidence} FROM kinds WHERE kind IS NOT NULL GROUP BY ALL ORDER BY ALL"""


class Beside(Protocol):
    """Where a reader puts what its lines hold beside the mapped fields."""

    def chunk(self, path: str, name: str, first: int, lines: int, but: Sequence[int]) -> bool:
        """Keep that of a file of so many lines, of which none is empty, except for some; keep none and say no where they are not as many."""
        ...

    def plain(self, lines: pa.Table, name: str) -> None:
        """Keep that of lines, told as columns `line` and `raw`, that are JSON objects."""
        ...

    def numbered(self, path: str, name: str) -> None:
        """Keep that of lines with numbers before them."""
        ...


class Seen(NamedTuple):
    """A field as a batch has it: lines by kind of value (see `holdfast.fields.KINDS`), and lines by evidence of personal data."""

    field: str
    kinds: dict[str, int]
    evidence: dict[str, int]


class Unmapped:
    """The table `unmapped` (source_file, line, more), beside a table `events` of the lines that can be used."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: EventsSource) -> None:
        self._connection = connection
        self._rest = without("raw", mapped(source))
        connection.execute("CREATE TEMP TABLE unmapped (source_file VARCHAR, line BIGINT, more VARCHAR)")

    def chunk(self, path: str, name: str, first: int, lines: int, but: Sequence[int]) -> bool:
        """See `Beside`."""
        read = _OBJECTS.format(first=first, path=literal(path))
        try:
            counted = self._connection.execute(f"CREATE OR REPLACE TEMP TABLE objects AS {read}").fetchall()[0][0]
        except duckdb.Error:
            return False
        if counted == lines:
            others = f"WHERE line NOT IN ({', '.join(map(str, but))})" if but else ""
            self._keep(name, f"FROM objects {others}")
        return bool(counted == lines)

    def plain(self, lines: pa.Table, name: str) -> None:
        """See `Beside`."""
        self._connection.register("beside", lines)
        self._keep(name, "FROM beside")

    def numbered(self, path: str, name: str) -> None:
        """See `Beside`."""
        lines = LINES.format(path=literal(path))
        self._keep(name, f"SELECT line, CASE WHEN json_valid(raw) THEN raw END AS raw FROM {lines}")

    def take_back(self, name: str) -> None:
        """Forget a file."""
        self._connection.execute("DELETE FROM unmapped WHERE source_file = ?", [name])

    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self._connection.execute("SELECT count(*) FROM (FROM unmapped LIMIT 1)").fetchall()[0][0])

    def seen(self) -> list[Seen]:
        """What is known of each field, by name. Lines nested too deeply to be told of become rejects."""
        try:
            structures = [row[0] for row in self._connection.execute(_STRUCTURES).fetchall()]
        except duckdb.InvalidInputException:
            self._connection.execute(_TOO_DEEP)
            structures = [row[0] for row in self._connection.execute(_STRUCTURES).fetchall()]
        fields = sorted({field_of(steps) for said in structures for steps in _leaves(json.loads(said))})
        return [
            seen for start in range(0, len(fields), _AT_ONCE) for seen in self._looked(fields[start : start + _AT_ONCE])
        ]

    def _keep(self, name: str, lines: str) -> None:
        self._connection.execute(_KEPT.format(name=literal(name), rest=self._rest, lines=lines))

    def _looked(self, fields: Sequence[str]) -> list[Seen]:
        query = _LOOKED.format(
            names="[" + ", ".join(map(literal, fields)) + "]",
            pointers=", ".join(map(pointer, fields)),
            kind=kind("value"),
            evidence=", ".join(f"coalesce(sum(lines) FILTER ({sql}), 0)::BIGINT" for sql in EVIDENCE.values()),
        )
        found: dict[str, Seen] = {}
        for field, sort, lines, *evidence in self._connection.execute(query).fetchall():
            seen = found.setdefault(field, Seen(field, {}, dict.fromkeys(EVIDENCE, 0)))
            seen.kinds[sort] = lines
            for name, counted in zip(EVIDENCE, evidence, strict=True):
                seen.evidence[name] += counted
        return list(found.values())


def _leaves(structure: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field that is no object, down to `_DEEPEST` steps."""
    for step, inner in structure.items() if isinstance(structure, dict) else ():
        here = (*before, step)
        if isinstance(inner, dict) and len(here) < _DEEPEST:
            yield from _leaves(inner, here)
        elif inner != "NULL":
            yield here
