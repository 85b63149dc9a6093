"""The stand-in HubSpot beyond lists: archives, merges, batches, associations, erasure and what describes it all."""

from typing import Any

import pytest

from tests.integration.standins.conftest import Standins
from tests.integration.standins.test_hubspot import hubspot_pages

OBJECTS = "/crm/objects/2026-09"
ALL = ["contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks"]


@pytest.mark.parametrize("kind", ALL)
def test_every_type_is_listed_described_and_searched(standins: Standins, kind: str) -> None:
    names = [p["name"] for p in standins.hubspot.get(f"/crm/properties/2026-09/{kind}").json()["results"]]

    listed = list(hubspot_pages(standins.hubspot, f"{OBJECTS}/{kind}", limit=100, properties=",".join(names)))
    searched = standins.hubspot.post(f"{OBJECTS}/{kind}/search", json={"limit": 1}).json()

    rows = [row for page in listed for row in page["results"]]
    assert [row["id"] for row in rows] == standins.ids(f"hubspot_{kind}")
    assert searched["total"] == len(rows)
    assert all(set(row["properties"]) == set(names) for row in rows)


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals"])
def test_archived_objects_are_listed_apart_with_the_time_of_it(standins: Standins, kind: str) -> None:
    page = standins.hubspot.get(f"{OBJECTS}/{kind}", params={"archived": "true", "limit": 100}).json()

    assert [row["id"] for row in page["results"]] == standins.ids(f"hubspot_archived_{kind}")
    assert all(row["archived"] and row["archivedAt"] == row["updatedAt"] for row in page["results"])


def test_merged_contacts_are_named_by_the_winner_and_are_nowhere_else(standins: Standins) -> None:
    wanted = [{"propertyName": "hs_merged_object_ids", "operator": "HAS_PROPERTY"}]
    body = {"filterGroups": [{"filters": wanted}], "properties": ["hs_merged_object_ids"], "limit": 200}

    winners = standins.hubspot.post(f"{OBJECTS}/contacts/search", json=body).json()["results"]

    losers = {winner["properties"]["hs_merged_object_ids"] for winner in winners}
    assert len(winners) == 6
    assert not losers & {*standins.ids("hubspot_contacts"), *standins.ids("hubspot_archived_contacts")}


def test_a_merge_takes_the_loser_away_and_moves_what_belonged_to_it(standins: Standins) -> None:
    deal = standins.hubspot.get(f"{OBJECTS}/deals", params={"associations": "contacts", "limit": 1}).json()["results"][
        0
    ]
    loser = deal["associations"]["contacts"]["results"][0]["id"]
    winner = next(each for each in standins.ids("hubspot_contacts") if each != loser)

    standins.hubspot.post(f"{OBJECTS}/contacts/merge", json={"primaryObjectId": winner, "objectIdToMerge": loser})

    again = standins.hubspot.get(f"{OBJECTS}/deals/{deal['id']}", params={"associations": "contacts"}).json()
    kept = standins.hubspot.get(f"{OBJECTS}/contacts/{winner}", params={"properties": "hs_merged_object_ids"}).json()
    assert standins.hubspot.get(f"{OBJECTS}/contacts/{loser}").status_code == 404
    assert again["associations"]["contacts"]["results"][0]["id"] == winner
    assert again["updatedAt"] == deal["updatedAt"]
    assert loser in kept["properties"]["hs_merged_object_ids"].split(";")


def test_an_erased_contact_is_in_no_list_and_not_archived(standins: Standins) -> None:
    contact = standins.hubspot.get(f"{OBJECTS}/contacts", params={"limit": 1}).json()["results"][0]

    erased = standins.hubspot.post(
        f"{OBJECTS}/contacts/gdpr-delete", json={"objectId": contact["properties"]["email"], "idProperty": "email"}
    )

    archived = standins.hubspot.get(f"{OBJECTS}/contacts", params={"archived": "true", "limit": 100}).json()["results"]
    assert erased.status_code == 204
    assert standins.hubspot.get(f"{OBJECTS}/contacts/{contact['id']}").status_code == 404
    assert contact["id"] not in [row["id"] for row in archived]


def test_batch_read_says_207_and_which_ids_are_missing(standins: Standins) -> None:
    known = standins.ids("hubspot_contacts")[:3]
    inputs = [{"id": each} for each in [*known, "1"]]

    answer = standins.hubspot.post(f"{OBJECTS}/contacts/batch/read", json={"inputs": inputs, "properties": ["email"]})

    assert answer.status_code == 207
    assert [row["id"] for row in answer.json()["results"]] == known
    assert answer.json()["errors"][0]["context"] == {"ids": ["1"]}
    whole = standins.hubspot.post(f"{OBJECTS}/contacts/batch/read", json={"inputs": inputs[:3], "properties": []})
    assert (whole.status_code, "errors" in whole.json()) == (200, False)


