"""Streams that a file describes: how pages follow each other, what a night asks for, and what is gone."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from holdfast.connector import Connector, connector
from holdfast.contracts import DONE, manifest_key
from holdfast.errors import SourceGarbled
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.declared import declared
from ingest.pull import land_stream
from ingest.sources import api_of
from tests.doubles.crm import client, place

T0 = 1_790_000_000
"""A moment in epoch seconds at which every story begins."""
DAY = 86_400
NUMBERS = list(range(1, 8))


def made(paging: Mapping[str, Any], **stream: Any) -> Connector:
    said = {"path": "/things", "records": "page.items", "updated": ["at"],
            "columns": [{"name": "at", "path": "at", "kind": "time"}]}  # fmt: skip
    return Connector.model_validate(
        {"hosts": ["api.test"], "paging": {"size": 3, **paging}, "streams": {"things": said | stream}}
    )


def rows(store: MemoryStore, under: str = "landing/") -> list[dict[str, Any]]:
    parts = [pq.read_table(io.BytesIO(body)) for key, body in sorted(store.objects.items()) if key.startswith(under)]
    return [row for part in parts for row in part.to_pylist()]


class Nights:
    """Runs of one stream; each is entered into the lake as Transform does: the cursor is booked last."""

    def __init__(self, said: Connector, server: Callable[[httpx.Request], httpx.Response]) -> None:
        self.said, self.server, self.ledger = said, server, MemoryLedger()
        self.asked: list[httpx.Request] = []

    def served(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.server(request)

    def night(self, stream: str, run: str, now: int = T0) -> MemoryStore:
        self.asked.clear()
        there = place(stream, run)
        streams = declared(self.said, {})
        answer = land_stream(there, streams[stream], client(self.served), self.ledger, lambda: float(now))
        assert answer.next == DONE
        manifest = read_json(there.landing, manifest_key(run, f"src_{stream}"))
        self.ledger.keep("src", stream, CURSOR, manifest["cursor"])
        return there.landing


def numbered(request: httpx.Request) -> httpx.Response:
    """Seven things in pages of three, for whoever asks in any of the ways."""
    asked = request.url.params
    if "after" in asked:
        first = int(asked["after"])
    elif "token" in asked:
        first = int(asked["token"].removeprefix("t"))
    elif "page" in asked:
        first = (int(asked["page"]) - 1) * 3
    else:
        first = int(asked.get("offset", 0))
    shown = NUMBERS if "n" not in asked else NUMBERS[first : first + 3]
    more = first + 3 < len(NUMBERS)
    links = {"more": more, "next": {"token": f"t{first + 3}", "url": "https://evil.test/steal"} if more else None}
    return httpx.Response(200, json={"page": {"items": [{"id": n, "at": T0} for n in shown]}, "total": 7} | links)


@pytest.mark.parametrize(
    "paging",
    [
        {"kind": "last_id", "parameter": "after", "more": "more", "size_parameter": "n"},
        {"kind": "token", "parameter": "token", "next": "next.token", "size_parameter": "n"},
        {"kind": "page", "parameter": "page", "first": 1, "size_parameter": "n"},
        {"kind": "offset", "parameter": "offset", "size_parameter": "n"},
        {"kind": "none"},
    ],
    ids=lambda paging: paging["kind"],
)
def test_every_page_is_asked_for_once_and_at_our_own_host(paging: dict[str, Any]) -> None:
    nights = Nights(made(paging), numbered)

    landing = nights.night("things", "a")

    assert [row["id"] for row in rows(landing)] == [str(n) for n in NUMBERS]
    assert len(nights.asked) == (1 if paging["kind"] == "none" else 3)
    assert {request.url.host for request in nights.asked} == {"api.test"}


def test_more_after_nothing_is_garbage_and_no_endless_loop() -> None:
    nights = Nights(
        made({"kind": "last_id", "parameter": "after", "more": "more"}),
        lambda request: httpx.Response(200, json={"page": {"items": []}, "more": True}),
    )

    with pytest.raises(SourceGarbled, match="no last record with an id"):
        nights.night("things", "a")


def test_an_answer_without_its_list_is_garbage() -> None:
    with pytest.raises(SourceGarbled, match=r"/things has no list `page\.items`"):
        Nights(made({"kind": "none"}), lambda request: httpx.Response(200, json={"page": {}})).night("things", "a")


def test_fewer_records_than_the_source_says_there_are_take_nothing_away() -> None:
    landing = Nights(made({"kind": "none"}, total="total"), lambda request: httpx.Response(
        200, json={"page": {"items": [{"id": 1, "at": T0}]}, "total": 7})).night("things", "a")  # fmt: skip

    assert read_json(landing, manifest_key("a", "src_things"))["complete"] is False


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("seconds", str(T0 - 3600)),
        ("milliseconds", str((T0 - 3600) * 1000)),
        ("iso", "2026-09-21T13:13:20.000Z"),
    ],
)
def test_an_increment_asks_from_the_cursor_less_its_lookback(unit: str, written: str) -> None:
    nights = Nights(made({"kind": "none"}, since={"parameter": "since[gte]", "unit": unit}), numbered)
    nights.night("things", "a", T0)

    assert "since[gte]" not in nights.asked[0].url.params
    nights.night("things", "b", T0 + DAY)

    assert nights.asked[0].url.params["since[gte]"] == written


def test_a_stream_that_cannot_be_asked_for_less_is_pulled_whole_each_time() -> None:
    nights = Nights(made({"kind": "none"}), numbered)
    nights.night("things", "a", T0)

    landing = nights.night("things", "b", T0 + DAY)

    assert read_json(landing, manifest_key("b", "src_things"))["full"] is True


class Billing:
    """Customers as a billing API shows them: a list by creation, one by one, and a feed of events."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    def put(self, number: str, created: int, **more: Any) -> None:
        self.customers[number] = {"id": number, "created": created, "email": f"{number}@x.test", **more}

    def happened(self, kind: str, number: str, at: int) -> None:
        self.events.insert(0, {"id": f"evt_{len(self.events)}", "type": kind, "created": at,
                               "data": {"object": {"id": number, "currency": "old"}}})  # fmt: skip

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked, since = request.url.params, int(request.url.params.get("created[gte]", 0))
        if request.url.path == "/v1/events":
            kinds = {value for name, value in asked.items() if name.startswith("types[")}
            return self._page([e for e in self.events if e["type"] in kinds and e["created"] >= since], asked)
        number = request.url.path.removeprefix("/v1/customers").strip("/")
        if number:
            found = self.customers.get(number)
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={"error": {}})
        alive = [c for c in self.customers.values() if not c.get("deleted") and c["created"] >= since]
        return self._page(sorted(alive, key=lambda c: -c["created"]), asked)

    def _page(self, all_: list[dict[str, Any]], asked: httpx.QueryParams) -> httpx.Response:
        ids = [one["id"] for one in all_]
        first = ids.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        shown = all_[first : first + int(asked["limit"])]
        return httpx.Response(200, json={"data": shown, "has_more": first + len(shown) < len(all_)})


