"""What an upgrade is judged by: rows that are missing or twice, and calls that nobody answered."""

from collections import Counter
from typing import Any

import pytest

from benchmarks.chaos_sums import Sums
from benchmarks.upgrade import Held, summed, well

WHOLE: Sums = {"events": Counter(a=1, b=1), "scores": Counter(c=1)}
NOBODY: dict[str, Any] = {"failed_calls": 0, "failed_nights": []}


def told(keys: Sums, rows: Sums = WHOLE) -> dict[str, Any]:
    return summed(Held(rows, keys), Held(WHOLE, WHOLE)) | NOBODY


def test_the_same_rows_are_well() -> None:
    assert well(told(WHOLE))
    assert told(WHOLE)["rows_compared"] == 3


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        pytest.param({**WHOLE, "events": Counter(a=1)}, {"events": [1, 0]}, id="a row is missing"),
        pytest.param({**WHOLE, "events": Counter(a=2, b=1)}, {"events": [0, 1]}, id="a row is there twice"),
        pytest.param({"events": WHOLE["events"]}, {"scores": [1, 0]}, id="a table is gone"),
    ],
)
def test_a_row_that_is_missing_or_twice_is_not_well(keys: Sums, wrong: dict[str, list[int]]) -> None:
    assert told(keys)["wrong"] == wrong
    assert not well(told(keys))


def test_a_table_that_newer_code_has_added_and_rows_that_it_makes_otherwise_are_told_and_well() -> None:
    found = told(WHOLE | {"tags": Counter(d=1)}, {**WHOLE, "scores": Counter(other=1)})

    assert well(found)
    assert found["rows_changed"] == {"scores": 1}


@pytest.mark.parametrize("failed", [{"failed_calls": 1}, {"failed_nights": ["FAILED: NoData"]}])
def test_a_call_that_is_not_answered_and_a_night_that_fails_are_not_well(failed: dict[str, Any]) -> None:
    assert not well(told(WHOLE) | failed)
