"""The connector against the stand-in Intercom: over real HTTP, by its rules of dates and scrolls, and a world that moves on."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.ledger import CURSOR
from holdfast.observe import metrics
from holdfast.settings import IntercomSource
from infra.local.world import Recipe, prepare
from ingest.http import ApiClient
from ingest.intercom import intercom
from ingest.intercom_reference import HEADERS
from ingest.pull import Limits
from tests.doubles.nights import Nights
from tests.integration.standins.conftest import Standins, serving
from validate.state import Pull, merged, present

DESK = IntercomSource(kind="intercom")


class Real(Nights):
    """Nights against the stand-in, of which each is merged into what is held; their clock is the world's."""

    def __init__(self, standins: Standins, limits: Limits | None = None) -> None:
        super().__init__(lambda request: None, intercom(DESK), limits)
        self.http, self.held = standins.intercom, dict[str, pa.Table | None]()
        self.now = self._told("contacts")["now"]
        self.asked: list[str] = []
        self.meanwhile: Callable[[], object] | None = None
        """What happens once the next answer is there."""

    def client(self) -> ApiClient:
        http = httpx.Client(
            base_url=self.http.base_url,
            headers={**self.http.headers, **HEADERS},
            event_hooks={"request": [self._note], "response": [self._answered]},
        )
        return ApiClient("src", http, "secret", sleep=lambda seconds: None)

    def pull(self, stream: str, run: str) -> set[str]:
        """One night of a stream; gives the ids of all that is held after it."""
        self.night(stream, run, self.now)
        manifest = self.manifest(stream, run)
        found = [self._read(zone) for zone in ("landing/", "removed/")]
        pull = Pull(manifest["complete"], manifest["cursor"])
        self.held[stream] = merged(self.held.get(stream), found[0], found[1], pull)
        rows = self.held[stream]
        return set() if rows is None else set(present(rows)["id"].to_pylist())

    def rows(self, stream: str) -> list[dict[str, Any]]:
        held = self.held[stream]
        assert held is not None
        return present(held).to_pylist()

    def advance(self, **wanted: Any) -> dict[str, Any]:
        done = self.http.post("/_standin/advance", json=wanted).raise_for_status().json()
        self.now = done["now"]
        return dict(done["changed"])

    def fault(self, **wanted: Any) -> None:
        self.http.post("/_standin/faults", json=wanted).raise_for_status()

    def truth(self, stream: str) -> set[str]:
        return {record["id"] for record in self._told(stream)["records"]}

    def _told(self, stream: str) -> dict[str, Any]:
        return dict(self.http.get("/_standin/truth", params={"stream": stream}).raise_for_status().json())

    def _read(self, zone: str) -> pa.Table | None:
        files = [body for key, body in sorted(self.place.landing.objects.items()) if key.startswith(zone)]
        return pa.concat_tables([pq.read_table(io.BytesIO(body)) for body in files]) if files else None

    def _note(self, request: httpx.Request) -> None:
        self.asked.append(f"{request.method} {request.url.path}")

    def _answered(self, _response: httpx.Response) -> None:
        if self.meanwhile:
            self.meanwhile, act = None, self.meanwhile
            act()


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standins]:
    """A smaller world: here each conversation is a request."""
    directory = tmp_path_factory.mktemp("few")
    prepare(directory, Recipe(customers=60, seed=11))
    with serving(directory, "--intercom-per-10-s", "100000") as both:
        yield both


@pytest.fixture
def nights(few: Standins) -> Iterator[Callable[..., Real]]:
    yield lambda limits=None: Real(few, limits)
    few.intercom.post("/_standin/faults", json={}).raise_for_status()
    few.intercom.post("/_standin/reset").raise_for_status()


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets", "companies"])
def test_all_records_of_a_stream_land(nights: Callable[..., Real], stream: str) -> None:
    real = nights()

    assert real.pull(stream, "a") == real.truth(stream)
    assert real.manifest(stream, "a")["complete"] is True


def test_all_parts_of_all_conversations_land_and_each_of_their_columns_says_something(
    nights: Callable[..., Real],
) -> None:
    real = nights()

    real.pull("conversation_parts", "a")
    rows = real.rows("conversation_parts")

    real.pull("conversations", "b")
    counted = {row["id"]: int(row["parts"]) for row in real.rows("conversations")}
    assert {each: sum(row["conversation_id"] == each for row in rows) for each in counted} == counted
    assert all(any(row[name] is not None for row in rows) for name in rows[0])
    assert sum(asked.startswith("GET /conversations/") for asked in real.asked if "deleted" not in asked) == len(
        counted
    )


