"""What has changed: windows, cursors, checkpoints, and what is gone."""

import io
import json

import httpx
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import AGAIN, DONE, WAIT, manifest_key
from holdfast.errors import SourceUnavailable
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import HubSpotSource, IntercomSource, parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.hubspot import hubspot
from ingest.hubspot_objects import LOOKBACK, Objects, chunked
from ingest.intercom import intercom
from ingest.pull import Limits, land_stream
from ingest.streams import Column
from tests.doubles.crm import T0, HubSpot, Intercom, Thing, client, place

DESK = IntercomSource(kind="intercom")
SETTINGS = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')
STREAMS = hubspot(HubSpotSource(kind="hubspot"), SETTINGS)
SMALL = Limits(pages=2)
HOUR = 3_600_000
DAY = 24 * HOUR


def rows(store: MemoryStore, under: str = "landing/") -> list[dict]:
    parts = [pq.read_table(io.BytesIO(body)) for key, body in sorted(store.objects.items()) if key.startswith(under)]
    return [row for part in parts for row in part.to_pylist()]


def ids(store: MemoryStore, under: str = "landing/") -> list[str]:
    return [row["id"] for row in rows(store, under)]


class Nights:
    """Runs of one stream, each of them entered into the lake as Transform does: the cursor is booked last."""

    def __init__(self, server, streams=STREAMS) -> None:
        self.server, self.streams, self.ledger = server, streams, MemoryLedger()

    def pull(self, stream: str, run: str, now: int) -> MemoryStore:
        there = place(stream, run)
        answer = land_stream(there, self.streams[stream], client(self.server), self.ledger, lambda: now / 1000)
        assert answer.next == DONE
        return there.landing

    def night(self, stream: str, run: str, now: int) -> MemoryStore:
        landing = self.pull(stream, run, now)
        self.ledger.keep("src", stream, CURSOR, read_json(landing, manifest_key(run, f"src_{stream}"))["cursor"])
        return landing


def things(*made: Thing) -> dict[int, Thing]:
    return {thing.id: thing for thing in made}


def searches(server: HubSpot) -> list[dict]:
    bodies = [json.loads(request.content) for request in server.asked if request.url.path.endswith("/search")]
    return [body for body in bodies if body["limit"] > 1]


def test_the_first_run_lists_and_the_next_ones_search_what_changed():
    server = HubSpot({"companies": things(Thing(1), Thing(2), Thing(3))})
    nights = Nights(server)

    first = nights.night("companies", "a", T0 + HOUR)
    server.objects["companies"][2].at = T0 + 2 * HOUR
    second = nights.night("companies", "b", T0 + 3 * HOUR)

    assert ids(first) == ["1", "2", "3"]
    assert ids(second) == ["2"]
    assert len(searches(server)) == 1


