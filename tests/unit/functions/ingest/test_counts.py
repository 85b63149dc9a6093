"""What landed is held against what the source says it has: by distinct ids, with patience, and aloud."""

import json
import logging

import httpx
import pytest

from holdfast.observe import metrics
from holdfast.settings import IntercomSource
from ingest.pull import Limits
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, Window
from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import DAY, HOUR, Nights, streams, things

DESK = IntercomSource(kind="intercom")


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
    """A list whose second page begins with the last record of the first, and lacks its own last one."""

    def _list(self, kind, params):
        answer = super()._list(kind, params)
        if "after" in params:
            answer["results"] = [self.objects[kind][int(params["after"])].shown(()), *answer["results"][:-1]]
        return answer


@pytest.mark.parametrize("pages", [1, 20])
def test_a_record_given_twice_does_not_hide_another_that_was_not_given(caplog, pages):
    nights = Nights(Shifting({"companies": things(*map(Thing, range(1, 151)))}), streams(), Limits(pages=pages))

    with caplog.at_level(logging.WARNING):
        landed = nights.night("companies", "a", T0)

    assert len(landed) == 150
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


def stream(*pages: tuple[list[str], int], keeps: str = "") -> dict[str, Stream]:
    """One whose pages say how many records there are; ids in `keeps` belong to the window, or all."""

    def read(_fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        number = int(cursor.get("page", 0))
        ids, total = pages[number]
        return Page([{"id": each} for each in ids], {"page": number + 1} if number + 1 < len(pages) else None, total)

    walk = Pass(read, keeps=lambda record, _: not keeps or record["id"] in keeps)
    return {"talks": Stream((Column("id", "id"),), "at", (walk,))}


def nobody(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


@pytest.mark.parametrize(("totals", "missing"), [((4, 3), 0), ((3, 4), 0), ((4, 4), 1)])
def test_of_several_numbers_that_pages_say_the_least_counts(totals, missing):
    first, second = totals

    assert len(Nights(nobody, stream((["a", "b"], first), (["c"], second))).night("talks", "a", T0)) == 3
    assert told("SourceGap") == missing


def test_what_a_source_gives_beyond_the_window_counts_as_given():
    assert len(Nights(nobody, stream((["a", "b", "c"], 3), keeps="ab")).night("talks", "a", T0)) == 2
    assert told("SourceGap") == 0
