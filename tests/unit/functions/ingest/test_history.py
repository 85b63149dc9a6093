"""Past values of contacts' properties: each once, however often it is read."""

import json

from holdfast.privacy import identifiers
from holdfast.vendors import streams_of
from ingest.hubspot_objects import LOOKBACK
from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import DAY, HOUR, Nights, streams, things


def past(number: int, *stages: tuple[str, int]) -> Thing:
    return Thing(number, past={"lifecyclestage": list(stages), "plan": [("free", T0 - DAY)]})


def test_every_value_of_the_wanted_properties_is_a_row():
    server = HubSpot({"contacts": things(past(1, ("customer", T0), ("lead", T0 - DAY)), Thing(2))})

    landed = Nights(server, streams()).night("contacts_history", "a", T0)

    assert [(row["contact_id"], row["property"], row["value"], row["source"]) for row in landed] == [
        ("1", "lifecyclestage", "customer", "CRM_UI"),
        ("1", "lifecyclestage", "lead", "CRM_UI"),
    ]
    assert [row["at"].timestamp() * 1000 for row in landed] == [T0, T0 - DAY]


def test_pages_and_batches_hold_fifty_contacts():
    server = HubSpot({"contacts": things(*(past(n, ("lead", T0 - DAY)) for n in range(1, 131)))})
    nights = Nights(server, streams())

    first = nights.night("contacts_history", "a", T0)
    pages = [request.url.params["limit"] for request in server.asked if "limit" in request.url.params]
    for thing in server.objects["contacts"].values():
        thing.at = T0 + HOUR
    second = nights.night("contacts_history", "b", T0 + DAY)

    batches = [json.loads(each.content) for each in server.asked if each.url.path.endswith("batch/read")]
    assert pages == ["50", "50", "50"]
    assert [len(each["inputs"]) for each in batches] == [50, 50, 30]
    assert all(each["propertiesWithHistory"] == ["lifecyclestage"] for each in batches)
    assert {row["id"] for row in second} == {row["id"] for row in first}
    assert len(first) == len({row["id"] for row in first}) == 130


def test_only_contacts_that_changed_are_read_again_and_their_new_values_are_new_rows():
    server = HubSpot({"contacts": things(past(1, ("lead", T0 - DAY)), past(2, ("lead", T0 - DAY)))})
    nights = Nights(server, streams())
    first = nights.night("contacts_history", "a", T0 + 2 * LOOKBACK)

    server.objects["contacts"][2] = past(2, ("customer", T0 + HOUR), ("lead", T0 - DAY))
    server.objects["contacts"][2].at = T0 + HOUR
    second = nights.night("contacts_history", "b", T0 + DAY)

    assert [(row["contact_id"], row["value"]) for row in second] == [("2", "customer"), ("2", "lead")]
    assert {row["id"] for row in second} - {row["id"] for row in first} == {second[0]["id"]}


def test_nothing_of_the_past_goes_when_a_whole_pull_lacks_it():
    nights = Nights(HubSpot({"contacts": things(past(1, ("lead", T0)))}), streams())
    nights.night("contacts_history", "a", T0)

    assert nights.manifest("contacts_history", "a")["full"] is True
    assert nights.manifest("contacts_history", "a")["complete"] is False


def test_other_properties_are_pulled_from_the_beginning():
    nights = Nights(HubSpot({"contacts": things(past(1, ("lead", T0 - DAY)))}), streams())
    nights.night("contacts_history", "a", T0 + 2 * LOOKBACK)

    nights.streams = streams(history=["lifecyclestage", "plan"])
    landed = nights.night("contacts_history", "b", T0 + DAY)

    assert {row["property"] for row in landed} == {"lifecyclestage", "plan"}


def test_without_a_property_to_look_into_there_is_no_such_stream():
    from holdfast.settings import HubSpotSource

    assert "contacts_history" not in streams(history=[])
    assert "contacts_history" not in streams_of(HubSpotSource(kind="hubspot", history=[]))
    assert "contacts_history" in streams_of(HubSpotSource(kind="hubspot"))


def test_it_names_nobody():
    columns = {column.name for column in streams()["contacts_history"].columns}

    assert columns == {"id", "contact_id", "property", "value", "at", "source"}
    assert identifiers("hubspot_contacts_history") == ()