@pytest.mark.parametrize(
    ("stream", "modified"), [("contacts", "lastmodifieddate"), ("companies", "hs_lastmodifieddate")]
)
def test_the_window_begins_a_lookback_before_the_last_end_and_its_own_end_is_frozen(stream, modified):
    server = HubSpot({stream: things(Thing(1))})
    nights = Nights(server)

    nights.night(stream, "a", T0 + HOUR)
    nights.night(stream, "b", T0 + DAY)

    (body,) = searches(server)
    assert body["filterGroups"][0]["filters"] == [
        {"propertyName": modified, "operator": "GTE", "value": str(T0 + HOUR - LOOKBACK)},
        {"propertyName": modified, "operator": "LTE", "value": str(T0 + DAY)},
    ]
    assert body["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]


def test_a_record_that_the_search_shows_late_is_found_by_the_next_run():
    server = HubSpot({"companies": things(Thing(1))})
    nights = Nights(server)
    nights.night("companies", "a", T0 + HOUR)

    server.objects["companies"][9] = Thing(9, at=T0 + HOUR - LOOKBACK)
    late = nights.night("companies", "b", T0 + DAY)

    assert ids(late) == ["9"]


def test_a_search_of_more_than_10_000_goes_on_above_the_last_id():
    server = HubSpot({"companies": things(Thing(1))})
    nights = Nights(server)
    nights.night("companies", "a", T0 + HOUR)

    server.objects["companies"] = things(*(Thing(number, at=T0 + 2 * HOUR) for number in range(1, 10_301)))
    landed = nights.night("companies", "b", T0 + 3 * HOUR)

    assert ids(landed) == [str(number) for number in range(1, 10_301)]


def test_the_cursor_stands_still_until_the_rows_are_in_the_lake():
    server = HubSpot({"companies": things(Thing(1))})
    nights = Nights(server)
    nights.night("companies", "a", T0 + HOUR)
    server.objects["companies"][1].at = T0 + 2 * HOUR

    nights.pull("companies", "failed", T0 + 3 * HOUR)
    after = nights.pull("companies", "again", T0 + DAY)

    assert ids(after) == ["1"]


def test_a_cursor_in_the_far_future_gives_no_rows_and_no_error():
    server = HubSpot({"companies": things(Thing(1))})
    nights = Nights(server)
    nights.night("companies", "a", T0)
    held = nights.ledger.note("src", "companies", CURSOR)
    nights.ledger.keep("src", "companies", CURSOR, held | {"cursor": T0 + 9000 * DAY})

    landing = nights.night("companies", "b", T0 + HOUR)

    assert ids(landing) == []
    assert nights.ledger.note("src", "companies", CURSOR)["cursor"] == T0 + 9000 * DAY


def test_columns_of_another_shape_are_pulled_whole():
    server = HubSpot({"contacts": things(Thing(1))})
    nights = Nights(server)
    nights.night("contacts", "a", T0)

    nights.streams = hubspot(HubSpotSource(kind="hubspot", customer_property="another"), SETTINGS)
    landing = nights.night("contacts", "b", T0 + HOUR)

    assert ids(landing) == ["1"]


def test_everything_is_pulled_again_after_a_week_so_that_what_no_increment_sees_is_found():
    server = HubSpot({"contacts": things(Thing(1, T0 - DAY, links=[5]))})
    nights = Nights(server)
    nights.night("contacts", "a", T0)
    server.objects["contacts"][1].links = [6]

    meanwhile, week = nights.night("contacts", "b", T0 + DAY), nights.night("contacts", "c", T0 + 8 * DAY)

    assert rows(meanwhile) == []
    assert [row["company_id"] for row in rows(week)] == ["6"]


def test_a_changed_record_brings_its_associations_and_all_their_pages():
    server = HubSpot({"contacts": things(Thing(1), Thing(2))}, links_per_page=1)
    nights = Nights(server)
    nights.night("contacts", "a", T0)
    server.asked.clear()
    server.objects["contacts"] |= things(Thing(1, T0 + HOUR, links=[7, 8, 9]), Thing(2, T0 + HOUR))

    landing = nights.night("contacts", "b", T0 + DAY)

    assert [row["company_id"] for row in rows(landing)] == ["7", None]
    assert [one["id"] for one in json.loads(rows(landing)[0]["companies"])] == ["7", "8", "9"]
    assert sum("associations" in request.url.path for request in server.asked) == 3


def test_of_a_partial_answer_only_the_failed_inputs_are_asked_again():
    server = HubSpot({"contacts": things(Thing(1), Thing(2))})
    nights = Nights(server)
    nights.night("contacts", "a", T0)
    server.asked.clear()
    server.objects["contacts"] = things(Thing(1, T0 + HOUR, links=[7]), Thing(2, T0 + HOUR, links=[8]))
    given = []

    def partial(number: int, request: httpx.Request) -> httpx.Response | None:
        if "associations" not in request.url.path or given:
            return None
        given.append(request)
        error = {"category": "INTERNAL_ERROR", "context": {"id": ["2"]}}
        found = {"from": {"id": "1"}, "to": [{"toObjectId": 7}]}
        return httpx.Response(207, json={"results": [found], "errors": [error]})

    server.fail = partial
    landing = nights.night("contacts", "b", T0 + DAY)

    assert [row["company_id"] for row in rows(landing)] == ["7", "8"]
    asked = [json.loads(r.content)["inputs"] for r in server.asked if "associations" in r.url.path]
    assert asked == [[{"id": "1"}, {"id": "2"}], [{"id": "2"}]]


def test_archived_and_merged_records_are_gone():
    server = HubSpot({"companies": things(Thing(1), Thing(2), Thing(3), Thing(4))})
    nights = Nights(server)
    nights.night("companies", "a", T0 + HOUR)

    server.objects["companies"][2].archived_at = T0 + 2 * HOUR
    del server.objects["companies"][3]
    server.objects["companies"][1] = Thing(1, T0 + 2 * HOUR, {"hs_merged_object_ids": "3"})
    landing = nights.night("companies", "b", T0 + 3 * HOUR)

    assert sorted(ids(landing, "removed/")) == ["2", "3"]
    assert ids(landing) == ["1"]


def test_names_are_cut_so_that_no_url_is_too_long_and_the_parts_are_put_together():
    names = [f"property_{number:04}" for number in range(2000)]

    parts = list(chunked(names))

    assert [name for part in parts for name in part] == names
    assert max(len("%2C".join(part)) for part in parts) <= 15_000


def test_wide_records_are_pulled_in_parts_and_put_together_by_id():
    wide = {f"p{number:04}_{'x' * 40}": str(number) for number in range(600)}
    columns = (Column("id", "id"), *(Column(name, f"properties.{name}") for name in wide))
    server = HubSpot({"companies": things(Thing(1, properties=wide))})

    landing = Nights(server, {"companies": Objects("companies", "2026-09").stream(columns)}).night("companies", "a", T0)

    (row,) = rows(landing)
    assert {name: row[name] for name in wide} == wide
    assert max(len(str(request.url)) for request in server.asked) < 16_000


def test_email_events_come_in_slices_of_30_days_without_a_hole():
    instants = [T0 - 3000 * DAY, *(T0 - number * DAY for number in range(900, 0, -7))]
    server = HubSpot(events=[{"id": str(at), "created": at, "recipient": "a@b.c"} for at in instants])
    nights = Nights(server)

    first = nights.night("email_events", "a", T0)
    server.events.append({"id": "new", "created": T0 + 40 * DAY, "recipient": "a@b.c"})
    second = nights.night("email_events", "b", T0 + 70 * DAY)

    assert ids(first) == [str(at) for at in instants]
    assert ids(second) == ["new"]
    spans = [r.url.params for r in server.asked if int(r.url.params["startTimestamp"])]
    assert all(int(p["endTimestamp"]) - int(p["startTimestamp"]) < 30 * DAY for p in spans)


def contact(name: str, at: int) -> dict:
    return {"id": name, "created_at": T0 // 1000 - 99 * 86_400, "updated_at": at // 1000, "email": "a@b.c"}


def test_intercom_searches_two_days_early_and_keeps_what_is_new_to_the_second():
    server = Intercom({"contacts": [contact("old", T0 - 30 * HOUR), contact("same day", T0 - 2 * HOUR)]})
    nights = Nights(server, intercom(DESK))
    nights.night("contacts", "a", T0)

    server.records["contacts"].append(contact("new", T0 + HOUR))
    second = nights.night("contacts", "b", T0 + 2 * HOUR)

    body = json.loads(server.asked[-1].content)
    assert ids(second) == ["same day", "new"]
    assert body["query"] == {"field": "updated_at", "operator": ">", "value": (T0 - DAY) // 1000 - 2 * 86_400}


def test_a_gap_to_what_the_source_says_it_has_is_told_and_deletes_nothing():
    class Forgetful(Intercom):
        def served(self, request):
            answer = super().served(request)
            return httpx.Response(200, json=json.loads(answer.content) | {"total_count": 5})

    server = Forgetful({"contacts": [contact("1", T0)]})
    landing = Nights(server, intercom(DESK)).night("contacts", "a", T0)

    assert read_json(landing, manifest_key("a", "src_contacts"))["complete"] is False


def test_a_pull_that_runs_long_goes_on_in_the_next_invocation():
    server, ledger, landing = HubSpot({"companies": things(*map(Thing, range(1, 5001)))}), MemoryLedger(), MemoryStore()
    minutes = iter(range(10_000))

    def invoked() -> str:
        there = place("companies", "r", landing)
        return land_stream(
            there, STREAMS["companies"], client(server), ledger, lambda: T0 / 1000 + next(minutes) * 60
        ).next

    answers = [invoked()]
    while answers[-1] == AGAIN:
        answers.append(invoked())

    assert len(answers) > 2
    assert answers[-1] == DONE
    assert ids(landing) == [str(number) for number in range(1, 5001)]
    assert sum(request.method == "GET" for request in server.asked) == 50


def test_a_wait_longer_than_a_minute_is_handed_to_the_chain_and_nothing_is_pulled_twice():
    server, ledger, landing = HubSpot({"companies": things(*map(Thing, range(1, 301)))}), MemoryLedger(), MemoryStore()
    server.fail = lambda number, request: httpx.Response(477, headers={"Retry-After": "600"}) if number == 3 else None

    def invoked():
        there = place("companies", "r", landing)
        return land_stream(there, STREAMS["companies"], client(server), ledger, lambda: T0 / 1000)

    first, second = invoked(), invoked()

    assert (first.next, second.next) == (WAIT, DONE)
    assert first.wait_until.startswith("2026-09-21T1")
    assert ids(landing) == [str(number) for number in range(1, 301)]
    assert [r.url.params.get("after") for r in server.asked if r.method == "GET"] == [None, "100", "200", "200"]


@pytest.mark.parametrize("killed_at", range(1, 13))
def test_a_pull_goes_on_from_every_checkpoint(killed_at):
    server, ledger, landing = HubSpot({"companies": things(*map(Thing, range(1, 1101)))}), MemoryLedger(), MemoryStore()
    server.fail = lambda number, request: httpx.Response(503) if killed_at <= number < killed_at + 8 else None

    def invoked():
        there = place("companies", "r", landing)
        return land_stream(there, STREAMS["companies"], client(server), ledger, lambda: T0 / 1000, limits=SMALL)

    with pytest.raises(SourceUnavailable):
        invoked()
    before = len(server.asked)
    done = invoked()

    assert done.rows == 1100
    assert sorted(map(int, ids(landing))) == list(range(1, 1101))
    assert len(server.asked) - before <= 12 - (killed_at - 1) // 2 * 2


def test_the_same_run_again_pulls_nothing_and_says_the_same():
    server, ledger, landing = HubSpot({"companies": things(Thing(1))}), MemoryLedger(), MemoryStore()

    def invoked():
        there = place("companies", "r", landing)
        return land_stream(there, STREAMS["companies"], client(server), ledger, lambda: T0 / 1000)

    first, asked, objects = invoked(), len(server.asked), dict(landing.objects)
    second = invoked()

    assert second == first
    assert len(server.asked) == asked
    assert landing.objects == objects
