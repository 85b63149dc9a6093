"""Cheaper ways to the same counts: a column of few values is asked by value, and whole numbers are told apart by one bit each."""

from collections.abc import Iterable

import duckdb

from holdfast.sql import quoted
from validate.sql import Types, kind_of

SAMPLE = 8192
"""Rows by which a column is taken to have few values; being wrong costs time only."""
FEW = 256
_DENSE = 16
"""Whole numbers that may lie between two keys on average for a bitmap to be the smaller table."""


def few_valued(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> set[str]:
    """Columns of the relation `rows` that seem to have few values."""
    columns = sorted(set(names))
    if not columns:
        return set()
    sample = f"SELECT {', '.join(map(quoted, columns))} FROM rows LIMIT {SAMPLE}"
    counts = ", ".join(f"count(DISTINCT {quoted(name)})" for name in columns)
    found = connection.execute(f"SELECT {counts} FROM ({sample})").fetchall()[0]
    return {name for name, distinct in zip(columns, found, strict=True) if distinct <= FEW}


def by_value(name: str) -> str:
    """Name of the relation that has each value of a column once, with the number of its rows as `weight` calls it."""
    return quoted(f"values of {name}")


def weight(name: str) -> str:
    """The number of rows; no column of the table can be called so beside the one that is asked."""
    return quoted(f"rows with {name}")


def values(name: str) -> str:
    """That relation as a part of WITH."""
    counted = f"SELECT {quoted(name)}, count(*) AS {weight(name)} FROM rows GROUP BY ALL"
    return f"{by_value(name)} AS MATERIALIZED ({counted})"


def dense(connection: duckdb.DuckDBPyConnection, names: Iterable[str], types: Types) -> set[str]:
    """Columns of whole numbers from zero on that lie closely together; their bounds stand in the files' own statistics."""
    whole = sorted(name for name in set(names) if kind_of(types[name]) == "number" and "INT" in types[name])
    if not whole:
        return set()
    asked = ", ".join(f"min({quoted(name)}), max({quoted(name)}), count({quoted(name)})" for name in whole)
    found = iter(connection.execute(f"SELECT {asked} FROM rows").fetchall()[0])
    bounds = zip(whole, zip(found, found, found, strict=True), strict=True)
    return {name for name, (low, high, there) in bounds
            if there and low >= 0 and high < 2**63 and high - low <= _DENSE * there}  # fmt: skip


def repeating_blocks(key: str, counts: str) -> str:
    """SQL that is true for a key within 64 neighbours of which one repeats: their rows are more than their distinct bits."""
    block = f"({key})::UBIGINT >> 6"
    seen = f"bit_count(bit_or(1::UBIGINT << (({key})::UBIGINT & 63)))"
    return f"{block} IN (SELECT {block} FROM rows WHERE {counts} GROUP BY ALL HAVING count(*) > {seen})"
