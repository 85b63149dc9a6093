"""DuckDB as all of the chain opens it, and names and values as SQL."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from holdfast.meter import given

_SHARE = 0.5
"""Of a function's memory: the rest is for Arrow's tables beside the database, Python and libraries."""


def connect() -> duckdb.DuckDBPyConnection:
    """A session for which a time without a zone is UTC, and in which tables and views are temporary: they go with it.

    All sessions of a process are of one database in memory, since that takes thirty times as long to make. Of a function's memory it takes
    half; beyond that it uses the disk. By itself it would take four fifths, and write to where the program lies, which a function must not.
    """
    try:
        return _session(_database(given()))
    except duckdb.FatalException:  # something went so wrong in an earlier session that the database refuses all others
        _database.cache_clear()
        return _session(_database(given()))


@cache
def _database(gigabytes: float) -> duckdb.DuckDBPyConnection:
    limits = {"memory_limit": f"{gigabytes * _SHARE:.3f}GiB"} if gigabytes else {}
    # A folder of its own, made when it is needed: two processes would mix their files up.
    beyond = Path(tempfile.gettempdir(), f"duckdb-{uuid4().hex}")
    # What a session gives back goes back to the system, where Arrow and others can have it; by itself the database keeps some of it.
    gives_back = {"allocator_bulk_deallocation_flush_threshold": "1MB"}
    return duckdb.connect(config={"temp_directory": str(beyond), **gives_back, **limits})


def _session(database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    session = database.cursor()
    session.execute("SET TimeZone = 'UTC'")
    session.execute("SET search_path = 'temp.main'")  # what is not temporary would stay, and is refused so
    return session


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
