"""Which objects go with which: read in batches, replaced as a whole, with types and labels."""

import json

import httpx
import pytest

from holdfast.errors import SourceGarbled
from ingest.pull import Limits
from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import DAY, HOUR, Nights, streams, things


def asked_for(server: HubSpot) -> list[tuple[str, int]]:
    """Kinds of the pair, and inputs, of each batch read."""
    asked = [request for request in server.asked if "associations" in request.url.path]
    return [("-".join(each.url.path.split("/")[-4:-2]), len(json.loads(each.content)["inputs"])) for each in asked]


def test_the_id_beside_all_associations_is_the_one_labelled_primary_else_the_first():
    objects = things(Thing(1, links=[7, 8, 9]), Thing(2, links=[9, 7]), Thing(3))
    server = HubSpot({"contacts": objects}, label={8: "Primary"})

    first, second, third = Nights(server, streams()).night("contacts", "a", T0)

    assert [first["company_id"], second["company_id"], third["company_id"]] == ["8", "9", None]
    assert json.loads(first["companies"])[:2] == [
        {"id": "8", "types": [{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": "Primary"}]},
        {"id": "7", "types": [{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}]},
    ]
    assert third["companies"] is None


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("contacts", ["companies"]),
        ("companies", []),
        ("deals", ["companies", "contacts"]),
        ("tickets", ["contacts", "companies"]),
        ("calls", ["contacts", "companies"]),
    ],
)
def test_each_kind_of_object_brings_the_kinds_that_go_with_it(kind, others):
    server = HubSpot({kind: things(Thing(1, links=[7]))})

    (row,) = Nights(server, streams()).night(kind, "a", T0)

    assert [pair.partition("-")[2] for pair, _ in asked_for(server)] == others
    assert {name for name in ("companies", "contacts") if name in row} == set(others)


def test_a_thousand_objects_are_asked_for_at_a_time_whether_listed_or_searched():
    server = HubSpot({"contacts": things(*(Thing(n, links=[n]) for n in range(1, 2101)))})
    nights = Nights(server, streams())

    listed = nights.night("contacts", "a", T0)
    by_list, server.asked[:] = asked_for(server), []
    for thing in server.objects["contacts"].values():
        thing.at = T0 + HOUR
    searched = nights.night("contacts", "b", T0 + DAY)

    assert [size for _, size in by_list] == [1000, 1000, 100]
    assert [size for _, size in asked_for(server)] == [1000, 1000, 100]
    assert [row["company_id"] for row in searched] == [row["company_id"] for row in listed]


def test_a_record_that_is_read_again_loses_the_associations_that_are_gone():
    server = HubSpot({"contacts": things(Thing(1, links=[7, 8]))})
    nights = Nights(server, streams())
    nights.night("contacts", "a", T0)

    server.objects["contacts"][1] = Thing(1, T0 + HOUR, links=[8])
    (fewer,) = nights.night("contacts", "b", T0 + DAY)
    server.objects["contacts"][1] = Thing(1, T0 + DAY + HOUR)
    (none,) = nights.night("contacts", "c", T0 + 2 * DAY)

    assert [one["id"] for one in json.loads(fewer["companies"])] == ["8"]
    assert (none["companies"], none["company_id"]) == (None, None)


def test_an_input_that_fails_for_ever_ends_the_pull_and_names_nobody():
    error = {"category": "INTERNAL_ERROR", "context": {"ids": ["99"]}}
    server = HubSpot({"contacts": things(Thing(99))})
    server.fail = lambda _, request: (
        httpx.Response(207, json={"results": [], "errors": [error]}) if "associations" in request.url.path else None
    )

    with pytest.raises(SourceGarbled) as raised:
        Nights(server, streams()).night("contacts", "a", T0)

    assert "99" not in str(raised.value)


def test_an_error_that_names_no_input_is_taken_for_all_that_gave_nothing():
    server = HubSpot({"contacts": things(Thing(1, links=[7]), Thing(2, links=[8]))})
    given: list[httpx.Request] = []

    def vague(_: int, request: httpx.Request) -> httpx.Response | None:
        if "associations" not in request.url.path or given:
            return None
        given.append(request)
        return httpx.Response(207, json={"results": [], "errors": [{"category": "INTERNAL_ERROR"}]})

    server.fail = vague
    landed = Nights(server, streams()).night("contacts", "a", T0)

    assert [row["company_id"] for row in landed] == ["7", "8"]


def test_where_associations_are_refused_for_long_pages_come_one_by_one_so_that_little_is_asked_twice():
    server = HubSpot({"contacts": things(*(Thing(n, links=[n]) for n in range(1, 501)))})
    refused: list[int] = []

    def patience(number: int, request: httpx.Request) -> httpx.Response | None:
        if "associations" not in request.url.path or refused:
            return None
        refused.append(number)
        return httpx.Response(429, headers={"Retry-After": "600"})

    server.fail = patience
    nights = Nights(server, streams(), Limits(pages=3))
    landed = nights.night("contacts", "a", T0)

    assert nights.waits == ["wait"]
    assert [row["id"] for row in landed] == [str(n) for n in range(1, 501)]
    assert [size for _, size in asked_for(server)] == [300, 100, 300, 100]
