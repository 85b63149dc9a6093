"""A world that moves on: increments can be found by search, and the truth can be asked for."""

from typing import Any

import httpx
import pytest

from tests.integration.standins.conftest import Standins
from tests.integration.standins.test_hubspot import hubspot_pages


def advance(server: httpx.Client, **wanted: Any) -> dict[str, Any]:
    body: dict[str, Any] = server.post("/_standin/advance", json=wanted).raise_for_status().json()
    return body


def truth(server: httpx.Client, stream: str) -> dict[str, Any]:
    body: dict[str, Any] = server.get("/_standin/truth", params={"stream": stream}).raise_for_status().json()
    return body


def test_the_same_seed_moves_the_world_the_same_way(standins: Standins) -> None:
    first = advance(standins.hubspot, updates=5, seed=3), truth(standins.hubspot, "contacts")
    standins.hubspot.post("/_standin/reset").raise_for_status()
    again = advance(standins.hubspot, updates=5, seed=3), truth(standins.hubspot, "contacts")
    standins.hubspot.post("/_standin/reset").raise_for_status()

    assert first == again
    assert advance(standins.hubspot, updates=5, seed=4) != first[0]


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "tickets", "notes"])
def test_a_search_from_the_old_end_of_the_world_finds_just_what_changed(standins: Standins, kind: str) -> None:
    before = truth(standins.hubspot, kind)["now"]
    done = advance(standins.hubspot, days=2, updates=5)["changed"][kind]
    name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    window = {"propertyName": name, "operator": "BETWEEN", "value": before, "highValue": before + 2 * 86_400_000}

    body = {"filterGroups": [{"filters": [window]}], "limit": 200}
    found = standins.hubspot.post(f"/crm/v3/objects/{kind}/search", json=body).json()["results"]

    changed = {*done["updated"], *done["created"], *done.get("merged", {}).values()}
    assert {row["id"] for row in found} == changed
    assert len(done["updated"]) == 5


def test_hubspot_lists_are_the_truth_after_a_move(standins: Standins) -> None:
    done = advance(standins.hubspot, days=1, updates=10)["changed"]["contacts"]
    told = truth(standins.hubspot, "contacts")

    live, archived = (
        [row["id"] for page in hubspot_pages(standins.hubspot, "/crm/v3/objects/contacts", limit=100, archived=which)
         for row in page["results"]]
        for which in ("false", "true")
    )  # fmt: skip

    assert live == sorted(row["id"] for row in told["records"])
    assert sorted(archived, key=int) == sorted((row["id"] for row in told["archived"]), key=int)
    assert set(done["archived"]) <= set(archived)
    assert not {*done["deleted"], *done["merged"]} & {*live, *archived}
    assert told["deleted"] == done["deleted"]


def test_a_list_that_is_under_way_skips_nothing_when_records_before_it_go(standins: Standins) -> None:
    pages = hubspot_pages(standins.hubspot, "/crm/v3/objects/contacts", limit=50)
    seen = [row["id"] for row in next(pages)["results"]]
    standins.hubspot.delete(f"/crm/v3/objects/contacts/{seen[0]}").raise_for_status()

    seen += [row["id"] for page in pages for row in page["results"]]

    assert seen == standins.ids("hubspot_contacts")


def test_a_new_association_leaves_no_trace_in_the_time_of_change(standins: Standins) -> None:
    stamps = {row["id"]: row["updated"] for row in truth(standins.hubspot, "contacts")["records"]}
    moved = advance(standins.hubspot, updates=5)["changed"]["contacts"]["reassociated"]

    now = {row["id"]: row["updated"] for row in truth(standins.hubspot, "contacts")["records"]}

    assert moved
    assert all(now[each] == stamps[each] for each in moved)


def test_intercom_moves_on_too(standins: Standins) -> None:
    before = truth(standins.intercom, "conversations")["now"] // 1000
    done = advance(standins.intercom, days=1, updates=5)["changed"]

    query = {"field": "updated_at", "operator": ">", "value": before - 1}
    found = {
        kind: standins.intercom.post(f"/{kind}/search", json={"query": query}).json()[kind]
        for kind in ("conversations", "tickets")
    }

    for kind, rows in found.items():
        assert {row["id"] for row in rows} == {*done[kind]["updated"], *done[kind]["created"]}
    assert standins.intercom.get(f"/conversations/{done['conversations']['deleted'][0]}").status_code == 404
    assert len(done["contacts"]["merged"]) == 1


def test_time_passes_without_any_change_when_none_is_asked_for(standins: Standins) -> None:
    stamps = truth(standins.hubspot, "deals")

    advance(standins.hubspot, days=3, updates=0)

    later = truth(standins.hubspot, "deals")
    assert later["records"] == stamps["records"]
    assert later["now"] - stamps["now"] == 3 * 86_400_000


@pytest.mark.parametrize("lag", [{"requests": 2}, {"seconds": 3600}])
def test_a_search_lags_behind_the_lists(standins: Standins, lag: dict[str, float]) -> None:
    standins.hubspot.post("/_standin/faults", json={"search_lag": lag}).raise_for_status()
    new = advance(standins.hubspot, updates=5)["changed"]["contacts"]["created"][0]
    rule = {"propertyName": "hs_object_id", "operator": "EQ", "value": new}
    body = {"filterGroups": [{"filters": [rule]}]}

    totals = [standins.hubspot.post("/crm/v3/objects/contacts/search", json=body).json()["total"] for _ in range(3)]

    assert standins.hubspot.get(f"/crm/v3/objects/contacts/{new}").status_code == 200
    assert totals == ([0, 0, 1] if "requests" in lag else [0, 0, 0])


@pytest.mark.parametrize("wanted", [{"weeks": 1}, {"days": "many"}])
def test_an_advance_that_is_not_understood_is_refused(standins: Standins, wanted: dict[str, Any]) -> None:
    assert standins.hubspot.post("/_standin/advance", json=wanted).status_code == 400
    assert standins.hubspot.get("/_standin/truth", params={"stream": "unicorns"}).status_code == 400
