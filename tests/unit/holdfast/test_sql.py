"""Whatever a name or a value holds, SQL reads it back as it is."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.sql import literal, quoted

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
