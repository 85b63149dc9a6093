"""The connector against the stand-in HubSpot: over real HTTP, with its caps, its lag, and a world that moves on."""

import json
import logging
from typing import Any

import pytest

from holdfast.ledger import CURSOR
from holdfast.vendors import OBJECTS
from ingest.http import ApiClient
from ingest.hubspot import LINKED
from ingest.hubspot_objects import Objects
from ingest.hubspot_properties import columns
from ingest.pull import Limits
from tests.doubles.nights import DAY, Nights, streams
from tests.integration.standins.conftest import Standins


class Real(Nights):
    """Nights against the stand-in; its clock is the world's."""

    def __init__(self, standins: Standins, **configured: Any) -> None:
        super().__init__(lambda request: None, streams(**configured))
        self.http = standins.hubspot
        self.now = standins.hubspot.get("/_standin/truth", params={"stream": "contacts"}).json()["now"]

    def client(self) -> ApiClient:
        return ApiClient("src", self.http, "secret")

    def pull(self, stream: str, run: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.night(stream, run, self.now)}

    def advance(self, **wanted: Any) -> dict[str, Any]:
        done = self.http.post("/_standin/advance", json=wanted).json()
        self.now = done["now"]
        return done["changed"]

    def truth(self, stream: str) -> set[str]:
        told = self.http.get("/_standin/truth", params={"stream": stream}).json()
        return {record["id"] for record in told["records"]}


def linked(row: dict[str, Any], to: str) -> list[str]:
    return [each["id"] for each in json.loads(row[to] or "[]")]


@pytest.mark.parametrize("version", ["2026-09", "v3"])
@pytest.mark.parametrize("kind", OBJECTS)
def test_all_objects_of_a_kind_land_with_their_associations(standins: Standins, kind: str, version: str) -> None:
    nights = Real(standins, api_version=version)

    landed = nights.pull(kind, "a")

    assert set(landed) == nights.truth(kind)
    assert nights.manifest(kind, "a")["complete"] is True
    for to in LINKED.get(kind, ("contacts", "companies")):
        page = standins.hubspot.get(f"/crm/v3/objects/{kind}", params={"associations": to, "limit": 100}).json()
        for one in page["results"]:
            wanted = one.get("associations", {}).get(to, {}).get("results", [])
            assert linked(landed[one["id"]], to) == [*dict.fromkeys(each["id"] for each in wanted)]


def test_types_and_labels_of_associations_are_kept_and_all_pages_of_them_read(standins: Standins) -> None:
    standins.hubspot.post("/_standin/faults", json={"association_page": 1}).raise_for_status()
    kept = Objects("companies", "2026-09", links=("contacts",)).stream(columns("name"))
    nights = Real(standins)
    nights.streams = {"companies": kept}

    landed = nights.pull("companies", "a")

    contacts = Real(standins).pull("contacts", "b")
    by_contact = {(contact["company_id"], each) for each, contact in contacts.items() if contact["company_id"]}
    assert {(company, each) for company, row in landed.items() for each in linked(row, "contacts")} == by_contact
    types = {(one["typeId"], one["label"], one["category"]) for row in contacts.values()
             for link in json.loads(row["companies"] or "[]") for one in link["types"]}  # fmt: skip
    assert types == {(1, "Primary", "HUBSPOT_DEFINED"), (279, None, "HUBSPOT_DEFINED")}


def test_objects_that_only_changed_company_are_found_by_the_weekly_pull(standins: Standins) -> None:
    nights = Real(standins)
    before = nights.pull("contacts", "a")
    changed = nights.advance(days=1, updates=20)["contacts"]
    moved = [each for each in changed["reassociated"] if each in nights.truth("contacts")]

    night = nights.pull("contacts", "b")
    held = nights.ledger.note("src", "contacts", CURSOR)
    assert held is not None
    nights.ledger.keep("src", "contacts", CURSOR, held | {"full_at": nights.now - 8 * DAY})
    week = nights.pull("contacts", "c")

    unseen = [each for each in moved if each not in night]
    assert unseen
    assert set(night) < set(week)
    for each in unseen:
        there = standins.hubspot.get(f"/crm/v3/objects/contacts/{each}", params={"associations": "companies"}).json()
        assert week[each]["company_id"] == there["associations"]["companies"]["results"][0]["id"]
        assert week[each]["company_id"] != before[each]["company_id"]


