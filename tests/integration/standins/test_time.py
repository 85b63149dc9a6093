"""Time that nobody waits for, tokens that have successors, and sizes that a small world meets."""

from typing import Any

import httpx
import pytest

from tests.integration.standins.conftest import Standins

CONTACTS = "/crm/objects/2026-09/contacts"
DAY = 86_400


def told(server: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = server.post(f"/_standin/{path}", json=body).raise_for_status().json()
    return answer


def test_a_held_clock_moves_when_it_is_told_to_and_takes_the_world_with_it(standins: Standins) -> None:
    before = standins.hubspot.get("/_standin/truth", params={"stream": "contacts"}).json()["now"]

    held = [told(standins.hubspot, "clock", held=True)["now"] for _ in range(2)]
    later = told(standins.hubspot, "clock", seconds=90)["now"]

    assert held == [before / 1000, before / 1000]
    assert later == before / 1000 + 90
    assert standins.hubspot.get("/_standin/truth", params={"stream": "contacts"}).json()["now"] == before + 90_000


def test_a_scroll_that_nobody_goes_on_with_dies_by_the_held_clock(standins: Standins) -> None:
    told(standins.intercom, "clock", held=True)
    standins.intercom.get("/companies/scroll").raise_for_status()

    refused = standins.intercom.get("/companies/scroll").status_code
    told(standins.intercom, "clock", seconds=61)

    assert refused == 400
    assert standins.intercom.get("/companies/scroll").status_code == 200


def test_an_expired_token_has_a_successor_that_lives_until_it_was_used(standins: Standins) -> None:
    told(standins.hubspot, "faults", following=["expired_token", "expired_token", "", "expired_token"])
    old = standins.hubspot.get(CONTACTS).status_code
    token = standins.hubspot.get("/_standin/token").json()["token"]
    headers = {"Authorization": f"Bearer {token}"}

    answers = [standins.hubspot.get(CONTACTS, headers=headers).status_code for _ in range(3)]

    assert (old, answers) == (401, [200, 200, 401])


def test_a_kind_that_happens_once_does_not_come_again(standins: Standins) -> None:
    told(
        standins.hubspot, "faults", schedule={"seed": 1, "share": 1.0, "kinds": ["rate_daily"], "once": ["rate_daily"]}
    )

    assert [standins.hubspot.get(CONTACTS).status_code for _ in range(4)] == [429, 200, 200, 200]


def test_pages_and_the_cap_of_searches_can_be_small(standins: Standins) -> None:
    told(standins.hubspot, "faults", page_at_most=7, search_cap=14)

    listed = standins.hubspot.get(CONTACTS, params={"limit": 100}).json()
    pages = [standins.hubspot.post(f"{CONTACTS}/search", json={"limit": 100, "after": after}) for after in ("7", "14")]

    assert len(listed["results"]) == 7
    assert [page.status_code for page in pages] == [200, 400]
    assert pages[0].json()["total"] > 14
    assert standins.hubspot.get("/_standin/faults").json()["met"]["search_cap"] == 1


@pytest.mark.parametrize(("hours", "next_day"), [(0, 0), (14, 14 * 3600), (-11, 13 * 3600)])
def test_the_days_of_a_workspace_begin_in_its_own_time_zone(standins: Standins, hours: int, next_day: int) -> None:
    told(standins.intercom, "faults", zone_hours=hours)
    truth = standins.intercom.get("/_standin/truth", params={"stream": "contacts"}).json()["records"]
    moment = sorted(row["updated"] for row in truth)[len(truth) // 2]
    first = -(-(moment + 1 + next_day) // DAY) * DAY - next_day

    query = {"field": "updated_at", "operator": ">", "value": moment}
    answer = standins.intercom.post("/contacts/search", json={"query": query}, headers={"Intercom-Version": "2.16"})

    assert answer.json()["total_count"] == sum(row["updated"] >= first for row in truth)
