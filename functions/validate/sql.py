"""SQL that expectations are put together from: names, values, and what kinds of values go together."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal

import duckdb

from holdfast.sql import literal, quoted

Kind = Literal["number", "text", "moment", "flag", "nothing", "other"]
Types = dict[str, str]
"""Columns of a table with DuckDB's names of their types."""

_MOMENTS = ("DATE", "TIMESTAMP")
_FLOATS = ("FLOAT", "DOUBLE")


class UnjudgeableError(Exception):
    """When an expectation asks of a column what values of its type cannot answer."""


def kind_of(declared: str) -> Kind:
    """What values of a DuckDB type are."""
    if declared.startswith(_MOMENTS):
        return "moment"
    if declared.endswith("]"):
        return "other"
    if (
        declared.startswith((*_FLOATS, "DECIMAL"))
        or declared.removeprefix("U").endswith("INT")
        or "INTEGER" in declared
    ):
        return "number"
    return {"VARCHAR": "text", "BOOLEAN": "flag", '"NULL"': "nothing"}.get(declared, "other")  # type: ignore[return-value]


def column(name: str, types: Types) -> str:
    """A column's value as SQL. Not a number is null, as it is to Great Expectations."""
    return f"nullif({quoted(name)}, 'nan')" if types[name] in _FLOATS else quoted(name)


def comparable(name: str, types: Types, value: Any) -> tuple[str, str]:
    """A column and a value as SQL that can be put in an order.

    Raises:
        UnjudgeableError: values of such types have no order.
    """
    kind, sql = kind_of(types[name]), column(name, types)
    if kind == "nothing":
        return "NULL::INTEGER", "NULL::INTEGER"
    if kind == "number" and isinstance(value, int | float):
        return sql, literal(value)
    if kind == "flag" and isinstance(value, int | float):
        return f"{sql}::INTEGER", literal(float(value))
    if kind == "moment" and _is_time(value):
        return _moment(sql, types[name]), _moment(f"{literal(value)}::TIMESTAMPTZ", types[name])
    if kind == "text" and isinstance(value, str):
        return sql, literal(value)
    raise UnjudgeableError(f"column {name} is {types[name]}, which has no order with {value!r}")


def _moment(sql: str, declared: str) -> str:
    """A time as its column's type can be compared: turning every row into UTC would cost more than the comparison."""
    return f"{sql}::TIMESTAMPTZ" if declared.endswith("ZONE") else f"{sql}::TIMESTAMP"


def text(name: str, types: Types) -> str:
    """A column's values as Python writes them."""
    if kind_of(types[name]) == "flag":
        return f"CASE WHEN {quoted(name)} THEN 'True' WHEN NOT {quoted(name)} THEN 'False' END"
    return f"{column(name, types)}::VARCHAR"


def numeric(name: str, types: Types) -> str:
    """A column as numbers, flags as 0 and 1.

    Raises:
        UnjudgeableError: it holds no numbers.
    """
    kind = kind_of(types[name])
    if kind == "number":
        return column(name, types)
    if kind in ("flag", "nothing"):
        return f"{quoted(name)}::INTEGER"
    raise UnjudgeableError(f"column {name} is {types[name]}, not a number")


def same_kind(names: Sequence[str], types: Types) -> list[str]:
    """Columns as SQL that can be compared with each other.

    Raises:
        UnjudgeableError: their types differ in kind.
    """
    kinds = {kind_of(types[name]) for name in names} - {"nothing"}
    if kinds <= {"number", "flag"}:
        return [numeric(name, types) for name in names]
    if len(kinds) > 1:
        told = ", ".join(f"{name} is {types[name]}" for name in names)
        raise UnjudgeableError(f"values of these types cannot be compared: {told}")
    if kinds == {"moment"}:
        zoned = next((types[name] for name in names if types[name].endswith("ZONE")), "TIMESTAMP")
        return [_moment(column(name, types), zoned) for name in names]
    return [column(name, types) for name in names]


def among(name: str, types: Types, values: Iterable[Any]) -> str:
    """SQL that is true where a column's value is one of some values, and never null; those of another kind equal nothing."""
    return f"coalesce({one_of(name, types, values)}, false)"


def one_of(name: str, types: Types, values: Iterable[Any]) -> str:
    """The same, but null where the column is."""
    kind, sql = kind_of(types[name]), column(name, types)
    fitting = [value for value in values if _fits(kind, value)]
    if not fitting:
        return f"({sql} IS NULL AND NULL)"
    if kind == "moment":
        listed = ", ".join(_moment(f"{literal(value)}::TIMESTAMPTZ", types[name]) for value in fitting)
        return f"({_moment(sql, types[name])} IN ({listed}))"
    sql = f"{sql}::INTEGER" if kind == "flag" else sql
    listed = ", ".join(literal(float(value) if kind == "flag" else value) for value in fitting)
    return f"({sql} IN ({listed}))"


def _fits(kind: Kind, value: Any) -> bool:
    if kind in ("number", "flag"):
        return isinstance(value, int | float) and value == value
    return (kind == "text" and isinstance(value, str)) or (kind == "moment" and _is_time(value))


def _is_time(value: Any) -> bool:
    told = str(value) if isinstance(value, str | date) else None
    return bool(duckdb.execute("SELECT try_cast(? AS TIMESTAMPTZ) IS NOT NULL", [told]).fetchall()[0][0])
