"""What landed is held against what the source says it has: by distinct ids, with patience, and aloud."""

import json
import logging

import httpx
import pytest

from holdfast.observe import metrics
from ingest.intercom import intercom
from tests.doubles.crm import T0, HubSpot, Intercom, Thing
from tests.unit.functions.ingest.nights import DAY, HOUR, Nights, streams, things


@pytest.fixture(autouse=True)
def _nothing_told_yet():
    metrics.clear_metrics()


def told(name: str) -> float:
    return sum(metrics.metric_set[name]["Value"])


def counts(server: HubSpot) -> list[list[dict]]:
    """Filters of the searches that only count."""
    bodies = [json.loads(each.content) for each in server.asked if each.url.path.endswith("/search")]
    return [body["filterGroups"][0]["filters"] for body in bodies if body["limit"] == 1]


class Shifting(HubSpot):
    """A list that gives one record twice and another not at all."""

    def _list(self, kind, params):
        answer = super()._list(kind, params)
        if params.get("archived") != "true":
            answer["results"] = [answer["results"][0], *answer["results"][:-1]]
        return answer


def test_a_record_given_twice_does_not_hide_another_that_was_not_given(caplog):
    nights = Nights(Shifting({"companies": things(*map(Thing, range(1, 6)))}), streams())

    with caplog.at_level(logging.WARNING):
        landed = nights.night("companies", "a", T0)

    assert len(landed) == 5
    assert [each.missing for each in caplog.records if "more than it gave" in each.message] == [1]
    assert told("SourceGap") == 1
    assert nights.manifest("companies", "a")["complete"] is False


def test_a_whole_pull_that_gave_all_is_counted_once_and_raises_nothing():
    server = HubSpot({"companies": things(*map(Thing, range(1, 6)))})
    nights = Nights(server, streams())

    nights.night("companies", "a", T0)

    assert nights.waits == []
    assert len(counts(server)) == 1
    assert told("SourceGap") == 0
    assert nights.manifest("companies", "a")["complete"] is True


def test_an_index_that_lags_behind_is_given_time_before_it_is_believed():
    server = HubSpot({"companies": things(*map(Thing, range(1, 6)))})

    def stale(_: int, request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/search") and len(counts(server)) == 1:
            return httpx.Response(200, json={"total": 7, "results": []})
        return None

    server.fail = stale
    nights = Nights(server, streams())
    nights.night("companies", "a", T0)

    assert nights.waits == ["wait"]
    assert told("SourceGap") == 0
    assert nights.manifest("companies", "a")["complete"] is True


def test_records_made_after_the_window_are_not_missed():
    server = HubSpot({"companies": things(Thing(1), Thing(2))})

    def busy(_: int, request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/search"):
            server.objects["companies"][3] = Thing(3, at=T0 + 1, created=T0 + 1)
        return None

    server.fail = busy
    nights = Nights(server, streams())
    landed = nights.night("companies", "a", T0)

    assert len(landed) == 2
    assert counts(server)[0] == [{"propertyName": "createdate", "operator": "LTE", "value": str(T0)}]
    assert told("SourceGap") == 0


def test_records_that_change_again_while_they_are_searched_are_not_missed_and_shift_nothing():
    server = HubSpot({"companies": things(*map(Thing, range(1, 500)))})
    nights = Nights(server, streams())
    nights.night("companies", "a", T0)
    for thing in server.objects["companies"].values():
        thing.at = T0 + HOUR
    server.asked.clear()

    def touched(number: int, _: httpx.Request) -> httpx.Response | None:
        if number == 2:
            for each in (1, 2, 3, 499):
                server.objects["companies"][each].at = T0 + DAY + HOUR
        return None

    server.fail = touched
    landed = nights.night("companies", "b", T0 + DAY)
    later = nights.night("companies", "c", T0 + 2 * DAY)

    assert {int(row["id"]) for row in landed} == set(range(1, 499))
    assert told("SourceGap") == 0
    assert {int(row["id"]) for row in later} == {1, 2, 3, 499}


def test_of_several_numbers_that_pages_say_the_least_counts():
    class Shrinking(Intercom):
        def served(self, request):
            answer = json.loads(super().served(request).content)
            return httpx.Response(200, json=answer | {"total_count": 4 if answer["pages"]["next"] else 3})

    contacts = [{"id": str(n), "created_at": T0 // 1000 - 99 * 86_400, "updated_at": T0 // 1000} for n in range(3)]
    nights = Nights(Shrinking({"contacts": contacts}, page=2), intercom())

    assert len(nights.night("contacts", "a", T0)) == 3
    assert told("SourceGap") == 0


def test_what_a_search_by_whole_days_gives_beyond_the_window_counts_as_given():
    contacts = [
        {"id": "old", "created_at": T0 // 1000 - 99 * 86_400, "updated_at": (T0 - 30 * HOUR) // 1000},
        {"id": "new", "created_at": T0 // 1000 - 99 * 86_400, "updated_at": (T0 + HOUR) // 1000},
    ]
    nights = Nights(Intercom({"contacts": contacts}), intercom())
    nights.night("contacts", "a", T0)
    metrics.clear_metrics()

    assert [row["id"] for row in nights.night("contacts", "b", T0 + 2 * HOUR)] == ["new"]
    assert told("SourceGap") == 0
