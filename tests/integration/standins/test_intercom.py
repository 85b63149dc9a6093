"""The stand-in Intercom: lists, searches and bodies by the vendor's rules."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.integration.standins.conftest import Standins

SHARED = Path(os.environ.get("HOLDFAST_SHARED", Path(__file__).parents[4] / "shared"))
KINDS: dict[str, type] = {"string": str, "integer": int, "array": list, "object": dict, "boolean": bool}


def intercom_pages(server: httpx.Client, path: str, key: str, per_page: int) -> Iterator[list[dict[str, Any]]]:
    params: dict[str, Any] = {"per_page": per_page}
    while params:
        page = server.get(path, params=params).raise_for_status().json()
        yield page[key]
        following = page["pages"]["next"]
        params = {"per_page": per_page, "starting_after": following["starting_after"]} if following else {}


@pytest.mark.parametrize(("path", "key"), [("/contacts", "data"), ("/conversations", "conversations")])
def test_intercom_list_gives_every_record_once(standins: Standins, path: str, key: str) -> None:
    pages = list(intercom_pages(standins.intercom, path, key, 150))

    assert sorted(r["id"] for page in pages for r in page) == sorted(standins.ids(f"intercom_{path[1:]}"))


def test_intercom_ticket_search_gives_every_ticket_once(standins: Standins) -> None:
    body: dict[str, Any] = {"query": {"field": "updated_at", "operator": ">", "value": 0}}
    seen: list[str] = []
    following: dict[str, Any] | None = {}
    while following is not None:
        body["pagination"] = {"per_page": 150} | following
        page = standins.intercom.post("/tickets/search", json=body).raise_for_status().json()
        seen += [ticket["id"] for ticket in page["tickets"]]
        following = page["pages"]["next"] and {"starting_after": page["pages"]["next"]["starting_after"]}

    assert sorted(seen) == sorted(standins.ids("intercom_tickets"))


def test_intercom_contacts_are_searched_by_whole_days(standins: Standins) -> None:
    contact = standins.intercom.get("/contacts", params={"per_page": 1}).json()["data"][0]
    query = {"operator": "AND", "value": [
        {"field": "external_id", "operator": "=", "value": contact["external_id"]},
        {"field": "updated_at", "operator": ">", "value": contact["updated_at"] - contact["updated_at"] % 86_400},
    ]}  # fmt: skip

    same_day = standins.intercom.post("/contacts/search", json={"query": query}).json()
    query["value"][1]["value"] -= 86_400  # type: ignore[index]
    day_before = standins.intercom.post("/contacts/search", json={"query": query}).json()

    assert (same_day["total_count"], day_before["total_count"]) == (0, 1)


def test_intercom_conversation_holds_as_many_parts_as_its_statistics_say(standins: Standins) -> None:
    found = standins.intercom.get(f"/conversations/{standins.ids('intercom_conversations')[0]}").json()

    assert len(found["conversation_parts"]["conversation_parts"]) == found["statistics"]["count_conversation_parts"]


@pytest.mark.parametrize("path", ["/contacts?per_page=151", "/conversations?per_page=0", "/contacts?starting_after=?"])
def test_intercom_refuses_what_its_rules_do_not_allow(standins: Standins, path: str) -> None:
    answer = standins.intercom.get(path)

    assert answer.status_code == 400
    assert answer.json()["type"] == "error.list"


def test_intercom_answers_in_the_version_that_was_asked_for(standins: Standins) -> None:
    assert standins.intercom.get("/tags").headers["Intercom-Version"] == "2.15"
    assert standins.intercom.get("/tags", headers={"Intercom-Version": "2.16"}).headers["Intercom-Version"] == "2.16"
    assert standins.intercom.get("/tags", headers={"Intercom-Version": "9.9"}).status_code == 400


def test_intercom_bodies_have_the_published_shapes(standins: Standins) -> None:
    schemas = intercom_schemas()
    everything = {"query": {"field": "created_at", "operator": ">", "value": 0}}

    faults = [
        *mismatches(schemas, "contact_list", standins.intercom.get("/contacts").json()),
        *mismatches(schemas, "conversation_list", standins.intercom.get("/conversations").json()),
        *mismatches(schemas, "ticket_list", standins.intercom.post("/tickets/search", json=everything).json()),
        *mismatches(schemas, "admin_list", standins.intercom.get("/admins").json()),
        *mismatches(schemas, "tag_list", standins.intercom.get("/tags").json()),
        *mismatches(schemas, "error", standins.intercom.get("/contacts?per_page=151").json()),
    ]

    assert not faults, "\n".join(faults)


@cache
def intercom_schemas(version: str = "2.15") -> dict[str, Any]:
    """Schemas of Intercom's own description; skips the test where it is not at hand."""
    description = SHARED / f"data/openapi/intercom/intercom-{version}.yaml"
    if not description.exists():
        pytest.skip(f"Intercom's OpenAPI description is not at {description}; HOLDFAST_SHARED says where to look")
    schemas: dict[str, Any] = yaml.load(description.read_text(), yaml.CSafeLoader)["components"]["schemas"]
    return schemas


def mismatches(schemas: dict[str, Any], name: str, body: Any) -> list[str]:
    """What in a body is not as a schema says: kinds, enumerations, required and undeclared names."""
    return sorted(set(_mismatches(schemas, {"$ref": name}, body, name)))


def _mismatches(schemas: dict[str, Any], schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    if value is None or schema.keys() & {"oneOf", "anyOf", "allOf"}:
        return
    if not isinstance(value, KINDS.get(schema.get("type", ""), object)):
        yield f"{where}: {value!r} is not of type {schema['type']}"
    elif value not in schema.get("enum", [value]):
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    elif isinstance(value, list):
        for item in value:
            yield from _mismatches(schemas, schema.get("items", {}), item, f"{where}[]")
    elif isinstance(value, dict):
        yield from _members(schemas, schema, value, where)


def _members(schemas: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    declared = schema.get("properties", {})
    yield from (f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value)
    yield from (f"{where}.{name} is not declared" for name in value if declared and name not in declared)
    for name in value.keys() & declared.keys():
        yield from _mismatches(schemas, declared[name], value[name], f"{where}.{name}")
