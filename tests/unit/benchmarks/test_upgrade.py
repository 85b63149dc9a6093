"""What an upgrade is judged by: rows that are missing or twice, and calls that nobody answered."""

import tomllib
from collections import Counter
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from benchmarks import upgrade_callers
from benchmarks.chaos_sums import Sums
from benchmarks.upgrade import Held, summed, well
from benchmarks.upgrade_callers import Caller
from benchmarks.upgrade_code import Code
from infra.cli import api
from infra.trouble import Trouble

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


def test_a_version_is_configured_by_its_own_file_and_only_made_small(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text('timezone = "UTC"\n[sources.crm]\nkind = "hubspot"\n[training]\nseed = 3\n')

    Code(tmp_path).configured(tmp_path / "small.toml", 4600)

    said = tomllib.loads((tmp_path / "small.toml").read_text())
    assert (said["timezone"], said["training"]["seed"]) == ("UTC", 3)
    assert said["sources"]["crm"]["base_url"] == "http://127.0.0.1:4601"
    assert set(said) == {"timezone", "sources", "run", "training", "promotion"}


def test_who_calls_counts_answers_and_why_there_was_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    fourth = Event()

    def answer(_deployment: object, path: str) -> None:
        asked.append(path)
        if len(asked) == 4:
            fourth.set()
        if len(asked) % 2:
            raise Trouble("the scoring API answers 500: broken")

    monkeypatch.setattr(api, "get", answer)
    monkeypatch.setattr(upgrade_callers, "PAUSE", 0.001)
    with Caller([(None, "k1_a"), (None, "k1_b")]) as caller:  # type: ignore[list-item]
        fourth.wait()
    told = caller.told()

    assert asked[:3] == ["customers/k1_a/score", "customers/k1_b/score", "customers/k1_a/score"]
    assert told["calls"] == len(asked)
    assert told["failures"] == {"the scoring API answers 500: broken": told["failed_calls"]}
    assert told["failed_calls"] == (len(asked) + 1) // 2
