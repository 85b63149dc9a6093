"""Parts of conversations: asked for one conversation at a time, and kept."""

import logging
from typing import Any

import httpx
import pytest

from holdfast.errors import SourceGarbled
from holdfast.observe import metrics
from holdfast.settings import IntercomSource
from ingest.each import AT_ONCE
from ingest.intercom import intercom
from ingest.pull import Limits
from tests.doubles.crm import T0, Intercom
from tests.doubles.desk import SECOND, asked_of, desk, nights, part, talk
from tests.doubles.nights import DAY, HOUR, rows


@pytest.fixture(autouse=True)
def _nothing_told_yet():
    metrics.clear_metrics()


def told(name: str) -> float:
    return sum(metrics.metric_set.get(name, {"Value": []})["Value"])


def of_one_part(count: int, **more: Any) -> Intercom:
    """Conversations of one part each."""
    names = [f"c{n:03}" for n in range(count)]
    return Intercom({"conversations": [talk(n) for n in names]}, parts={n: [part(f"p{n}")] for n in names}, **more)


def test_parts_land_by_their_own_id_with_the_conversation_and_who_did_what():
    said = part("p1", author={"type": "admin", "id": "7", "name": "Kim", "email": "k@x.test", "from_ai_agent": True},
                assigned_to={"type": "team", "id": "9"}, state="open", redacted=False, body="<p>secret</p>")  # fmt: skip
    server = desk(talk("c1"), c1=[said])

    (row,) = nights(server).night("conversation_parts", "a", T0)

    moments = {name: row.pop(name) for name in ("created_at", "updated_at", "_updated_at")}
    assert {int(each.timestamp()) for each in moments.values()} == {SECOND - 86_400}
    assert row == {"id": "p1", "conversation_id": "c1", "part_type": "comment", "state": "open", "author_type": "admin",
                   "author_id": "7", "from_ai_agent": True, "assigned_to_type": "team", "assigned_to_id": "9",
                   "redacted": False}  # fmt: skip


def test_only_conversations_that_changed_are_asked_for_and_none_that_says_it_has_no_parts():
    server = desk(talk("c1"), talk("c2", count=0), talk("c3", count=None), c1=[part("p1")])
    told_by = nights(server)
    told_by.night("conversation_parts", "a", T0)
    first = asked_of(server)
    server.asked.clear()
    server.records["conversations"][0] = talk("c1", T0 + HOUR, count=2)
    server.records["conversations"][1] = talk("c2", T0 - DAY - HOUR)
    server.parts["c1"].append(part("p2", T0 + HOUR))

    landed = told_by.night("conversation_parts", "b", T0 + 2 * HOUR)

    assert first == ["c1", "c3"]
    assert asked_of(server) == ["c3", "c1"]
    assert [row["id"] for row in landed] == ["p1", "p2"]


def test_a_conversation_that_was_deleted_after_the_search_is_passed_over():
    server = desk(talk("c1"), talk("c2"), c2=[part("p2")])
    server.fail = lambda _, request: httpx.Response(404) if request.url.path.endswith("/c1") else None

    assert [row["id"] for row in nights(server).night("conversation_parts", "a", T0)] == ["p2"]


def test_of_a_conversation_beyond_the_cap_the_newest_parts_land_and_that_is_counted_without_ids(caplog):
    server = desk(
        talk("c1", count=502), talk("c2"), c1=[part(f"p{n}", T0 - DAY + n) for n in range(502)], c2=[part("q")]
    )

    with caplog.at_level(logging.WARNING):
        pulled = nights(server)
        landed = pulled.night("conversation_parts", "a", T0)

    assert len(landed) == 501
    assert {"p0", "p1"}.isdisjoint(row["id"] for row in landed)
    assert told("TruncatedConversations") == 1
    (record,) = [each for each in caplog.records if "keeps something back" in each.message]
    assert (record.of, record.missing) == (1, 2)
    assert "c1" not in str(record.__dict__)
    assert pulled.manifest("conversation_parts", "a")["complete"] is False


def test_a_pull_of_parts_is_never_whole_so_that_parts_that_came_before_stay():
    pulled = nights(desk(talk("c1"), c1=[part("p1")]))

    manifests = []
    for run, now in (("a", T0), ("b", T0 + 99 * DAY)):
        pulled.night("conversation_parts", run, now)
        manifests.append(pulled.manifest("conversation_parts", run))

    assert [each["full"] for each in manifests] == [True, False]
    assert [each["complete"] for each in manifests] == [False, False]


@pytest.mark.parametrize("killed_at", range(2, 71, 7))
def test_a_pull_is_taken_up_in_the_middle_of_a_page(killed_at):
    server, pulled = of_one_part(70), nights(None, Limits(pages=2))
    whole = of_one_part(70)
    server.fail = lambda number, _: _killed() if number == killed_at else None
    pulled.server = server

    with pytest.raises(Killed):
        pulled.night("conversation_parts", "a", T0)
    before = [*asked_of(server)]
    kept = pulled.place
    while pulled.resume("conversation_parts", T0) != "done":
        pass

    assert sorted(row["id"] for row in rows(kept.landing)) == sorted(
        f"p{n['id']}" for n in whole.records["conversations"]
    )
    again = set(before) & set(asked_of(server)[len(before) :])
    assert len(again) <= 2 * AT_ONCE


def test_where_the_source_wants_quiet_what_was_asked_before_counts_and_the_wait_is_handed_over():
    server = of_one_part(40)
    server.fail = lambda number, _: httpx.Response(429, headers={"Retry-After": "600"}) if number in (12, 13) else None
    pulled = nights(server)

    landed = pulled.night("conversation_parts", "a", T0)

    assert pulled.waits == ["wait"]
    assert len(landed) == 40
    assert sorted(asked_of(server)) == sorted([*(f"c{n:03}" for n in range(40)), "c010", "c010"])


def test_a_search_that_does_not_move_on_is_garbled():
    class Stuck(Intercom):
        def served(self, request):
            if request.method == "GET":
                return super().served(request)
            return httpx.Response(200, json={"conversations": [talk("c1")], "pages": {"next": {"starting_after": "x"}}})

    with pytest.raises(SourceGarbled):
        nights(Stuck(parts={"c1": [part("p1")]})).night("conversation_parts", "a", T0)


def test_streams_of_one_request_per_record_can_be_left_out():
    assert {"conversation_parts", "data_events"} <= set(intercom(IntercomSource(kind="intercom")))
    without = IntercomSource(kind="intercom", conversation_parts=False, data_events=False)
    assert set(intercom(IntercomSource(kind="intercom"))) - set(intercom(without)) == {
        "conversation_parts",
        "data_events",
    }


class Killed(BaseException):
    """The function was killed."""


def _killed() -> httpx.Response:
    raise Killed
