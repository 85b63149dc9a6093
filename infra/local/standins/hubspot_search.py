"""The rules of `POST …/search`: groups are OR'ed, filters in a group AND'ed, nothing beyond 10,000."""

import operator
import re
from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.local.standins.hubspot_records import COLUMN_OF
from infra.local.standins.hubspot_schema import PROPERTIES
from infra.local.standins.tables import Rows, Table

MAX_GROUPS = 5
MAX_FILTERS_IN_GROUP = 6
MAX_FILTERS = 18
LONGEST_QUERY = 3000
Column = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

COMPARE: dict[str, Callable[[Any, Any], Mask]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}


def matching(kind: str, table: Table, body: dict[str, Any]) -> Rows:
    """Row numbers in the order asked for (by id when nothing is).

    Raises ValueError with the sentence for the vendor's 400 body.
    """
    groups = _groups(body)
    query = str(body.get("query") or "")
    if len(query) > LONGEST_QUERY:
        raise ValueError(f"query is longer than {LONGEST_QUERY} characters")
    kept = np.zeros(len(table), dtype=bool) if groups else np.ones(len(table), dtype=bool)
    for group in groups:
        kept |= _all_of(kind, table, group.get("filters", []))
    rows = np.flatnonzero(kept & _mentions(kind, table, query.lower()) if query else kept)
    return _sorted(kind, table, rows, body.get("sorts") or [])


def _all_of(kind: str, table: Table, filters: list[dict[str, Any]]) -> Mask:
    kept = np.ones(len(table), dtype=bool)
    for each in filters:
        kept &= _holds(_column(kind, table, str(each.get("propertyName"))), each)
    return kept


def _holds(column: Column, each: dict[str, Any]) -> Mask:
    """A record without the property is found by NOT_HAS_PROPERTY, NEQ, NOT_IN and NOT_CONTAINS_TOKEN only."""
    name = str(each.get("operator"))
    there = np.array([value is not None for value in column]) if column.dtype == object else np.ones(len(column), bool)
    if name in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return there if name == "HAS_PROPERTY" else ~there
    filled = np.where(there, column, "") if column.dtype == object else column
    positive = {"NEQ": "EQ", "NOT_IN": "IN", "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN"}.get(name)
    return ~(there & _positive(filled, positive, each)) if positive else there & _positive(filled, name, each)


def _positive(column: Column, name: str, each: dict[str, Any]) -> Mask:
    if name in COMPARE:
        return np.asarray(COMPARE[name](column, _like(column, _given(each, "value"))), bool)
    if name == "BETWEEN":
        low, high = _like(column, _given(each, "value")), _like(column, _given(each, "highValue"))
        return np.asarray(np.logical_and(COMPARE["GTE"](column, low), COMPARE["LTE"](column, high)), bool)
    if name == "IN":
        return np.isin(column, np.array([_like(column, v) for v in _given(each, "values")], dtype=column.dtype))
    if name == "CONTAINS_TOKEN":
        return np.array([_has_token(str(value), str(_given(each, "value"))) for value in column], bool)
    raise ValueError(f"operator {name} is not supported")


def _given(each: dict[str, Any], name: str) -> Any:
    if each.get(name) is None:
        raise ValueError(f"operator {each.get('operator')} requires {name}")
    return each[name]


def _has_token(text: str, pattern: str) -> bool:
    """Words are matched whole and without case; `*` stands for any letters."""
    words = [text.lower(), *re.split(r"[^\w*]+", text.lower())]
    return any(fnmatchcase(word, pattern.lower()) for word in words)


def _mentions(kind: str, table: Table, query: str) -> Mask:
    """Records one of whose texts contains the query."""
    named = [COLUMN_OF.get(name, name) for name, (type_, _) in PROPERTIES[kind].items() if type_ == "string"]
    columns = [table.data[name].to_pylist() for name in named]
    return np.array([any(query in (v or "").lower() for v in row) for row in zip(*columns, strict=True)], bool)


def _groups(body: dict[str, Any]) -> list[dict[str, Any]]:
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    sizes = [len(group.get("filters", [])) for group in groups]
    if len(groups) > MAX_GROUPS or sum(sizes) > MAX_FILTERS or max(sizes, default=0) > MAX_FILTERS_IN_GROUP:
        raise ValueError(
            f"too many filters: at most {MAX_GROUPS} groups of {MAX_FILTERS_IN_GROUP}, and {MAX_FILTERS} filters"
        )
    return groups


def _column(kind: str, table: Table, name: str) -> Column:
    if kind == "contacts" and name == "hs_lastmodifieddate":
        # Contacts have this property and nothing in it: a search by it finds nobody, without an error.
        return np.full(len(table), None, dtype=object)
    if name not in PROPERTIES[kind]:
        raise ValueError(f"There was a problem with the request. Property {name} does not exist")
    column = table.column(COLUMN_OF.get(name, name))
    return column.astype(np.int64) if name == "hs_object_id" else column


def _like(column: Column, value: Any) -> Any:
    """A filter's value (text, epoch milliseconds or ISO) as the column holds it."""
    if column.dtype.kind not in "if":
        return str(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return datetime.fromisoformat(str(value)).timestamp() * 1000


def _sorted(kind: str, table: Table, rows: Rows, sorts: list[Any]) -> Rows:
    if len(sorts) > 1:
        raise ValueError("only one sort is supported")
    if not sorts:
        return rows
    wanted = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": str(sorts[0])}
    column = _column(kind, table, str(wanted.get("propertyName")))[rows]
    order = np.argsort(np.where(column == None, "", column) if column.dtype == object else column, kind="stable")  # noqa: E711
    return rows[order[::-1]] if wanted.get("direction") == "DESCENDING" else rows[order]
