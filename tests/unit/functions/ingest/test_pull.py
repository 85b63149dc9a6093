"""Streams of the APIs: pages become typed rows."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from holdfast.errors import SourceGarbled
from holdfast.ledger import MemoryLedger
from holdfast.settings import HubSpotSource, IntercomSource, parse_settings
from ingest.http import ApiClient
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.pull import land_stream as land_stream_of
from ingest.rows import at

DESK = IntercomSource(kind="intercom")
SETTINGS = parse_settings(
    '[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "contract"\nstage = "churned"\ndate_column = "left_on"'
)
HUBSPOT = hubspot(HubSpotSource(kind="hubspot", customer_property="user_id"), SETTINGS)
LINKED = [{"from": {"id": "1"}, "to": [{"toObjectId": 71}, {"toObjectId": 72}]}]


def land_stream(place, stream, api):
    return land_stream_of(place, stream, api, MemoryLedger(), lambda: 1_800_000_000.0)


def served(pages: list[dict]) -> tuple[ApiClient, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if "associations" in request.url.path:
            return httpx.Response(207, json={"results": LINKED})
        if "/properties/" in request.url.path or (
            request.method == "POST" and json.loads(request.content).get("limit") == 1
        ):
            return httpx.Response(200, json={"total": 0, "results": []})
        asked.append(request)
        return httpx.Response(200, json=pages[len(asked) - 1])

    http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer))
    return ApiClient("src", http, "s", sleep=lambda seconds: None), asked


def contact(number: str, **properties: str | None) -> dict:
    return {"id": number, "properties": properties}


def test_hubspot_pages_are_asked_for_by_cursor_and_never_by_link(place, rows):
    evil = {"next": {"after": "n2", "link": "https://evil.test/steal"}}
    api, asked = served([{"results": [contact("1")], "paging": evil}, {"results": [contact("2")]}])

    landed = land_stream(place("contacts"), HUBSPOT["contacts"], api)

    assert landed.rows == 2
    assert [request.url.params.get("after") for request in asked] == [None, "n2"]
    assert {request.url.host for request in asked} == {"api.test"}


def test_hubspot_text_becomes_typed_columns_and_blank_is_null(place, rows):
    there = place("contacts")
    full = contact(
        "1", user_id="u1", email="a@b.c", country="", createdate="2026-01-01T00:00:00Z", left_on="1767225600000"
    )
    api, _ = served([{"results": [full, contact("2", createdate="soon")]}])

    land_stream(there, HUBSPOT["contacts"], api)

    first, second = rows(there.landing)
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    assert (first["external_id"], first["country"], first["company_id"]) == ("u1", None, "71")
    assert (first["createdate"], first["left_on"]) == (new_year, new_year)
    assert second["createdate"] is None


def test_a_record_without_an_id_is_quarantined(place, rows):
    there = place("deals")
    api, _ = served([{"results": [{"id": "1", "properties": {"amount": "12.5"}}, {"properties": {}}, "what?"]}])

    landed = land_stream(there, HUBSPOT["deals"], api)

    assert (landed.rows, landed.rejected) == (1, 2)
    assert rows(there.landing)[0]["amount"] == 12.5
    assert [json.loads(row["row"])["record"] for row in rows(there.quarantine)] == [{"properties": {}}, "what?"]


def test_intercom_is_searched_page_by_page(place, rows):
    there = place("conversations")
    talk = {
        "id": 5,
        "created_at": 1767225600,
        "contacts": {"contacts": [{"id": "i", "external_id": "u"}]},
        "statistics": {"count_conversation_parts": 3},
    }
    api, asked = served(
        [
            {"conversations": [talk], "pages": {"next": {"starting_after": "z"}}},
            {"conversations": [], "pages": {"next": None}},
            {"conversations": [], "pages": {}},
        ]
    )

    land_stream(there, intercom(DESK)["conversations"], api)

    (row,) = rows(there.landing)
    assert (row["id"], row["contact_id"], row["contact_external_id"], row["parts"]) == ("5", "i", "u", 3)
    assert json.loads(asked[1].content)["pagination"] == {"per_page": 150, "starting_after": "z"}
    assert all(stream.headers == {"Intercom-Version": "2.16"} for stream in intercom(DESK).values())


def test_email_events_go_on_while_there_is_more(place):
    empty = {"events": [], "hasMore": False, "offset": "p"}
    api, asked = served([{"events": [{"id": "1"}], "hasMore": True, "offset": "o"}, *[empty] * 30])

    land_stream(place("email_events"), HUBSPOT["email_events"], api)

    assert asked[1].url.params["offset"] == "o"


@pytest.mark.parametrize(
    "pages", [[{"result": []}], [{"results": {}}], [{"results": [], "paging": {"next": {"after": "a"}}}] * 2]
)
def test_an_answer_of_another_shape_or_a_cursor_that_stands_still_is_garbled(place, pages):
    api, _ = served(pages)

    with pytest.raises(SourceGarbled):
        land_stream(place("contacts"), HUBSPOT["contacts"], api)


def test_paths_reach_into_objects_and_lists():
    record = {"a": [{"b": True}, {"b": 2}], "c": {"d": None}}

    assert [at(record, path) for path in ("a.0.b", "a.1.b", "a.2.b", "c.d", "c.d.e", "x")] == [
        "true",
        "2",
        None,
        None,
        None,
        None,
    ]
