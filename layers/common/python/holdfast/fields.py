"""Fields of JSON lines: how they are named, and the DuckDB SQL that takes them out of a line and types them.

A field is named by its steps with dots between; a dot within a step is written `\\.`, a backslash `\\\\`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

EVENT_COLUMNS = ("customer_id", "event_id", "event_time", "known_at", "kind", "module", "account_id")
"""Columns of the table `events` that every source may fill, beside its measures."""
LANDED_COLUMNS = ("customer", "account", "source_file", "line")
"""What landed rows have beside them: no column of a field may be called so."""
MORE = "more"
"""Column that holds, as one JSON object, the fields that have no column of their own: of landed rows all that nothing maps."""

Type = Literal["integer", "number", "flag", "time", "text"]
"""What a column holds. In the table `integer` and `number` are both doubles, so that one may become the other in place."""

EXACT = 1 << 53
"""From here on a double no longer tells whole numbers apart: such a number is kept as text."""
KINDS: dict[Type, tuple[str, ...]] = {
    "integer": ("integer",),
    "number": ("integer", "number"),
    "flag": ("flag",),
    "time": ("time",),
    "text": ("integer", "number", "flag", "time", "text", "list", "long"),
}
"""Type of a column -> the kinds of value that fit it. `list` is JSON text, `long` a whole number beyond `EXACT`."""

_ISO = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"


def field_of(steps: Sequence[str]) -> str:
    """The name of a field."""
    return ".".join(step.replace("\\", "\\\\").replace(".", "\\.") for step in steps)


def steps_of(field: str) -> tuple[str, ...]:
    """The steps of a field, from its name."""
    pieces = re.findall(r"((?:[^.\\]|\\.)*)(\.|$)", field, re.S)
    last = next(number for number, (_, dot) in enumerate(pieces) if not dot)
    return tuple(re.sub(r"\\(.)", r"\1", piece, flags=re.S) for piece, _ in pieces[: last + 1])


def pointer(field: str) -> str:
    """RFC 6901's pointer to a field, as SQL text."""
    return _literal("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps_of(field)))


def without(line: str, fields: Iterable[str]) -> str:
    """SQL for a JSON object without some of its fields (RFC 7396: null takes a field out); `line` is a column."""
    inside: dict[tuple[str, ...], list[str]] = {}
    for *parent, last in map(steps_of, fields):
        inside.setdefault(tuple(parent), []).append(last)
    made = line
    for steps, names in sorted(inside.items()):
        patch: Any = dict.fromkeys(names)
        for step in reversed(steps):
            patch = {step: patch}
        said = _literal(json.dumps(patch, ensure_ascii=False))
        if steps:  # a patch makes the objects that it goes through, where there are none
            said = f"CASE WHEN json_type({line}, {pointer(field_of(steps))}) = 'OBJECT' THEN {said} ELSE '{{}}' END"
        made = f"json_merge_patch({made}, {said})"
    return made


def kind(value: str) -> str:
    """SQL for the kind of a JSON value (see `KINDS`); null for null and for objects, whose fields are fields themselves."""
    text = f"({value} ->> '$')"
    long = f"abs(try_cast({value} AS DOUBLE)) >= {EXACT} AND regexp_full_match({text}, '-?\\d+')"
    whole = f"CASE WHEN {long} THEN 'long' ELSE 'integer' END"
    broken = f"CASE WHEN {long} THEN 'long' WHEN isfinite(try_cast({value} AS DOUBLE)) THEN 'number' ELSE 'text' END"
    said = f"CASE WHEN {_moment(text)} IS NULL THEN 'text' ELSE 'time' END"
    return (
        f"CASE json_type({value}) WHEN 'VARCHAR' THEN {said} WHEN 'BOOLEAN' THEN 'flag' WHEN 'ARRAY' THEN 'list' "
        f"WHEN 'DOUBLE' THEN {broken} WHEN 'BIGINT' THEN {whole} WHEN 'UBIGINT' THEN {whole} END"
    )


def fitted(value: str, type_: Type) -> str:
    """SQL for a JSON value as a column of a type holds it; null where it does not fit."""
    text = f"({value} ->> '$')"
    casts: dict[Type, str] = {
        "integer": f"try_cast({value} AS DOUBLE)",
        "number": f"try_cast({value} AS DOUBLE)",
        "flag": f"try_cast({value} AS BOOLEAN)",
        "time": _moment(text),
        "text": text,
    }
    return f"CASE WHEN {fits(value, type_)} THEN {casts[type_]} END"


def fits(value: str, type_: Type) -> str:
    """SQL that is true where a JSON value fits a type, false where it does not, and null where there is none."""
    return f"({kind(value)}) IN ({', '.join(map(_literal, KINDS[type_]))})"


def _moment(text: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, '{_ISO}') THEN try_cast({text} AS TIMESTAMPTZ) END"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
