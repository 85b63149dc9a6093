"""The stand-in Intercom beyond contacts: companies, events, conversations' parts, what a workspace has few of."""

from collections import Counter
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.integration.standins.conftest import Standins


def scroll(standins: Standins, parameter: str | None = None) -> dict[str, Any]:
    params = {"scroll_param": parameter} if parameter else {}
    body: dict[str, Any] = standins.intercom.get("/companies/scroll", params=params).raise_for_status().json()
    return body


def to_the_end(standins: Standins) -> list[str]:
    page, seen = scroll(standins), list[str]()
    while page["data"]:
        seen += [company["id"] for company in page["data"]]
        page = scroll(standins, page["scroll_param"])
    return seen


def test_a_scroll_gives_every_company_once_and_ends_with_nothing(standins: Standins) -> None:
    standins.intercom.post("/_standin/faults", json={"scroll_page": 20}).raise_for_status()

    assert to_the_end(standins) == to_the_end(standins) == standins.ids("intercom_companies")


def test_there_is_one_scroll_for_the_whole_app(standins: Standins) -> None:
    opened = scroll(standins)
    second = standins.intercom.get("/companies/scroll")
    ended = scroll(standins, opened["scroll_param"])

    assert (second.status_code, second.json()["errors"][0]["code"]) == (400, "scroll_exists")
    assert ended["data"] == []
    assert to_the_end(standins)


def test_a_scroll_left_alone_is_lost_and_makes_room(standins: Standins) -> None:
    standins.intercom.post("/_standin/faults", json={"scroll_idle": 0.0}).raise_for_status()
    opened = standins.intercom.get("/companies/scroll")

    assert (opened.status_code, opened.json()["errors"][0]["message"]) == (404, "scroll parameter not found")


def test_a_scroll_that_nobody_opened_is_not_found(standins: Standins) -> None:
    assert standins.intercom.get("/companies/scroll", params={"scroll_param": "?"}).status_code == 404


def test_companies_are_listed_by_numbered_pages(standins: Standins) -> None:
    seen: list[str] = []
    for page in range(1, 20):
        body = standins.intercom.post("/companies/list", params={"page": page, "per_page": 15}).json()
        seen += [company["id"] for company in body["data"]]

    assert seen == standins.ids("intercom_companies")
    assert standins.intercom.post("/companies/list", params={"page": 700, "per_page": 15}).status_code == 400


def test_a_contact_leads_to_its_company(standins: Standins) -> None:
    contact = standins.intercom.get("/contacts", params={"per_page": 1}).json()["data"][0]
    preview = contact["companies"]["data"][0]

    attached = standins.intercom.get(contact["companies"]["url"]).json()

    assert [company["id"] for company in attached["data"]] == [preview["id"]]
    assert standins.intercom.get(preview["url"]).json()["id"] == preview["id"]


def test_events_are_given_for_one_contact_and_ninety_days(standins: Standins) -> None:
    now = standins.intercom.get("/_standin/truth", params={"stream": "events"}).json()["now"] // 1000
    listed, counted = 0, 0
    for contact in standins.ids("intercom_contacts")[:20]:
        who = {"type": "user", "intercom_user_id": contact}
        events = standins.intercom.get("/events", params=who).json()["events"]
        summary = standins.intercom.get("/events", params=who | {"summary": "true"}).json()["events"]
        assert all(now - 90 * 86_400 < event["created_at"] <= now for event in events)
        listed, counted = listed + len(events), counted + sum(each["count"] for each in summary)

    assert 0 < listed < counted


def test_events_are_paged_by_a_url(standins: Standins) -> None:
    events = pq.read_table(standins.world / "crm" / "intercom_events.parquet").slice(400)
    busiest = Counter(events["contact_id"].to_pylist()).most_common(1)[0][0]
    who = {"type": "user", "intercom_user_id": busiest}
    whole = standins.intercom.get("/events", params=who).json()["events"]
    seen: list[str] = []
    url = f"/events?type=user&intercom_user_id={busiest}&per_page=1"
    while url:
        page = standins.intercom.get(url).raise_for_status().json()
        seen += [event["id"] for event in page["events"]]
        url = page["pages"].get("next")

    assert seen == [event["id"] for event in whole]
    assert len(seen) > 1


@pytest.mark.parametrize(
    "params", [{"type": "user"}, {"intercom_user_id": "1"}, {"type": "lead", "email": "a@b.example"}]
)
def test_events_of_nobody_in_particular_are_refused(standins: Standins, params: dict[str, str]) -> None:
    assert standins.intercom.get("/events", params=params).status_code == 400


