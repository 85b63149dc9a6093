"""Fields of log lines that nothing maps become columns: what landed as one JSON object a row, typed as the schema says."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from holdfast.fields import MORE, fits, fitted, pointer, without
from holdfast.schema import Column, Schema, decided_schema
from holdfast.settings import EventsSource, Settings
from holdfast.sql import quoted
from holdfast.store import Store
from holdfast.tables import NUMBER, TEXT, TIME

ARROW = {"integer": NUMBER, "number": NUMBER, "flag": pa.bool_(), "time": TIME, "text": TEXT}
_SQL = {"integer": "DOUBLE", "number": "DOUBLE", "flag": "BOOLEAN", "time": "TIMESTAMPTZ", "text": "VARCHAR"}


def schemas(run: str, settings: Settings, artifacts: Store) -> dict[str, Schema]:
    """Each events source's schema as the run decided it, or else the newest."""
    return {name: decided_schema(artifacts, run, name) for name in settings.of_kind("events")}


def columns(held: Iterable[Schema]) -> pa.Schema:
    """The columns that these schemas give the table `events`, in the order of their names."""
    found = {each.column: ARROW[each.type] for schema in held for each in schema.columns}
    if any(schema.folded for schema in held):
        found[MORE] = TEXT
    return pa.schema(sorted(found.items()))


def selected(relation: str, landed: Sequence[str], schema: Schema, source: EventsSource) -> str:
    """SELECT of landed rows with the columns of a schema in place of `more`."""
    if MORE not in landed:
        return f"SELECT * FROM {relation}"
    paths = ", ".join(pointer(each.field) for each in schema.columns)
    values = f", json_extract({MORE}, [{paths}]) AS _values" if paths else ""
    typed = [
        f"{_typed(each, f'_values[{place}]')} AS {quoted(each.column)}" for place, each in enumerate(schema.columns, 1)
    ]
    if schema.folded:
        left = without(MORE, {*(each.field for each in schema.columns), *schema.withheld, *source.ignore})
        typed.append(f"nullif(({left})::VARCHAR, '{{}}') AS {MORE}")
    dropped = f"{MORE}, _values" if values else MORE
    made = "".join(f", {each}" for each in typed)
    return f"SELECT * EXCLUDE ({dropped}){made} FROM (SELECT *{values} FROM {relation})"


def _typed(column: Column, value: str) -> str:
    held = fitted(value, column.type)
    if column.beside:
        held = f"CASE WHEN NOT ({fits(value, column.beside)}) THEN {held} END"
    return f"({held})::{_SQL[column.type]}"
