"""The rules of Intercom's searches: nested AND and OR, and dates that contacts match by whole days."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.local.standins.tables import Rows, Table

Mask = npt.NDArray[np.bool_]
DAY = 86_400
MAX_NESTING = 2
MAX_FILTERS = 15
INSTANTS = ("created_at", "updated_at")
COMPARE: dict[str, Callable[[Any, Any], Mask]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTUAL: dict[str, Callable[[str, str], bool]] = {
    "~": lambda text, part: part in text,
    "!~": lambda text, part: part not in text,
    "^": str.startswith,
    "$": str.endswith,
}


def matching(table: Table, body: dict[str, Any], ahead: int | None) -> Rows:
    """Row numbers that match `query`, sorted as `sort` says (newest change first when it says nothing).

    Moments count by whole days, which begin so many seconds `ahead` of UTC's, or with None to the second.

    Raises ValueError with the sentence for the vendor's 400 body.
    """
    query = body.get("query")
    matched = _match(table, query, ahead, MAX_NESTING) if isinstance(query, dict) else None
    if matched is None:
        raise ValueError("query is missing")
    rows = np.flatnonzero(matched)
    sort = body.get("sort") or {}
    order = np.argsort(_column(table, str(sort.get("field", "updated_at")))[rows], kind="stable")
    return rows[order] if str(sort.get("order", "descending")).startswith("asc") else rows[order[::-1]]


def _match(table: Table, query: dict[str, Any], ahead: int | None, depth: int) -> Mask:
    if query.get("operator") not in ("AND", "OR"):
        return _holds(table, query, ahead)
    parts = query.get("value")
    if not isinstance(parts, list) or not 0 < len(parts) <= MAX_FILTERS or not depth:
        raise ValueError(f"at most {MAX_FILTERS} filters in a group and {MAX_NESTING} levels of groups")
    masks = np.stack([_match(table, part, ahead, depth - 1) for part in parts])
    combine = np.logical_and if query["operator"] == "AND" else np.logical_or
    kept: Mask = combine.reduce(masks)
    return kept


def _holds(table: Table, query: dict[str, Any], ahead: int | None) -> Mask:
    name, sign, value = str(query.get("field")), str(query.get("operator")), query.get("value")
    column = _column(table, name)
    if name in INSTANTS and ahead is not None:
        return _on_days(column + ahead, sign, int(str(value)) + ahead)
    if sign in ("IN", "NIN") and isinstance(value, list):
        inside = np.isin(column, np.array(value, dtype=column.dtype))
        return inside if sign == "IN" else ~inside
    if sign in TEXTUAL and column.dtype.kind == "O":
        return np.array([TEXTUAL[sign](str(each or "").lower(), str(value).lower()) for each in column], bool)
    if sign not in COMPARE:
        raise ValueError(f"operator {sign} is not supported")
    return COMPARE[sign](column, value if column.dtype.kind in "Ob" else int(str(value)))


def _on_days(column: npt.NDArray[np.int64], sign: str, value: int) -> Mask:
    """`>` begins with the next day, `<` ends before the day: the part of the day in `value` counts for nothing."""
    if sign not in ("=", "<", ">"):
        raise ValueError(f"operator {sign} is not supported for dates")
    return COMPARE[sign](column // DAY, value // DAY)


def _column(table: Table, name: str) -> npt.NDArray[Any]:
    if name not in table.data.column_names:
        raise ValueError(f"field {name} is not searchable")
    return table.column(name)
