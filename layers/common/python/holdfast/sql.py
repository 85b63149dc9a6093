"""DuckDB as all of the chain opens it, and names and values as SQL."""

from typing import Any

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory for which a time without a zone is UTC."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def quoted(name: str) -> str:
    """A name as SQL, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as SQL: flags, numbers (infinite ones too) and text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return f"'{value}'::DOUBLE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