@pytest.mark.parametrize(("count", "more"), [(101, {}), (51, {"propertiesWithHistory": ["plan"]})])
def test_batch_read_has_a_largest_size(standins: Standins, count: int, more: dict[str, Any]) -> None:
    body = {"inputs": [{"id": str(n)} for n in range(count)], "properties": []} | more

    assert standins.hubspot.post(f"{OBJECTS}/contacts/batch/read", json=body).status_code == 400


@pytest.mark.parametrize("prefix", ["/crm/associations/2026-09", "/crm/v4/associations"])
def test_associations_are_paged_for_each_input_and_keep_type_and_label(standins: Standins, prefix: str) -> None:
    standins.hubspot.post("/_standin/faults", json={"association_page": 2}).raise_for_status()
    left = dict.fromkeys(standins.ids("hubspot_companies"))
    found: dict[str, list[str]] = {}
    labels = set()
    while left:
        inputs = [{"id": company} | ({"after": after} if after else {}) for company, after in left.items()]
        answer = standins.hubspot.post(f"{prefix}/companies/contacts/batch/read", json={"inputs": inputs}).json()
        left = {}
        for result in answer["results"]:
            found.setdefault(result["from"]["id"], []).extend(str(each["toObjectId"]) for each in result["to"])
            labels |= {(kind["typeId"], kind["label"]) for to in result["to"] for kind in to["associationTypes"]}
            if "paging" in result:
                left[result["from"]["id"]] = result["paging"]["next"]["after"]

    assert sorted(each for ids in found.values() for each in ids) == standins.ids("hubspot_contacts")
    assert labels == {(2, "Primary"), (280, None)}
    assert max(map(len, found.values())) > 2


def test_objects_without_associations_are_errors_of_a_207(standins: Standins) -> None:
    inputs = [{"id": standins.ids("hubspot_contacts")[0]}, {"id": "1"}]

    answer = standins.hubspot.post("/crm/v4/associations/0-1/0-2/batch/read", json={"inputs": inputs})

    assert answer.status_code == 207
    assert len(answer.json()["results"]) == 1
    assert answer.json()["errors"][0]["context"]["fromObjectId"] == ["1"]


def test_more_than_a_thousand_association_inputs_are_refused(standins: Standins) -> None:
    inputs = [{"id": str(number)} for number in range(1001)]

    answer = standins.hubspot.post("/crm/v4/associations/contacts/companies/batch/read", json={"inputs": inputs})

    assert answer.status_code == 400


def test_associations_of_one_object_are_the_same_as_in_the_batch(standins: Standins) -> None:
    company = standins.ids("hubspot_companies")[0]

    one = standins.hubspot.get(f"/crm/v4/objects/companies/{company}/associations/contacts").status_code
    dated = standins.hubspot.get(f"{OBJECTS}/companies/{company}/associations/contacts").json()["results"]
    batch = standins.hubspot.post(
        "/crm/v4/associations/companies/contacts/batch/read", json={"inputs": [{"id": company}]}
    ).json()["results"][0]["to"]

    assert one == 200
    assert dated == batch


def test_archived_owners_are_listed_apart(standins: Standins) -> None:
    archived = standins.hubspot.get("/crm/v3/owners", params={"archived": "true"}).json()["results"]

    assert [owner["id"] for owner in archived] == standins.ids("hubspot_archived_owners")
    assert all(owner["archived"] and "userId" not in owner for owner in archived)


def test_pipelines_name_every_stage_that_deals_are_in(standins: Standins) -> None:
    pipelines = standins.hubspot.get("/crm/pipelines/2026-09/deals").json()["results"]
    deals = standins.hubspot.get(f"{OBJECTS}/deals", params={"limit": 100}).json()["results"]

    stages = {stage["id"] for pipeline in pipelines for stage in pipeline["stages"]}
    assert {deal["properties"]["dealstage"] for deal in deals} <= stages
    assert {deal["properties"]["pipeline"] for deal in deals} == {pipelines[0]["id"]}


def test_history_is_newest_first_and_in_pages_of_fifty(standins: Standins) -> None:
    params = {"propertiesWithHistory": "lifecyclestage", "limit": "50"}
    rows = standins.hubspot.get(f"{OBJECTS}/contacts", params=params).json()["results"]

    versions = rows[0]["propertiesWithHistory"]["lifecyclestage"]
    assert [version["timestamp"] for version in versions] == sorted((v["timestamp"] for v in versions), reverse=True)
    assert standins.hubspot.get(f"{OBJECTS}/contacts", params=params | {"limit": "51"}).status_code == 400


def test_an_overlong_url_is_refused(standins: Standins) -> None:
    names = ",".join(f"property_number_{number}" for number in range(800))

    assert standins.hubspot.get(f"{OBJECTS}/contacts", params={"properties": names}).status_code == 414
    assert standins.hubspot.get(f"{OBJECTS}/contacts", params={"properties": names[:12_000]}).status_code == 200
