"""Whatever a name or a value holds, SQL reads it back as it is."""

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        "CREATE TABLE held AS SELECT md5(i::VARCHAR) AS text FROM range(1_500_000) AS all_of(i) ORDER BY 1"
    )

    beyond = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert connection.execute("SELECT count(DISTINCT text) FROM held").fetchall() == [(1_500_000,)]
    assert beyond > 1_000_000
    connection.close()
    assert list(tmp_path.iterdir()) == []


def test_two_databases_of_one_process_spill_into_folders_of_their_own(tmp_path: Path) -> None:
    asked = "SELECT current_setting('temp_directory')"

    one, other = (connect().execute(asked).fetchall()[0][0] for _ in range(2))

    assert Path(one).parent == Path(other).parent == Path(tempfile.gettempdir())
    assert one != other


def test_half_of_a_functions_memory_is_the_databases_and_elsewhere_it_takes_what_it_takes_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = "SELECT current_setting('memory_limit')"
    by_itself = duckdb.connect().execute(asked).fetchall()

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096")
    assert connect().execute(asked).fetchall() == [("2.0 GiB",)]

    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    assert connect().execute(asked).fetchall() == by_itself
