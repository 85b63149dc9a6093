"""The profile of a table: of each column what is there, how it spreads, and of events how late they arrive.

How many values differ is approximate (HyperLogLog, a few per cent); quantiles are those of every so-many-th row of each file.
Smallest, largest, quantiles and values are told only where they cannot say who somebody is: by a column's name, or by what is in it.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from holdfast.quarantine import identifying
from holdfast.sql import quoted
from validate.sql import Types, column, kind_of

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SAMPLED = 50_000
"""Rows that quantiles are taken from, at about."""
MOST_VALUES = 32
"""A text with more values than that is described by its lengths: it may be anything."""
TOP = 10
LEAST_ROWS = 5
"""A value that fewer rows have is not shown: it may be somebody's alone."""
_LATE = "INTERVAL 1 DAY"
Profile = dict[str, dict[str, Any]]


def profile(connection: duckdb.DuckDBPyConnection, types: Types, rows: int) -> Profile:
    """Per column of `placed`: type, values that are there, nulls, about how many differ, least, most, quantiles, and of texts
    the lengths (least, middle, most) and, where they are few and nobody's, the most frequent values with their rows."""
    measures = [(name, what, sql) for name, declared in types.items()
                for what, sql in _measures(name, declared, types, max(1, rows // SAMPLED)).items()]  # fmt: skip
    if not measures:
        return {}
    found = connection.execute(f"SELECT {', '.join(sql for *_, sql in measures)} FROM placed").fetchall()[0]
    told: Profile = {name: {"type": declared} for name, declared in types.items()}
    for (name, what, _), value in zip(measures, found, strict=True):
        told[name][what] = value
    for name, said in told.items():
        said["nulls"] = rows - said["there"]
        if kind_of(types[name]) in ("text", "flag") and said["distinct"] <= MOST_VALUES:
            said["top"] = _top(connection, name)
    return told


def lateness(connection: duckdb.DuckDBPyConnection, types: Types, rows: int) -> Mapping[str, Any]:
    """Of a table with `event_time` and `known_at`: the span of its events, quantiles of arrival after the event in seconds, and the
    share of events that arrived more than a day late; nothing of another table."""
    if not {"event_time", "known_at"} <= set(types) or kind_of(types["event_time"]) != "moment":
        return {}
    late = "epoch(known_at - event_time)"
    sample = f"FILTER (WHERE _row % {max(1, rows // SAMPLED)} = 0)"
    names = ("first", "last", "quantiles", "late_share")
    found = connection.execute(
        f"SELECT min(event_time), max(event_time), quantile_disc({late}, {list(QUANTILES)}) {sample}, "
        f"count(*) FILTER (WHERE known_at > event_time + {_LATE}) / nullif(count(event_time), 0) FROM placed"
    ).fetchall()[0]
    return dict(zip(names, found, strict=True))


def _measures(name: str, declared: str, types: Types, step: int) -> dict[str, str]:
    value, kind, sample = column(name, types), kind_of(declared), f"FILTER (WHERE _row % {step} = 0)"
    measures = {"there": f"count({value})", "distinct": f"approx_count_distinct({quoted(name)})"}
    if kind in ("number", "moment") and not identifying(name, ""):
        spread = f"quantile_disc({value}, {list(QUANTILES)}) {sample}"
        return measures | {"least": f"min({value})", "most": f"max({value})", "quantiles": spread}
    if kind == "text":
        length = f"length({value})"
        return measures | {"lengths": f"[min({length}), (median({length}) {sample})::BIGINT, max({length})]"}
    return measures


def _top(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, int]] | None:
    """The most frequent values with their rows; None where they may say who somebody is."""
    found = connection.execute(
        f"SELECT {quoted(name)}::VARCHAR, count(*) AS n FROM placed WHERE {quoted(name)} IS NOT NULL "
        f"GROUP BY ALL ORDER BY n DESC, 1 LIMIT {TOP}"
    ).fetchall()
    if any(identifying(name, value) for value, _ in found):
        return None
    return [(value, count) for value, count in found if count >= LEAST_ROWS]