def test_more_properties_than_an_url_holds_are_read_in_parts_and_put_together(standins: Standins) -> None:
    nobody = [f"property_that_is_not_there_{number:05}" for number in range(900)]
    wide = Objects("contacts", "2026-09").stream(columns("email", *nobody, "jobtitle", "country"))
    nights = Real(standins)
    nights.streams = {"contacts": wide}
    names = ",".join(["email", *nobody, "jobtitle", "country"])
    assert standins.hubspot.get("/crm/v3/objects/contacts", params={"properties": names}).status_code == 414

    landed = nights.pull("contacts", "a")

    assert set(landed) == nights.truth("contacts")
    for each in standins.hubspot.get(
        "/crm/v3/objects/contacts", params={"properties": "email,jobtitle,country"}
    ).json()["results"]:
        assert {name: landed[each["id"]][name] for name in ("email", "jobtitle", "country")} == {
            name: each["properties"][name] for name in ("email", "jobtitle", "country")
        }


def test_properties_land_as_the_account_declares_them(standins: Standins, caplog: pytest.LogCaptureFixture) -> None:
    nights = Real(standins, properties={"companies": ["annualrevenue", "domain", "annual_revenue"]})

    with caplog.at_level(logging.WARNING):
        row = next(iter(nights.pull("companies", "a").values()))

    assert isinstance(row["annualrevenue"], float)
    assert isinstance(row["domain"], str)
    assert [(each.property, each.nearest.split(", ")[0]) for each in caplog.records if hasattr(each, "nearest")] == [
        ("annual_revenue", "annualrevenue")
    ]


@pytest.mark.parametrize("version", ["2026-09", "v3"])
def test_the_past_of_a_property_lands_once_and_grows_with_every_change(standins: Standins, version: str) -> None:
    nights = Real(standins, api_version=version, history=["lifecyclestage", "jobtitle"])
    before = nights.pull("contacts_history", "a")
    updated = nights.advance(days=1, updates=20)["contacts"]["updated"]
    after = nights.pull("contacts_history", "b")

    born = [row for row in after.values() if row["id"] not in before]
    known = {row["contact_id"] for row in before.values()}
    changes = {(row["contact_id"], row["property"]) for row in born if row["contact_id"] in known}
    assert changes == {(each, "jobtitle") for each in updated if each in nights.truth("contacts")}
    assert {row["value"] for row in before.values() if row["property"] == "lifecyclestage"} >= {"lead"}
    assert {row["source"] for row in before.values()} == {"CRM_UI"}
    again = Real(standins, history=["lifecyclestage", "jobtitle"]).pull("contacts_history", "c")
    survivors = nights.truth("contacts")
    assert {key for key, row in again.items() if row["contact_id"] in survivors} == {
        key for key, row in (before | after).items() if row["contact_id"] in survivors
    }


@pytest.mark.parametrize("kinds", [["partial_207"], ["cut", "bad_gateway_502"]])
def test_what_fails_in_part_is_asked_again_and_lands_the_same(standins: Standins, kinds: list[str]) -> None:
    whole = Real(standins).pull("deals", "a")
    past = Real(standins).pull("contacts_history", "a")
    standins.hubspot.post("/_standin/faults", json={"schedule": {"seed": 3, "share": 0.3, "kinds": kinds}})

    assert Real(standins).pull("deals", "b") == whole
    nights = Real(standins)
    assert nights.pull("contacts_history", "b") == past
    drawn = standins.hubspot.get("/_standin/faults").json()["drawn"]
    assert sum(drawn.values()) > 0


def test_a_search_that_lags_behind_raises_no_alarm_about_what_was_archived_meanwhile(standins: Standins) -> None:
    nights = Real(standins)
    nights.limits = Limits(busy=0)
    nights.advance(days=1, updates=20)
    standins.hubspot.post("/_standin/faults", json={"search_lag": {"requests": 1}}).raise_for_status()

    landed = nights.pull("deals", "a")

    assert set(landed) == nights.truth("deals")
    assert nights.manifest("deals", "a")["complete"] is True
