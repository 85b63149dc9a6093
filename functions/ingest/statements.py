"""The SQL that reads log lines: one statement that is quick and may refuse, one that answers for every line."""

from collections.abc import Iterable
from typing import Any

from holdfast.settings import EventsSource
from holdfast.sql import literal, quoted
from ingest import casts

LINES = (
    "read_csv({path}, columns = {{line: 'BIGINT', raw: 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', "
    "header = false, auto_detect = false, strict_mode = false, max_line_size = 8388608)"
)
_QUICK = (
    "read_json({path}, format = 'newline_delimited', records = true, auto_detect = false, columns = {columns}, "
    "maximum_object_size = 8388608, ignore_errors = true)"
)

# A blank before or behind; and a number with an exponent, which the two readers spell differently (and no longer than this).
_ODD = " OR {text} < '!' OR suffix({text}, ' ') OR CASE WHEN strlen({text}) > 25 THEN false ELSE contains({text}, 'e+') END"


def exact(source: EventsSource, path: str, name: str) -> str:
    """SELECT for numbered lines: the row's columns, and `reason` and `raw` where the line cannot be used; empty lines are no rows."""
    paths = mapped(source)
    extracted = ", ".join(_json_path(each) for each in paths)
    texts = {each: f"v[{number + 1}]" for number, each in enumerate(paths)}
    reason = _reason(source, texts[source.fields.time])
    return f"""
WITH numbered AS (FROM {LINES.format(path=literal(path))}),
parsed AS (SELECT line, raw, try(json_extract_string(raw, [{extracted}])) AS v FROM numbered WHERE trim(raw) <> ''),
rows AS (SELECT line, raw, v, {_columns(source, texts, casts.text, "v")} FROM parsed)
SELECT {", ".join(names(source))}, {literal(name)} AS source_file, line, {reason} AS reason,
    CASE WHEN {reason} IS NOT NULL THEN raw END AS raw
FROM rows"""


def quick(source: EventsSource, path: str, name: str, first: int, known: Iterable[str] = ()) -> str | None:
    """SELECT for a chunk: the same columns, `fields` (how many of all `known` fields the line has), and `doubtful`.

    A line that is no JSON object gives a row of nulls, so `doubtful`; an empty one gives none. None where the mapping
    does not allow it.
    """
    paths = mapped(source)
    tree = _tree([*paths, *known])
    if tree is None or not all(_at(tree, each) == {} for each in paths):
        return None
    texts = {each: f"t{number}" for number, each in enumerate(paths)}
    read = ", ".join(f"{_value(each)} AS {text}" for each, text in texts.items())
    odd = "".join(_ODD.format(text=texts[each]) for each in _texts(source))
    fields = " + ".join(f"({_value(each)} IS NOT NULL)::USMALLINT" for each in _nodes(tree))
    columns = "{" + ", ".join(f"{quoted(step)}: {literal(_type(inner))}" for step, inner in tree.items()) + "}"
    return f"""
SELECT {", ".join(names(source))}, {literal(name)} AS source_file, line, fields,
    coalesce(odd, false) OR customer IS NULL OR event_time IS NULL AS doubtful
FROM (
    SELECT {_columns(source, texts, str, f"[{', '.join(texts.values())}]")}, line, fields, false{odd} AS odd
    FROM (
        SELECT {read}, {first} + row_number() OVER () AS line, {fields} AS fields
        FROM {_QUICK.format(path=literal(path), columns=columns)} AS r))"""


def names(source: EventsSource) -> list[str]:
    """Columns of a row, as SQL."""
    account = ["account"] if source.fields.account else []
    return ["event_id", "customer", *account, "event_time", "known_at", "kind", "module", *map(quoted, source.measures)]


def mapped(source: EventsSource) -> list[str]:
    """The fields of a line that are read, in the order in which a line without an id is told from others by them."""
    fields = source.fields
    wanted = [fields.customer, fields.time, fields.arrival, fields.id, fields.kind, fields.module, fields.account]
    return [path for path in (*wanted, *source.measures.values()) if path is not None]


def _columns(source: EventsSource, texts: dict[str, str], text: Any, listed: str) -> str:
    """The row's columns; `text` makes a blank null, `listed` is all mapped values, which identify a line without an id."""
    fields = source.fields

    def said(path: str | None) -> str:
        return texts[path] if path is not None else "NULL::VARCHAR"

    measures = "".join(f", {casts.number(said(path))} AS {quoted(m)}" for m, path in source.measures.items())
    return f"""
    coalesce({text(said(fields.id))}, left(sha256(to_json({listed})::VARCHAR), 32)) AS event_id,
    {text(said(fields.customer))} AS customer, {casts.moment(said(fields.time))} AS event_time,
    greatest(event_time, {casts.moment(said(fields.arrival))}) AS known_at,
    {text(said(fields.kind))} AS kind, {text(said(fields.module))} AS module, {text(said(fields.account))} AS account{measures}"""


def _texts(source: EventsSource) -> list[str]:
    fields = source.fields
    return [
        path for path in (fields.id, fields.customer, fields.kind, fields.module, fields.account) if path is not None
    ]


def _reason(source: EventsSource, time: str) -> str:
    customer, at = literal(source.fields.customer)[1:-1], literal(source.fields.time)[1:-1]
    return f"""CASE WHEN v IS NULL THEN 'not JSON' WHEN json_type(raw) <> 'OBJECT' THEN 'not a JSON object'
    WHEN customer IS NULL THEN 'no customer in field {customer}' WHEN {time} IS NULL THEN 'no time in field {at}'
    WHEN event_time IS NULL THEN 'not a time in field {at}: ' || left({time}, 60) END"""


def _json_path(field: str) -> str:
    return literal("$" + "".join(f'."{step}"' for step in field.split(".")))


def _value(field: str) -> str:
    return "r." + ".".join(quoted(step) for step in field.split("."))


def _tree(paths: Iterable[str]) -> dict[str, Any] | None:
    """Fields by steps, a leaf has none; None where names differ in case only, which no table can hold."""
    tree: dict[str, Any] = {}
    for path in paths:
        at = tree
        for step in path.split("."):
            at = at.setdefault(step, {})
    return tree if _distinct(tree) else None


def _distinct(tree: dict[str, Any]) -> bool:
    return len({step.casefold() for step in tree}) == len(tree) and all(map(_distinct, tree.values()))


def _at(tree: dict[str, Any], path: str) -> dict[str, Any]:
    for step in path.split("."):
        tree = tree[step]
    return tree


def _type(tree: dict[str, Any]) -> str:
    if not tree:
        return "VARCHAR"
    return "STRUCT(" + ", ".join(f"{quoted(step)} {_type(inner)}" for step, inner in tree.items()) + ")"


def _nodes(tree: dict[str, Any], before: str = "") -> list[str]:
    """Every field, objects included."""
    found = []
    for step, inner in tree.items():
        found += [before + step, *_nodes(inner, f"{before}{step}.")]
    return found