@pytest.fixture
def billing() -> Billing:
    server = Billing()
    for number in range(250):
        server.put(f"cus_{number}", T0 - 300 + number)
    return server


def test_new_records_come_by_their_creation_and_changed_ones_by_the_feed_as_they_are_now(billing: Billing) -> None:
    nights = Nights(connector("subscriptions"), billing)
    first = nights.night("customers", "a", T0)
    billing.put("cus_new", T0 + 60)
    billing.customers["cus_3"] |= {"currency": "eur"}
    billing.happened("customer.updated", "cus_3", T0 + 30)
    billing.happened("customer.updated", "cus_3", T0 + 90)

    second = nights.night("customers", "b", T0 + DAY)

    landed = {row["id"]: row for row in rows(second)}
    assert len(rows(first)) == 250
    assert set(landed) >= {"cus_new", "cus_3"}
    assert landed["cus_3"]["currency"] == "eur"
    assert landed["cus_3"]["_updated_at"].timestamp() == T0 + 90
    assert landed["cus_new"]["_updated_at"].timestamp() == T0 + 60
    assert sum(request.url.path == "/v1/customers/cus_3" for request in nights.asked) == 1


def test_what_the_feed_calls_gone_becomes_a_tombstone_and_no_row(billing: Billing) -> None:
    nights = Nights(connector("subscriptions"), billing)
    nights.night("customers", "a", T0)
    billing.customers["cus_1"] = {"id": "cus_1", "deleted": True}
    del billing.customers["cus_2"]
    for number in ("cus_1", "cus_2"):
        billing.happened("customer.updated", number, T0 + 30)
        billing.happened("customer.deleted", number, T0 + 60)

    landing = nights.night("customers", "b", T0 + DAY)

    assert not {"cus_1", "cus_2"} & {row["id"] for row in rows(landing)}
    assert {(r["id"], r["_updated_at"].timestamp()) for r in rows(landing, "removed/")} == {
        ("cus_1", T0 + 60), ("cus_2", T0 + 60)
    }  # fmt: skip


def test_a_cursor_older_than_the_feed_reaches_brings_everything(billing: Billing) -> None:
    nights = Nights(connector("subscriptions"), billing)
    nights.night("customers", "a", T0)

    landing = nights.night("customers", "b", T0 + 31 * DAY)

    assert read_json(landing, manifest_key("b", "src_customers"))["full"] is True


def test_an_id_of_the_feed_never_leads_to_another_path(billing: Billing) -> None:
    nights = Nights(connector("subscriptions"), billing)
    nights.night("customers", "a", T0)
    billing.happened("customer.updated", "../payouts?x=", T0 + 30)

    nights.night("customers", "b", T0 + DAY)

    assert b"/v1/customers/..%2Fpayouts%3Fx%3D" in {request.url.raw_path for request in nights.asked}


def test_a_source_says_its_limit_its_version_and_which_field_names_the_customer() -> None:
    settings = parse_settings(
        '[sources.billing]\nkind = "rest"\nconnector = "subscriptions"\noptions = { customer_key = "uid" }\n'
        'requests_per_10s = 500\n[churn]\nkind = "usage"'
    )

    api = api_of(settings.sources["billing"], settings)  # type: ignore[arg-type]

    assert api.base_url == "https://api.stripe.com"
    assert api.limits == {"general": (500, 10.0)}
    assert dict(api.streams["customers"].headers) == {"Stripe-Version": "2026-03-25.dahlia"}
    assert api.streams["customers"].columns[1].path == "metadata.uid"
