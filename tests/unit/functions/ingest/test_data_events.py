"""Data events: asked for one contact at a time, before Intercom forgets them."""

from typing import Any

import httpx
import pytest

from holdfast.errors import SourceGarbled
from holdfast.settings import IntercomSource
from ingest.intercom import intercom
from tests.doubles.crm import T0, Intercom
from tests.doubles.desk import asked_of, nights, person
from tests.doubles.nights import DAY, HOUR, Nights


def event(name: str, at: int, **more: Any) -> dict[str, Any]:
    return {"event_name": name, "created_at": at // 1000, "user_id": "u1", "email": "a@b.test",
            "metadata": {"note": "secret"}, **more}  # fmt: skip


def test_events_of_each_contact_land_from_all_pages_and_only_the_place_is_taken_from_their_addresses():
    events = [event("opened", T0 - n * HOUR) for n in range(1, 6)]
    server = Intercom(
        {"contacts": [person("p1"), person("p2")]}, events={"p1": events, "other": [event("not ours", T0)]}
    )

    landed = nights(server).night("data_events", "a", T0)

    assert len(landed) == 5
    assert {(row["event_name"], row["contact_id"], row["external_id"]) for row in landed} == {("opened", "p1", "u1")}
    assert set(landed[0]) == {"id", "event_name", "contact_id", "external_id", "created_at", "_updated_at"}
    reads = [each for each in server.asked if each.url.path == "/events"]
    assert {each.url.host for each in reads} == {"api.test"}
    assert asked_of(server) == ["p1", "p1", "p1", "p2"]


def test_events_are_told_apart_by_who_what_and_when_whatever_their_id_says():
    events = [
        event("opened", T0 - HOUR, id="u1"),
        event("closed", T0 - HOUR, id="u1"),
        event("opened", T0 - HOUR, id="u1"),
    ]
    server = Intercom({"contacts": [person("p1"), person("p2")]}, events={"p1": events[:2], "p2": events[2:]})

    assert len({row["id"] for row in nights(server).night("data_events", "a", T0)}) == 3


def test_who_changed_is_asked_for_events_every_night_and_everybody_again_long_before_events_are_forgotten():
    server = Intercom({"contacts": [person("p1"), person("p2")]}, events={})
    pulled = nights(server)
    pulled.night("data_events", "a", T0)
    server.records["contacts"][0] = person("p1", T0 + HOUR)
    server.asked.clear()

    pulled.night("data_events", "b", T0 + 2 * HOUR)
    changed = asked_of(server)
    pulled.night("data_events", "c", T0 + 59 * DAY)

    assert changed == ["p2", "p1"]
    assert pulled.manifest("data_events", "c")["full"] is True
    assert pulled.manifest("data_events", "c")["complete"] is False


def test_the_same_window_pulled_again_some_hours_later_gives_the_same_events():
    events = [event("opened", T0 - n * 6 * HOUR) for n in range(4 * 80, 4 * 92)]
    server = Intercom({"contacts": [person("p1")]}, events={"p1": events})

    landed = [nights(server).night("data_events", "a", T0 - T0 % DAY + hours * HOUR) for hours in (1, 23)]

    assert landed[0] == landed[1] != []
    server.events["p1"] = [
        each for each in events if each["created_at"] > (T0 - T0 % DAY + 23 * HOUR - 90 * DAY) // 1000
    ]
    assert nights(server).night("data_events", "a", T0 - T0 % DAY + HOUR) == landed[0]


def test_in_a_world_with_a_time_of_its_own_no_event_is_too_old():
    server = Intercom({"contacts": [person("p1")]}, events={"p1": [event("opened", T0 - 900 * DAY)]})

    assert (
        len(Nights(server, intercom(IntercomSource(kind="intercom"), by_data=True)).night("data_events", "a", T0)) == 1
    )


def test_a_contact_that_is_gone_and_one_that_was_merged_have_no_events():
    server = Intercom(
        {"contacts": [person("p1"), person("p2"), person("p3")]}, events={"p3": [event("opened", T0 - DAY)]}
    )
    gone = {"p1": httpx.Response(404), "p2": httpx.Response(410)}
    server.fail = lambda _, request: gone.get(request.url.params.get("intercom_user_id"))

    assert [row["contact_id"] for row in nights(server).night("data_events", "a", T0)] == ["p3"]


def test_events_whose_next_page_is_the_same_are_garbled():
    def same(_: int, request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/events":
            return None
        events = {"events": [event("opened", T0)], "pages": {"next": 'https://x.test/events?before=5&type=user"'}}
        return httpx.Response(200, json=events)

    with pytest.raises(SourceGarbled):
        nights(Intercom({"contacts": [person("p1")]}, fail=same)).night("data_events", "a", T0)
