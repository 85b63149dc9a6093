"""DuckDB as all of the chain opens it, and names and values as SQL."""

import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from holdfast.meter import given

_SHARE = 0.5
"""Of a function's memory: the rest is for Arrow's tables beside the database, Python and libraries."""


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory for which a time without a zone is UTC. Of a function's memory it takes half; beyond that it uses the disk.

    By itself it would take four fifths, and write to where the program lies, which a function must not.
    """
    limits = {"memory_limit": f"{given() * _SHARE:.3f}GiB"} if given() else {}
    # A folder of its own, made when it is needed and removed with the database: two of them would mix their files up.
    beyond = Path(tempfile.gettempdir(), f"duckdb-{uuid4().hex}")
    connection = duckdb.connect(config={"temp_directory": str(beyond), **limits})
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
