"""The rules of `POST …/search`: groups are OR'ed, filters in a group AND'ed, nothing beyond 10,000."""

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.local.standins.hubspot_records import COLUMN_OF, PROPERTIES
from infra.local.standins.tables import Rows, Table

MAX_GROUPS = 6
MAX_FILTERS = 18
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
    groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
    if len(groups) > MAX_GROUPS or sum(len(g.get("filters", [])) for g in groups) > MAX_FILTERS:
        raise ValueError(f"too many filters: at most {MAX_GROUPS} groups and {MAX_FILTERS} filters")
    kept = np.zeros(len(table), dtype=bool) if groups else np.ones(len(table), dtype=bool)
    for group in groups:
        kept |= _all_of(kind, table, group.get("filters", []))
    rows = np.flatnonzero(kept)
    return _sorted(kind, table, rows, body.get("sorts") or [])


def _all_of(kind: str, table: Table, filters: list[dict[str, Any]]) -> Mask:
    kept = np.ones(len(table), dtype=bool)
    for each in filters:
        kept &= _holds(_column(kind, table, str(each.get("propertyName"))), each)
    return kept


def _holds(column: Column, each: dict[str, Any]) -> Mask:
    name = str(each.get("operator"))
    if name in COMPARE:
        return COMPARE[name](column, _like(column, each.get("value")))
    if name == "BETWEEN":
        low, high = _like(column, each.get("value")), _like(column, each.get("highValue"))
        return np.logical_and(COMPARE["GTE"](column, low), COMPARE["LTE"](column, high))
    if name in ("IN", "NOT_IN"):
        inside = np.isin(column, [_like(column, v) for v in each.get("values", [])])
        return inside if name == "IN" else ~inside
    if name in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return np.full(len(column), name == "HAS_PROPERTY")
    raise ValueError(f"operator {name} is not supported")


def _column(kind: str, table: Table, name: str) -> Column:
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
    order = np.argsort(_column(kind, table, wanted["propertyName"])[rows], kind="stable")
    return rows[order[::-1]] if wanted.get("direction") == "DESCENDING" else rows[order]