def test_parts_that_fall_out_of_the_newest_ones_stay_held(nights: Callable[..., Real]) -> None:
    real = nights()
    before = real.pull("conversation_parts", "a")
    real.fault(parts_at_most=1)
    changed = real.advance(updates=20)["conversations"]

    after = real.pull("conversation_parts", "b")

    assert before < after
    assert len(after - before) == len(changed["updated"]) + len(changed["created"])


def test_parts_come_for_the_conversations_that_changed_only(nights: Callable[..., Real]) -> None:
    real = nights()
    real.pull("conversation_parts", "a")
    real.asked.clear()
    real.advance(updates=0, days=3)
    changed = real.advance(updates=5)["conversations"]

    real.pull("conversation_parts", "b")

    asked = {each.rpartition("/")[2] for each in real.asked if each.startswith("GET")}
    assert {*changed["updated"], *changed["created"]} <= asked
    assert len(asked) < 40


def test_deleted_conversations_are_gone_the_same_night(nights: Callable[..., Real]) -> None:
    real = nights()
    real.pull("conversations", "a")
    deleted = real.advance(updates=30)["conversations"]["deleted"]

    held = real.pull("conversations", "b")

    assert real.manifest("conversations", "b")["full"] is False
    assert len(deleted) == 6
    assert held == real.truth("conversations")


def test_contacts_that_were_deleted_or_merged_are_gone_with_the_weekly_pull(nights: Callable[..., Real]) -> None:
    real = nights()
    real.pull("contacts", "a")
    done = real.advance(updates=10)["contacts"]
    gone = {*done["deleted"], *done["merged"]}

    next_day = real.pull("contacts", "b")
    real.advance(days=8, updates=0)
    week = real.pull("contacts", "c")

    assert gone
    assert next_day - gone == week == real.truth("contacts")
    assert real.manifest("contacts", "c")["complete"] is True


def test_records_that_the_order_of_a_search_skips_are_missed_by_their_distinct_ids(nights: Callable[..., Real]) -> None:
    real = nights()
    real.fault(page_at_most=20)
    real.pull("contacts", "a")
    real.ledger.keep("src", "contacts", CURSOR, real.ledger.note("src", "contacts", CURSOR) | {"cursor": 0})
    metrics.clear_metrics()
    first, second = sorted(real.rows("contacts"), key=lambda row: row["updated_at"])[:2]
    real.meanwhile = lambda: real.http.post("/contacts/merge", json={"from": first["id"], "into": second["id"]})

    real.pull("contacts", "b")

    assert sum(metrics.metric_set["SourceGap"]["Value"]) == 1
    assert real.manifest("contacts", "b")["complete"] is False


def test_events_of_the_last_ninety_days_land_and_stay_when_intercom_forgets_them(nights: Callable[..., Real]) -> None:
    real = nights()
    first = real.pull("data_events", "a")
    real.advance(days=61, updates=0)
    later = real.pull("data_events", "b")

    assert real.manifest("data_events", "b")["full"] is True
    assert later == first
    assert min(row["created_at"].timestamp() for row in real.rows("data_events")) < real.now / 1000 - 90 * 86_400
    new = real.advance(days=1, updates=50)["events"]["created"]
    real.advance(days=31, updates=0)
    assert len(real.pull("data_events", "c") - later) == len(new)


def test_all_pages_of_a_contacts_events_are_read(nights: Callable[..., Real]) -> None:
    whole, paged = nights(), nights()
    wanted = whole.pull("data_events", "a")
    paged.fault(page_at_most=1)

    assert paged.pull("data_events", "a") == wanted
    assert len(paged.asked) > len(whole.asked)


@pytest.mark.parametrize("zone", [-11.0, 0.0, 14.0])
def test_whole_days_of_any_time_zone_hide_no_change(nights: Callable[..., Real], zone: float) -> None:
    real = nights()
    real.fault(zone_hours=zone)
    real.pull("contacts", "a")
    changed = real.advance(days=0.2, updates=10)["contacts"]

    real.pull("contacts", "b")

    landed = {
        row["id"]
        for row in pq.read_table(
            io.BytesIO(next(body for key, body in real.place.landing.objects.items() if key.startswith("landing/")))
        ).to_pylist()
    }
    assert {*changed["updated"], *changed["created"]} - {*changed["deleted"], *changed["merged"]} <= landed


def test_a_scroll_of_somebody_else_is_waited_for_and_one_that_is_lost_begins_anew(nights: Callable[..., Real]) -> None:
    real = nights()
    real.fault(scroll_page=3, following=["scroll_exists", "", "", "scroll_expired"], paths="/companies/scroll")

    held = real.pull("companies", "a")

    assert real.waits == ["wait", "wait"]
    assert held == real.truth("companies")
    assert real.asked.count("GET /companies/scroll") == 1 + 3 + -(-len(held) // 3) + 1