def test_only_the_newest_parts_of_a_conversation_are_given(standins: Standins) -> None:
    rows = standins.intercom.get("/conversations", params={"per_page": 150}).json()["conversations"]
    longest = max(rows, key=lambda row: int(row["statistics"]["count_conversation_parts"]))
    whole = standins.intercom.get(f"/conversations/{longest['id']}").json()["conversation_parts"]["conversation_parts"]

    standins.intercom.post("/_standin/faults", json={"parts_at_most": 2}).raise_for_status()
    short = standins.intercom.get(f"/conversations/{longest['id']}").json()

    assert short["conversation_parts"]["conversation_parts"] == whole[-2:]
    assert short["statistics"]["count_conversation_parts"] == len(whole) > 2


def test_what_was_said_in_a_conversation_keeps_its_time_and_a_change_of_state_is_one_part_more(
    standins: Standins,
) -> None:
    before = {each: _parts(standins, each) for each in standins.ids("intercom_conversations")[:300]}
    changed = standins.intercom.post("/_standin/advance", json={"updates": 40}).json()["changed"]["conversations"]

    grown = [each for each in changed["updated"] if each in before and each not in changed["deleted"]]

    assert grown
    for each in grown:
        *old, new = _parts(standins, each)
        assert old == before[each]
        assert new["part_type"] in ("open", "close", "snoozed")
        assert new["created_at"] >= old[-1]["created_at"]


def _parts(standins: Standins, conversation: str) -> list[dict[str, Any]]:
    body = standins.intercom.get(f"/conversations/{conversation}").raise_for_status().json()
    parts: list[dict[str, Any]] = body["conversation_parts"]["conversation_parts"]
    return parts


def test_deleted_conversations_are_listed_by_numbered_pages_last_first(standins: Standins) -> None:
    deleted = [
        each
        for _ in range(3)
        for each in standins.intercom.post("/_standin/advance", json={"updates": 10}).json()["changed"][
            "conversations"
        ]["deleted"]
    ]
    url, seen = "/conversations/deleted?per_page=4", list[dict[str, Any]]()
    while url:
        page = standins.intercom.get(url, headers={"Intercom-Version": "2.16"}).raise_for_status().json()
        seen += page["conversations"]
        url = page["pages"].get("next", "")

    moments = [each["deleted_at"] for each in seen]
    assert sorted(each["id"] for each in seen) == sorted(deleted)
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) == 3


@pytest.mark.parametrize("version", ["2.11", "2.15"])
def test_older_versions_do_not_list_what_was_deleted(standins: Standins, version: str) -> None:
    answer = standins.intercom.get("/conversations/deleted", headers={"Intercom-Version": version})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "intercom_version_invalid"
    assert standins.intercom.get("/conversations/deleted").status_code == 400


@pytest.mark.parametrize("query", ["per_page=61", "per_page=0", "page=0", "order=sideways"])
def test_the_list_of_what_was_deleted_has_rules(standins: Standins, query: str) -> None:
    answer = standins.intercom.get(f"/conversations/deleted?{query}", headers={"Intercom-Version": "2.16"})

    assert (answer.status_code, answer.json()["type"]) == (400, "error.list")


def test_the_preview_version_searches_contacts_by_the_second(standins: Standins) -> None:
    contact = standins.intercom.get("/contacts", params={"per_page": 1}).json()["data"][0]
    query = {"operator": "AND", "value": [
        {"field": "id", "operator": "=", "value": contact["id"]},
        {"field": "updated_at", "operator": ">", "value": contact["updated_at"] - 1},
    ]}  # fmt: skip

    found = {
        version: standins.intercom.post(
            "/contacts/search", json={"query": query}, headers={"Intercom-Version": version}
        ).json()["total_count"]
        for version in ("2.11", "2.16", "Preview")
    }

    assert found == {"2.11": 0, "2.16": 0, "Preview": 1}


def test_contacts_can_be_merged_and_deleted_and_are_gone_then(standins: Standins) -> None:
    first, second, third, *_ = standins.ids("intercom_contacts")
    standins.intercom.post("/contacts/merge", json={"from": first, "into": second}).raise_for_status()
    standins.intercom.delete(f"/contacts/{third}").raise_for_status()
    query = {"field": "id", "operator": "IN", "value": [first, second, third]}

    found = standins.intercom.post("/contacts/search", json={"query": query}).json()

    assert [contact["id"] for contact in found["data"]] == [second]
    assert standins.intercom.get(f"/contacts/{first}").status_code == 404
    truth = standins.intercom.get("/_standin/truth", params={"stream": "contacts"}).json()
    assert (truth["merged"], truth["deleted"]) == ({first: second}, [third])


@pytest.mark.parametrize(
    ("path", "key"),
    [("/admins", "admins"), ("/teams", "teams"), ("/tags", "data"), ("/segments", "segments"),
     ("/data_attributes", "data"), ("/data_attributes?model=company", "data")],
)  # fmt: skip
def test_a_workspace_names_what_it_has_few_of(standins: Standins, path: str, key: str) -> None:
    assert standins.intercom.get(path).json()[key]


def test_data_attributes_of_an_unknown_model_are_refused(standins: Standins) -> None:
    assert standins.intercom.get("/data_attributes", params={"model": "unicorn"}).status_code == 400
