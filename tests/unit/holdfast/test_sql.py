"""Whatever a name or a value holds, SQL reads it back as it is."""

import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import sql
from holdfast.sql import connect, literal, quoted

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@given(TEXTS.filter(bool))
def test_a_name_is_one_name(name: str) -> None:
    assert duckdb.execute(f"SELECT 1 AS {quoted(name)}").description[0][0] == name


@given(st.one_of(TEXTS, st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False)))
def test_a_value_comes_back(value: object) -> None:
    [back] = duckdb.execute(f"SELECT {literal(value)}").fetchone() or [None]

    assert (float(back) if isinstance(value, float) else back) == value


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinity_is_a_number(value: float) -> None:
    assert duckdb.execute(f"SELECT {literal(value)}").fetchone() == (value,)


def test_what_is_larger_than_a_functions_memory_goes_to_the_disk_wherever_the_program_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a function's program lies nothing can be written: as in /proc here."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "96")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir("/proc")
    connection = connect()
    connection.execute("SET threads = 1")

    connection.execute(
        "CREATE TEMP TABLE held AS SELECT md5(i::VARCHAR) AS text FROM range(1_500_000) AS all_of(i) ORDER BY 1"
    )

    beyond = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert connection.execute("SELECT count(DISTINCT text) FROM held").fetchall() == [(1_500_000,)]
    assert beyond > 1_000_000
    connection.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 100] == []


def test_sessions_see_nothing_of_each_other_and_leave_nothing() -> None:
    asked = "SELECT table_name FROM information_schema.tables"
    one, other = connect(), connect()
    one.execute("CREATE TEMP TABLE held AS SELECT 1 AS x")
    other.execute("CREATE TEMP VIEW held AS SELECT 2 AS x")
    other.register("more", pa.table({"x": [3]}))

    assert [each.execute("FROM held").fetchall() for each in (one, other)] == [[(1,)], [(2,)]]
    assert connect().execute(asked).fetchall() == []
    del one, other
    assert connect().execute(asked).fetchall() == []


@pytest.mark.parametrize("what", ["TABLE", "VIEW"])
def test_what_would_outlive_its_session_is_refused(what: str) -> None:
    with pytest.raises(duckdb.Error, match="Only TEMPORARY table names"):
        connect().execute(f"CREATE {what} held AS SELECT 1 AS x")


def test_a_database_that_refuses_everything_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No way is known to bring DuckDB itself there: this one says what it would say."""

    class Invalidated:
        def cursor(self) -> None:
            raise duckdb.FatalException("database has been invalidated")

    made, real = [Invalidated()], duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda **config: made.pop() if made else real(**config))
    sql._database.cache_clear()

    assert connect().execute("SELECT 1").fetchall() == [(1,)]
    assert made == []


def test_half_of_a_functions_memory_is_the_databases_and_elsewhere_it_takes_what_it_takes_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = "SELECT current_setting('memory_limit')"
    by_itself = duckdb.connect().execute(asked).fetchall()

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096")
    assert connect().execute(asked).fetchall() == [("2.0 GiB",)]

    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    assert connect().execute(asked).fetchall() == by_itself
