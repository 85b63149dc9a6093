"""What the page carries of its customers."""

import json
import re
from typing import Any

import pytest

from holdfast.keyring import keyring
from privacy.bodies import Reading, without
from privacy.sought import Sought
from report import payload
from tests.doubles.company import NOW
from tests.doubles.pages import Nights, two_nights

PEOPLE = 90


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    made = Nights.begun(tmp_path_factory.mktemp("lake"), PEOPLE)
    for when, features in two_nights(PEOPLE):
        made.night(when, features)
    return made


@pytest.fixture
def page(house: Nights) -> str:
    return house.store.objects["reports/latest.html"].decode()


def carried(page: str, name: str) -> Any:
    found = re.search(rf'id="json-{name}">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def rows(page: str) -> dict[str, dict[str, Any]]:
    fields = carried(page, "about")["fields"]
    return {row[0]: dict(zip(fields, row, strict=True)) for row in carried(page, "customers") if row}


def test_a_line_says_what_the_table_says(house: Nights, page: str) -> None:
    scores = house.lake.read("scores")
    assert scores is not None
    about, carried_ = carried(page, "about"), rows(page)

    for score in scores.to_pylist():
        row = carried_[score["customer_id"]]
        assert about["bands"][row["band"]] == score["band"]
        assert about["personas"][row["persona"]] == score["persona"]
        assert row["probability"] == round(10_000 * score["probability"])
        assert row["value"] == pytest.approx(score["value"], abs=0.01)
        told = [row["reasons"][place : place + 3] for place in range(0, len(row["reasons"]), 3)]
        assert [about["features"][code]["name"] for code, *_ in told] == [each["feature"] for each in score["reasons"]]
        assert [points for *_, points in told] == [
            round(10_000 * each["contribution_points"]) for each in score["reasons"]
        ]
        if score["company_id"]:
            assert about["companies"][row["company"]][0] == score["company_id"]


def test_contributions_that_are_not_named_are_the_rest_of_the_way_from_the_base(page: str) -> None:
    base = carried(page, "about")["base"]

    assert all(abs(row["probability"] / 10_000 - base) <= 1 for row in rows(page).values())
    assert 0 < base < 1


def test_who_is_forgotten_goes_with_their_line_and_the_page_goes_on(page: str) -> None:
    ring = keyring("k" * 64, "key")
    person, other = list(rows(page))[:2]
    sought = Sought(ring)
    sought.learn(person)

    left = (without("reports/latest.html", page.encode(), Reading(), sought).body or b"").decode()

    assert person not in left
    assert set(rows(left)) == set(rows(page)) - {person}
    assert rows(left)[other] == rows(page)[other]


def test_beyond_what_a_page_carries_those_with_most_at_risk_stay(
    house: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = rows(house.report(NOW))
    monkeypatch.setattr(payload, "MOST", 10)

    few = rows(house.report(NOW))

    at_risk = sorted(everybody, key=lambda each: -everybody[each]["probability"] * everybody[each]["value"])
    assert set(few) == set(at_risk[:10])
