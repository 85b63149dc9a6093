"""The stand-in HubSpot: lists, search, properties, owners and email events by the vendor's rules."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.standins.conftest import Standins


def hubspot_pages(server: httpx.Client, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    after: dict[str, Any] = {}
    while True:
        page = server.get(path, params=params | after).raise_for_status().json()
        yield page
        if "paging" not in page:
            return
        after = {"after": page["paging"]["next"]["after"]}


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
@pytest.mark.parametrize("prefix", ["/crm/objects/2026-09", "/crm/v3/objects"])
def test_hubspot_list_gives_every_record_once_and_no_paging_at_the_end(
    standins: Standins, prefix: str, kind: str
) -> None:
    pages = list(hubspot_pages(standins.hubspot, f"{prefix}/{kind}", limit=100))

    assert [r["id"] for page in pages for r in page["results"]] == standins.ids(f"hubspot_{kind}")
    assert "paging" not in pages[-1]


def test_hubspot_gives_ten_records_when_no_limit_is_named(standins: Standins) -> None:
    assert len(standins.hubspot.get("/crm/objects/2026-09/contacts").json()["results"]) == 10


def test_hubspot_values_are_strings_and_unknown_properties_are_left_out(standins: Standins) -> None:
    params: dict[str, Any] = {"properties": "name,numberofemployees,hs_lastmodifieddate,nonsense", "limit": 1}

    properties = standins.hubspot.get("/crm/objects/2026-09/companies", params=params).json()["results"][0][
        "properties"
    ]

    assert set(properties) == {"name", "numberofemployees", "hs_lastmodifieddate", "hs_object_id"}
    assert all(isinstance(value, str) for value in properties.values())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", properties["hs_lastmodifieddate"])


def test_hubspot_contacts_lead_to_their_companies(standins: Standins) -> None:
    page = standins.hubspot.get("/crm/objects/2026-09/contacts", params={"associations": "companies"}).json()

    linked = {link["id"] for r in page["results"] for link in r["associations"]["companies"]["results"]}
    assert linked <= set(standins.ids("hubspot_companies"))


@pytest.mark.parametrize(
    "path",
    [
        "/crm/objects/2026-09/contacts?limit=101",
        "/crm/objects/2026-09/contacts?after=20",
        "/crm/objects/2026-09/unicorns",
        "/crm/objects/2026-09/contacts?limit=many",
    ],
)
def test_hubspot_refuses_what_its_rules_do_not_allow(standins: Standins, path: str) -> None:
    answer = standins.hubspot.get(path)

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_hubspot_describes_all_that_it_serves(standins: Standins) -> None:
    listed = standins.hubspot.get("/crm/properties/2026-09/contacts").json()["results"]
    names = [p["name"] for p in listed]

    shown = standins.hubspot.get("/crm/objects/2026-09/contacts", params={"properties": ",".join(names)}).json()

    assert set(shown["results"][0]["properties"]) == set(names)
    assert {"external_id", "plan", "lastmodifieddate"} <= set(names)


def test_hubspot_search_filters_sorts_and_pages_by_offset(standins: Standins) -> None:
    wanted = standins.ids("hubspot_contacts")[100:]
    newer = {"propertyName": "hs_object_id", "operator": "GTE", "value": wanted[0]}
    body = {
        "filterGroups": [{"filters": [newer]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": 200,
    }

    first = standins.hubspot.post("/crm/objects/2026-09/contacts/search", json=body)
    second = standins.hubspot.post("/crm/objects/2026-09/contacts/search", json=body | {"after": "200"}).json()

    assert first.json()["paging"]["next"]["after"] == "200"
    assert [r["id"] for r in first.json()["results"] + second["results"]] == wanted
    assert "X-HubSpot-RateLimit-Max" not in first.headers


def test_hubspot_search_does_not_reach_beyond_ten_thousand(standins: Standins) -> None:
    answer = standins.hubspot.post("/crm/v3/objects/contacts/search", json={"limit": 100, "after": "9950"})

    assert answer.status_code == 400


def test_hubspot_owners_are_listed(standins: Standins) -> None:
    pages = hubspot_pages(standins.hubspot, "/crm/owners/2026-09", limit=3)

    assert [r["id"] for page in pages for r in page["results"]] == standins.ids("hubspot_owners")


def test_email_events_of_adjoining_windows_are_all_of_them(standins: Standins) -> None:
    middle = 1_774_000_000_000
    seen: list[str] = []
    for window in ({"endTimestamp": middle - 1}, {"startTimestamp": middle}):
        more, params = True, dict[str, Any](window) | {"limit": 1000}
        while more:
            page = standins.hubspot.get("/email/public/v1/events", params=params).raise_for_status().json()
            seen += [event["id"] for event in page["events"]]
            more, params = page["hasMore"], params | {"offset": page["offset"]}

    assert len(seen) == len(set(seen)) == len(standins.ids("hubspot_email_events"))
