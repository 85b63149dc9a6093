"""A hint leads to a question by id; what the source says then is what counts."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import DONE, WAIT, Extract, manifest_key
from holdfast.errors import SourceRefused
from holdfast.hints import CHANGED, GONE, MERGED, PRIVACY, Hint, MemoryHints
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import HubSpotSource, IntercomSource, parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.hinted import BATCH, with_hints
from ingest.hubspot import hubspot
from ingest.pull import land_stream
from ingest.streams import Column, Page, Pass, Stream, Window
from tests.doubles.crm import T0, HubSpot, Intercom, Thing, client, iso, place

HOUR = 3_600_000
NIGHT = T0 + 24 * HOUR
CRM = HubSpotSource(kind="hubspot")
DESK = IntercomSource(kind="intercom")
SETTINGS = parse_settings('[sources.src]\nkind = "hubspot"\n[churn]\nkind = "usage"')

Answer = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class ById:
    """Another server, and in front of it objects by id; `first` answers before both."""

    rest: Callable[[httpx.Request], httpx.Response]
    there: Mapping[str, Any] = field(default_factory=dict)
    first: Answer = lambda request: None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        answered = self.first(request)
        if path.endswith("/batch/read") and "objects" in path:
            ids = [each["id"] for each in json.loads(request.content)["inputs"]]
            self.asked += [("batch", one) for one in ids]
            return answered or _batch(ids, self.there)
        if request.method == "GET" and path.rpartition("/")[2] in self._known():
            self.asked.append(("alone", path.rpartition("/")[2]))
            found = self.there.get(path.rpartition("/")[2])
            return answered or (httpx.Response(200, json=found) if found else httpx.Response(404, json={}))
        return answered or self.rest(request)

    def _known(self) -> set[str]:
        return {str(n) for n in range(1, 1000)} | set(self.there) | {"a1", "a2", "a3"}


def _batch(ids: list[str], there: Mapping[str, Any]) -> httpx.Response:
    missing = [one for one in ids if one not in there]
    error = {"category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}
    errors = {"numErrors": 1, "errors": [error]} if missing else {}
    results = [there[one] for one in ids if one in there]
    return httpx.Response(207 if missing else 200, json={"status": "COMPLETE", "results": results} | errors)


def thing(object_id: int) -> dict[str, Any]:
    return {"id": str(object_id), "properties": {}, "updatedAt": iso(T0)}


def hint(object_id: str, kind: str = GONE, at: int = T0 + HOUR, received: int = T0 + 2 * HOUR) -> Hint:
    return Hint(object_id, at, kind, (f"e{object_id}",), received)


def told(*given: Hint, stream: str = "contacts") -> MemoryHints:
    hints = MemoryHints()
    for each in given:
        hints.take("src", stream, each)
    return hints


def night(
    server: Any, source: Any, stream: Stream, hints: MemoryHints, *, name: str = "contacts", **more: Any
) -> MemoryStore:
    """One run over the changes since `T0`."""
    ledger, there = MemoryLedger(), place(name)
    with_ = with_hints(stream, Extract("r", "src", name), source, hints, by_data=more.get("by_data", False))
    ledger.keep("src", name, CURSOR, {"cursor": T0, "full_at": NIGHT, "shape": with_.shape, "rows": 0, "at": T0})
    answer = land_stream(there, with_, client(server), ledger, lambda: NIGHT / 1000, by_data=more.get("by_data", False))
    assert answer.next == more.get("ends", DONE)
    return there.landing


def gone(landing: MemoryStore) -> dict[str, int]:
    parts = [
        pq.read_table(io.BytesIO(body)) for key, body in sorted(landing.objects.items()) if key.startswith("removed/")
    ]
    return {row["id"]: int(row["_updated_at"].timestamp() * 1000) for part in parts for row in part.to_pylist()}


def contacts(*there: int) -> HubSpot:
    return HubSpot({"contacts": {n: Thing(n, T0 - HOUR) for n in there}}, declared={"contacts": {}})


def answering(end: str, response: httpx.Response) -> Answer:
    """One response to every request whose path has that end."""
    return lambda request: response if request.url.path.endswith(end) else None


STREAM = hubspot(CRM, SETTINGS)["contacts"]
NOTHING = Pass(lambda fetch, window, cursor: Page([], None))
DESKS = Stream((Column("id", "id"),), "updated_at", (NOTHING,), (NOTHING,))


def test_what_is_gone_becomes_a_tombstone_of_this_night_and_what_is_there_stays() -> None:
    server = ById(contacts(1, 2), {"1": thing(1)})

    found = gone(night(server, CRM, STREAM, told(hint("1"), hint("2"), hint("3", PRIVACY), hint("4", CHANGED))))

    assert found == {"2": NIGHT, "3": NIGHT, "4": NIGHT}


def test_where_the_data_has_a_time_of_its_own_a_tombstone_is_of_the_hints_moment() -> None:
    landing = night(ById(contacts()), CRM, STREAM, told(hint("2", at=T0 + HOUR)), by_data=True)

    assert gone(landing) == {"2": T0 + HOUR}
    assert read_json(landing, manifest_key("r", "src_contacts"))["cursor"]["cursor"] < NIGHT - HOUR


def test_nobody_is_asked_for_where_nothing_was_hinted() -> None:
    server = ById(contacts(1))

    assert gone(night(server, CRM, STREAM, MemoryHints())) == {}
    assert server.asked == []


def test_only_what_was_hinted_since_the_last_night_is_asked_for() -> None:
    server = ById(contacts())

    night(
        server,
        CRM,
        STREAM,
        told(hint("1", at=T0 - 2, received=T0 - 1), hint("2", at=T0 - HOUR), hint("3", received=NIGHT + 1)),
    )

    assert {one for _, one in server.asked} == {"2"}


def test_many_hints_are_asked_for_by_batches_and_each_of_them_once() -> None:
    hints = told(*(hint(f"{n}") for n in range(100, 100 + 2 * BATCH)))
    server = ById(contacts(), {f"{n}": thing(n) for n in range(100, 100 + 2 * BATCH)})

    assert gone(night(server, CRM, STREAM, hints)) == {}
    assert sorted(server.asked) == [("batch", f"{n}") for n in range(100, 100 + 2 * BATCH)]


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param({"results": []}, id="says nothing of what it lacks"),
        pytest.param(
            {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["1", "2"]}}]}, id="lies"
        ),
    ],
)
def test_a_batch_that_lacks_an_object_is_not_believed_before_it_was_asked_for_alone(batch: dict[str, Any]) -> None:
    server = ById(contacts(1), {"1": thing(1)}, answering("batch/read", httpx.Response(207, json=batch)))

    assert set(gone(night(server, CRM, STREAM, told(hint("1"), hint("2"))))) == {"2"}


def test_an_id_under_which_another_object_answers_was_merged_into_it() -> None:
    server = ById(contacts(1), {"2": thing(1)})

    assert set(gone(night(server, CRM, STREAM, told(hint("2", MERGED))))) == {"2"}


def test_a_refusal_is_not_taken_for_an_absence() -> None:
    first = answering("/2", httpx.Response(403, json={}))

    with pytest.raises(SourceRefused):
        night(ById(contacts(), {}, first), CRM, STREAM, told(hint("2")))


def test_a_source_that_wants_quiet_is_asked_again_later_and_nothing_is_gone_before() -> None:
    first = answering("batch/read", httpx.Response(429, headers={"Retry-After": "900"}))

    assert gone(night(ById(contacts(), {}, first), CRM, STREAM, told(hint("2")), ends=WAIT)) == {}


def test_a_stream_that_was_pulled_whole_needs_no_hints() -> None:
    server, there = ById(contacts(1)), place("contacts")
    stream = with_hints(STREAM, Extract("r", "src", "contacts"), CRM, told(hint("1")), by_data=False)

    land_stream(there, stream, client(server), MemoryLedger(), lambda: NIGHT / 1000)

    assert server.asked == []


@pytest.mark.parametrize("name", ["owners", "properties", "email_events"])
def test_streams_of_what_cannot_be_asked_for_by_id_are_left_as_they_are(name: str) -> None:
    stream = hubspot(CRM, SETTINGS)[name]

    assert with_hints(stream, Extract("r", "src", name), CRM, MemoryHints(), by_data=False) is stream


def desk(**kinds: list[dict[str, Any]]) -> Intercom:
    return Intercom({"contacts": [], "conversations": []} | kinds)


def lost(server: Any, hints: MemoryHints, name: str = "contacts") -> dict[str, Any]:
    """What the pass over Intercom's hints finds gone, without the other passes."""
    stream = with_hints(DESKS, Extract("r", "src", name), DESK, hints, by_data=False)
    page = stream.changed[-1].read(client(server).fetch, Window(T0, NIGHT), {})
    return {record["id"]: record["updated_at"] for record in page.records}


def test_intercom_is_asked_for_what_is_said_to_be_gone_and_not_for_what_only_changed() -> None:
    server = ById(desk(), {"a1": {"type": "contact", "id": "a1"}})

    found = lost(server, told(hint("a1"), hint("a2"), hint("a3", CHANGED)))

    assert found == {"a2": NIGHT}
    assert server.asked == [("alone", "a1"), ("alone", "a2")]


def test_a_conversation_that_is_gone_is_found_in_the_same_way() -> None:
    assert set(lost(ById(desk()), told(hint("215"), stream="conversations"), "conversations")) == {"215"}


def test_a_contact_that_was_merged_answers_that_it_is_gone() -> None:
    merged = answering("/a1", httpx.Response(410, json={"type": "error.list", "errors": [{"code": "contact_merged"}]}))

    assert set(lost(ById(desk(), {}, merged), told(hint("a1", MERGED)))) == {"a1"}


def test_a_contact_that_others_were_merged_into_knows_who_they_were() -> None:
    history = [{"type": "merge_history", "source_contact_id": "a2"}]
    server = ById(desk(), {"a1": {"type": "contact", "id": "a1", "merge_history": history}})

    assert set(lost(server, told(hint("a1", MERGED)))) == {"a2"}
