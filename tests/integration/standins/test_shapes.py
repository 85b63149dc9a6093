"""Bodies of the stand-ins against what the vendors publish: HubSpot's client's models, Intercom's description."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.standins.conftest import Standins
from tests.integration.standins.test_intercom import SHARED, intercom_schemas, mismatches

Models = dict[str, dict[str, Any]]
KINDS = {"str": str, "int": int, "bool": bool, "datetime": str, "object": object}


@pytest.fixture(scope="module")
def packages() -> dict[str, dict[str, Models]]:
    contract = SHARED / "data/openapi/hubspot-sdk-apache2/hubspot-sdk-contract.json"
    if not contract.exists():
        pytest.skip(f"HubSpot's models are not at {contract}; HOLDFAST_SHARED says where to look")
    found: dict[str, dict[str, Models]] = json.loads(contract.read_text())["packages"]
    return found


def departures(models: Models, name: str, body: Any, where: str = "") -> Iterator[str]:
    """What in a body is not as a model of the client says: required and undeclared names, kinds, enumerations."""
    fields = {key: value for key, value in models[name].items() if key != "__enums__"}
    at = where or name
    yield from (f"{at}.{key} is missing" for key, told in fields.items() if told["required"] and key not in body)
    yield from (f"{at}.{key} is not declared" for key in body if key not in fields)
    for key in body.keys() & fields.keys():
        yield from _departures(models, fields[key]["type"], body[key], f"{at}.{key}")


def _departures(models: Models, kind: str, value: Any, where: str) -> Iterator[str]:
    if value is None:
        return
    if kind.startswith("list["):
        for each in value:
            yield from _departures(models, kind[5:-1], each, f"{where}[]")
    elif kind.startswith("dict[str, "):
        for each in value.values():
            yield from _departures(models, kind[10:-1], each, f"{where}{{}}")
    elif kind in models:
        yield from departures(models, kind, value, where)
    elif not isinstance(value, KINDS[kind]) and not where.endswith(".toObjectId"):
        yield f"{where}: {value!r} is not of type {kind}"


LISTED = "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging"
OBJECTS = "/crm/objects/2026-09"


@pytest.mark.parametrize(
    ("package", "model", "path"),
    [
        ("contacts", LISTED, f"{OBJECTS}/contacts?associations=companies&propertiesWithHistory=lifecyclestage"),
        ("contacts", LISTED, f"{OBJECTS}/contacts?archived=true"),
        ("companies", LISTED, f"{OBJECTS}/companies?associations=contacts"),
        ("deals", LISTED, f"{OBJECTS}/deals"),
        ("tickets", LISTED, f"{OBJECTS}/tickets"),
        ("objects", LISTED, f"{OBJECTS}/notes"),
        ("properties", "CollectionResponsePropertyNoPaging", "/crm/properties/2026-09/deals"),
        ("pipelines", "CollectionResponsePipelineNoPaging", "/crm/pipelines/2026-09/deals"),
        ("pipelines", "CollectionResponsePipelineNoPaging", "/crm/pipelines/2026-09/tickets"),
        ("owners", "CollectionResponsePublicOwnerForwardPaging", "/crm/owners/2026-09?limit=3"),
        ("owners", "CollectionResponsePublicOwnerForwardPaging", "/crm/owners/2026-09?archived=true"),
    ],
)
def test_hubspot_bodies_fit_the_models_of_its_client(
    standins: Standins, packages: dict[str, dict[str, Models]], package: str, model: str, path: str
) -> None:
    models = {"Property": {}} | packages[package]["models"]
    models["Property"] = models.get("ModelProperty", {})

    assert not sorted(set(departures(models, model, standins.hubspot.get(path).raise_for_status().json())))


def test_hubspot_answers_to_batches_and_searches_fit_too(
    standins: Standins, packages: dict[str, dict[str, Models]]
) -> None:
    inputs = {"inputs": [{"id": standins.ids("hubspot_contacts")[0]}, {"id": "1"}]}
    asked = [
        ("contacts", "BatchResponseSimplePublicObjectWithErrors", f"{OBJECTS}/contacts/batch/read", inputs),
        ("contacts", "CollectionResponseWithTotalSimplePublicObjectForwardPaging", f"{OBJECTS}/contacts/search", {}),
        ("associations_v4", "BatchResponsePublicAssociationMultiWithLabelWithErrors",
         "/crm/v4/associations/contacts/companies/batch/read", inputs),
    ]  # fmt: skip

    faults = [
        fault
        for package, model, path, body in asked
        for fault in departures(packages[package]["models"], model, standins.hubspot.post(path, json=body).json())
    ]

    assert not faults


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("company_scroll", "/companies/scroll"),
        ("segment_list", "/segments?include_count=true"),
        ("data_attribute_list", "/data_attributes"),
        ("team_list", "/teams"),
        ("conversation", "/conversations/{intercom_conversations}"),
        ("contact", "/contacts/{intercom_contacts}"),
        ("data_event_list", "/events?type=user&intercom_user_id={intercom_contacts}"),
        ("data_event_summary", "/events?type=user&intercom_user_id={intercom_contacts}&summary=true"),
        ("error", "/contacts/nobody"),
    ],
)
def test_intercom_bodies_have_the_published_shapes(standins: Standins, schema: str, path: str) -> None:
    schemas = intercom_schemas()
    known = {table: standins.ids(table)[1] for table in ("intercom_conversations", "intercom_contacts")}

    assert not mismatches(schemas, schema, standins.intercom.get(path.format(**known)).json())


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("deleted_conversation_list", "/conversations/deleted?per_page=1"),
        ("conversation", "/conversations/{conversation}"),
        ("conversation_list", "/conversations"),
        ("data_event_list", "/events?type=user&intercom_user_id={contact}&per_page=1"),
    ],
)
def test_what_the_connector_reads_one_by_one_has_the_shapes_of_its_version(
    standins: Standins, schema: str, path: str
) -> None:
    schemas = intercom_schemas("2.16")
    changed = standins.intercom.post("/_standin/advance", json={"updates": 10}).json()["changed"]
    known = {"conversation": changed["conversations"]["updated"][0], "contact": standins.ids("intercom_contacts")[1]}

    body = standins.intercom.get(path.format(**known), headers={"Intercom-Version": "2.16"}).raise_for_status().json()

    assert not mismatches(schemas, schema, body)
    assert body.get("conversations", body.get("events", body.get("conversation_parts")))
