"""The report's tables in the lake."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from report.moves import week_before
from tests.doubles.company import NOW, a_week_before, people
from tests.doubles.pages import Nights, two_nights

TABLES = ("score_reasons", "segments", "changes")
PEOPLE = 120


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    made = Nights.begun(tmp_path_factory.mktemp("lake"), PEOPLE)
    for when, features in two_nights(PEOPLE):
        made.night(when, features)
    return made


def held(nights: Nights, table: str) -> pa.Table:
    found = nights.lake.read(table)
    assert found is not None
    return found


def test_reasons_are_the_scores_own_a_row_each_for_every_night(nights: Nights) -> None:
    scores, told = held(nights, "scores"), held(nights, "score_reasons")
    tonight = told.filter(pc.equal(told["as_of"], pa.scalar(NOW, told["as_of"].type)))

    first = scores.slice(0, 1).to_pylist()[0]
    rows = tonight.filter(pc.equal(tonight["customer_id"], first["customer_id"])).sort_by("rank").to_pylist()
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    assert [{name: row[name] for name in first["reasons"][0]} for row in rows] == first["reasons"]
    assert tonight.num_rows == pc.sum(pc.list_value_length(scores["reasons"])).as_py()
    assert len(set(told["as_of"].to_pylist())) == 2


def test_segments_add_up_to_all_who_were_scored(nights: Nights) -> None:
    scores, rows = held(nights, "scores"), held(nights, "segments")
    tonight = rows.filter(pc.equal(rows["as_of"], pa.scalar(NOW, rows["as_of"].type)))

    assert pc.sum(tonight["customers"]).as_py() == scores.num_rows
    assert pc.sum(tonight["value"]).as_py() == pytest.approx(pc.sum(scores["value"]).as_py())
    at_risk = pc.sum(pc.multiply(scores["value"], scores["probability"])).as_py()
    assert pc.sum(tonight["value_at_risk"]).as_py() == pytest.approx(at_risk)


def test_changes_name_exactly_those_whose_band_is_another_with_causes_in_the_direction_of_the_move(
    nights: Nights,
) -> None:
    history, changes = held(nights, "scores_history"), held(nights, "changes").to_pylist()
    bands = {when: dict(zip(rows["customer_id"].to_pylist(), rows["band"].to_pylist(), strict=True))
             for when in set(history["as_of"].to_pylist())
             for rows in [history.filter(pc.equal(history["as_of"], pa.scalar(when, history["as_of"].type)))]}  # fmt: skip
    before, now = (bands[when] for when in sorted(bands))

    moved = {row["customer_id"] for row in changes}
    assert moved == {each for each in {*before, *now} if before.get(each) != now.get(each)}
    level = {"low": 0, "medium": 1, "high": 2}
    for row in changes:
        if row["change"] in ("rose", "fell"):
            rose = level[row["band"]] > level[row["band_before"]]
            assert row["change"] == ("rose" if rose else "fell")
            assert row["feature"] is None or (row["contribution_change"] > 0) == rose
    assert {row["change"] for row in changes} >= {"rose", "new"}


def test_a_night_that_is_reported_again_changes_nothing(nights: Nights) -> None:
    before = {table: nights.lake.snapshot_id(table) for table in TABLES}
    page = nights.report(NOW)

    assert {table: nights.lake.snapshot_id(table) for table in TABLES} == before
    assert nights.report(NOW) == page


def test_on_the_first_night_nothing_has_changed(tmp_path: Path) -> None:
    first = Nights.begun(tmp_path, 30)
    page = first.night(NOW, people(30, 5)[0])

    assert "first night" in page
    assert held(first, "changes").num_rows == 0


def test_who_is_gone_is_said_and_is_in_no_list(tmp_path: Path) -> None:
    house, everybody = Nights.begun(tmp_path, 40), people(40, 5)[0]
    house.night(NOW - timedelta(days=7), everybody)
    house.night(NOW, everybody.slice(1))

    gone = held(house, "changes").filter(pc.field("change") == "gone").to_pylist()
    assert [row["customer_id"] for row in gone] == [everybody["customer_id"][0].as_py()]
    assert gone[0]["band"] is None


def test_reasons_of_nights_that_nobody_compares_with_go(tmp_path: Path) -> None:
    house, everybody = Nights.begun(tmp_path, 20), people(20, 5)[0]
    for days in (30, 7, 0):
        house.night(NOW - timedelta(days=days), a_week_before(everybody, days))

    kept = set(held(house, "score_reasons")["as_of"].to_pylist())
    assert kept == {NOW - timedelta(days=7), NOW}
    assert len(set(held(house, "segments")["as_of"].to_pylist())) == 3


@pytest.mark.parametrize(("nights", "chosen"), [
    ([], None), ([0], None), ([1], 1), ([1, 3], 3), ([1, 7, 8, 14], 7), ([6, 9], 9), ([7.3], 7.3),
])  # fmt: skip
def test_a_night_is_compared_with_that_of_a_week_ago_or_the_first(nights: list[float], chosen: float | None) -> None:
    ago = [NOW - timedelta(days=days) for days in nights]

    assert week_before(NOW, ago) == (None if chosen is None else NOW - timedelta(days=chosen))
