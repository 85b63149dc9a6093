"""The stand-in HubSpot's search: every operator, every limit."""

from typing import Any

import pytest

from tests.integration.standins.conftest import Standins

CONTACTS = "/crm/objects/2026-09/contacts/search"


def total(standins: Standins, *filters: dict[str, Any]) -> int:
    answer = standins.hubspot.post(CONTACTS, json={"filterGroups": [{"filters": list(filters)}], "limit": 1})
    return int(answer.raise_for_status().json()["total"])


def rule(name: str, operator: str, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator} | more


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (rule("plan", "EQ", value="team"), rule("plan", "NEQ", value="team")),
        (rule("plan", "IN", values=["team", "business"]), rule("plan", "NOT_IN", values=["team", "business"])),
        (rule("hs_object_id", "LT", value="100100"), rule("hs_object_id", "GTE", value="100100")),
        (rule("createdate", "LTE", value="1767225600000"), rule("createdate", "GT", value="2026-01-01T00:00:00Z")),
        (rule("hs_merged_object_ids", "HAS_PROPERTY"), rule("hs_merged_object_ids", "NOT_HAS_PROPERTY")),
        (rule("email", "CONTAINS_TOKEN", value="*0@*"), rule("email", "NOT_CONTAINS_TOKEN", value="*0@*")),
    ],
)
def test_an_operator_and_its_opposite_share_all_contacts_between_them(
    standins: Standins, yes: dict[str, Any], no: dict[str, Any]
) -> None:
    parts = total(standins, yes), total(standins, no)

    assert sum(parts) == len(standins.ids("hubspot_contacts"))
    assert parts[0] > 0 or yes["operator"] in ("EQ", "IN")


def test_between_takes_both_ends(standins: Standins) -> None:
    ids = standins.ids("hubspot_contacts")

    assert total(standins, rule("hs_object_id", "BETWEEN", value=ids[10], highValue=ids[19])) == 10


def test_a_record_without_the_property_is_not_equal_to_anything(standins: Standins) -> None:
    missing = total(standins, rule("hs_merged_object_ids", "NOT_HAS_PROPERTY"))

    assert total(standins, rule("hs_merged_object_ids", "NOT_IN", values=["95001"])) > missing


def test_contacts_searched_by_the_others_time_of_change_are_none_at_all(standins: Standins) -> None:
    assert total(standins, rule("hs_lastmodifieddate", "GTE", value="0")) == 0
    assert total(standins, rule("lastmodifieddate", "GTE", value="0")) == len(standins.ids("hubspot_contacts"))


EVERY = rule("hs_object_id", "GTE", value="0")


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [EVERY]}] * 6},
        {"filterGroups": [{"filters": [EVERY] * 7}]},
        {"filterGroups": [{"filters": [EVERY] * 5}] * 4},
        {"sorts": ["createdate", "email"]},
        {"limit": 201},
        {"limit": 100, "after": "9901"},
        {"after": "second page"},
        {"query": "x" * 3001},
        {"filterGroups": [{"filters": [rule("nonsense", "EQ", value="1")]}]},
        {"filterGroups": [{"filters": [rule("email", "RESEMBLES", value="1")]}]},
        {"filterGroups": [{"filters": [rule("email", "EQ")]}]},
    ],
)
def test_what_goes_beyond_the_limits_is_refused(standins: Standins, body: dict[str, Any]) -> None:
    answer = standins.hubspot.post(CONTACTS, json=body)

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_the_last_page_before_the_cap_is_served(standins: Standins) -> None:
    assert standins.hubspot.post(CONTACTS, json={"limit": 100, "after": "9900"}).json()["results"] == []
