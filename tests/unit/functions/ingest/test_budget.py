"""The shared allowance: never more than the source permits, in any window, whoever asks."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import SourceThrottled
from holdfast.ledger import MemoryLedger
from infra.local.standins.hubspot_http import HubSpotDialect
from infra.local.standins.intercom_http import IntercomDialect
from infra.local.standins.limits import FixedWindow, Limit, RollingWindow
from ingest.budget import BLOCK, NOTE, TRAVEL, Budget
from ingest.http import ApiClient, Request
from ingest.limits import Told, bucket_of, told
from tests.doubles.simulation import Simulation


class Counting(MemoryLedger):
    """Counts the calls that would cost something."""

    calls = 0

    def reserve(self, source: str, bucket: str, seconds: float, earliest: float) -> float:
        self.calls += 1
        return super().reserve(source, bucket, seconds, earliest)

    def note(self, source: str, stream: str, name: str):  # type: ignore[no-untyped-def]
        self.calls += 1
        return super().note(source, stream, name)


class Server:
    """A source with a strict limit, some time away. It tells about its limit as the vendor does."""

    def __init__(self, world: Simulation, dialect: HubSpotDialect | IntercomDialect, limit: Limit) -> None:
        self.world, self.dialect, self.limit = world, dialect, limit
        self.statuses: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        # Some are longer on their way than others, by as much as a budget has to bear.
        self.world.sleep(TRAVEL * (len(self.statuses) % 5) / 4)
        allowance = self.limit.take(self.world.now)
        status = 200 if allowance.granted else 429
        self.statuses.append(status)
        headers = self.dialect.limit_headers(request.url.path, allowance)
        self.world.sleep(0.05)
        return httpx.Response(status, headers=headers, json={"ok": True})


def clients(number: int, server: Server, ledger: MemoryLedger, limits: dict[str, tuple[int, float]]) -> list[ApiClient]:
    world, made = server.world, []
    for _ in range(number):
        http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(server))
        budget = Budget(ledger, "crm", limits, world.clock, world.sleep)
        made.append(ApiClient("crm", http, "s", clock=world.clock, sleep=world.sleep, budget=budget))
    return made


def fetching(api: ApiClient, times: int, path: str = "/x") -> Callable[[], None]:
    def act() -> None:
        for _ in range(times):
            api.fetch(Request("POST", path))

    return act


@settings(deadline=None)
@given(
    st.integers(2, 150),
    st.sampled_from([1.0, 10.0]),
    st.integers(1, 4),
    st.lists(st.floats(0, 0.4), min_size=1, max_size=9),
)
def test_no_window_holds_more_than_the_limit_over_all_functions(limit, window, functions, pauses):
    world, ledger, sent = Simulation(), MemoryLedger(), []

    def function(number: int) -> Callable[[], None]:
        budget = Budget(ledger, "crm", {"general": (limit, window)}, world.clock, world.sleep)

        def act() -> None:
            for turn in range(limit * 2 // functions):
                budget.take("general")
                sent.append(world.now)
                budget.hear("general", Told())
                world.sleep(pauses[(turn + number) % len(pauses)])

        return act

    world.run(*(function(number) for number in range(functions)))

    assert sent == sorted(sent)
    assert all(sent[n + limit] - sent[n] >= window for n in range(len(sent) - limit))


@pytest.mark.parametrize("functions", [1, 4, 8])
def test_hubspots_limit_is_never_met_by_several_functions_together(functions):
    world = Simulation()
    server = Server(world, HubSpotDialect(), RollingWindow(100, 10))

    apis = clients(functions, server, MemoryLedger(), {"general": (100, 10.0)})
    world.run(*(fetching(api, 400 // functions) for api in apis))

    assert server.statuses == [200] * 400
    # What is not sent for caution's sake is a quarter at most.
    assert functions == 1 or world.now - Simulation.now < 400 / 7.5


def test_hubspots_limit_of_searches_is_never_met_by_several_functions_together():
    world = Simulation()
    server = Server(world, HubSpotDialect(), RollingWindow(5, 1))

    apis = clients(4, server, MemoryLedger(), {"general": (100, 10.0), "search": (5, 1.0)})
    world.run(*(fetching(api, 30, "/crm/objects/2026-09/contacts/search") for api in apis))

    assert server.statuses == [200] * 120


@pytest.mark.parametrize("allowed", [20, 167, 500])
def test_intercoms_limit_is_learned_from_its_headers_and_never_met_by_several_functions_together(allowed):
    world = Simulation()
    server = Server(world, IntercomDialect(), FixedWindow(allowed, 10))

    apis = clients(4, server, MemoryLedger(), {"general": (1666, 10.0)})
    world.run(*(fetching(api, allowed) for api in apis))

    assert server.statuses.count(429) == 0


def test_a_limit_that_was_learned_is_known_to_the_next_function_before_it_asks():
    ledger, world = MemoryLedger(), Simulation()
    first, second = (Budget(ledger, "desk", {"general": (1666, 10.0)}, world.clock, world.sleep) for _ in range(2))

    first.take("general")
    first.hear("general", Told(limit=20.0))
    world.run(*(lambda: second.take("general") for _ in range(20)))

    assert ledger.note("desk", NOTE, NOTE) == {"general": 20.0}
    assert world.now - Simulation.now > 8


def test_others_who_use_up_the_allowance_are_given_way_to():
    world = Simulation()
    server = Server(world, IntercomDialect(), FixedWindow(100, 10))

    def stranger() -> None:
        for _ in range(40):
            server.limit.take(world.now)
            world.sleep(0.1)

    apis = clients(4, server, MemoryLedger(), {"general": (1666, 10.0)})
    world.run(stranger, *(fetching(api, 60) for api in apis))

    assert server.statuses.count(429) <= len(apis)


def test_one_refusal_keeps_all_functions_quiet():
    ledger, world = MemoryLedger(), Simulation()
    refused, other = (Budget(ledger, "crm", {"general": (100, 10.0)}, world.clock, world.sleep) for _ in range(2))

    refused.quiet("general", 7.0)
    world.run(lambda: other.take("general"))

    assert world.now == Simulation.now + 7.0


def test_a_turn_that_is_too_far_away_is_left_to_the_state_machine():
    ledger, world = MemoryLedger(), Simulation()
    ledger.reserve("crm", "general", 0.0, world.now + 300)

    with pytest.raises(SourceThrottled) as caught:
        Budget(ledger, "crm", {"general": (100, 10.0)}, world.clock, world.sleep).take("general")

    assert caught.value.retry_after == pytest.approx(300)


def test_one_call_of_the_ledger_serves_several_requests():
    world, ledger = Simulation(), Counting()
    server = Server(world, HubSpotDialect(), RollingWindow(100, 10))

    (api,) = clients(1, server, ledger, {"general": (100, 10.0)})
    world.run(fetching(api, 200))

    assert ledger.calls < 200 / BLOCK * 1.2


def test_a_bucket_without_a_limit_is_not_slowed():
    world = Simulation()

    Budget(MemoryLedger(), "desk", {}, world.clock, world.sleep).take("general")

    assert world.now == Simulation.now


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Remaining": "150"}, Told(190.0)),
        ({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "4"}, Told(100.0, 2.0)),
        ({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "0",
          "X-HubSpot-RateLimit-Interval-Milliseconds": "5000"}, Told(200.0, 5.0)),
        ({"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "80", "X-RateLimit-Reset": "104"}, Told(167.0)),
        ({"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "2", "X-RateLimit-Reset": "104"}, Told(167.0, 4.0)),
        ({"X-RateLimit-Limit": "167", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999"}, Told(167.0, 10.0)),
        ({"X-RateLimit-Limit": "many"}, Told()),
        ({}, Told()),
    ],
)  # fmt: skip
def test_headers_tell_the_limit_and_when_to_slow_down(headers, said):
    assert told(httpx.Headers(headers), 100.0) == said


def test_searches_are_counted_apart_only_where_they_have_a_limit_of_their_own():
    both, one = {"general": (1, 1.0), "search": (1, 1.0)}, {"general": (1, 1.0)}

    assert bucket_of("/crm/objects/2026-09/contacts/search", both) == "search"
    assert bucket_of("/crm/objects/2026-09/contacts", both) == "general"
    assert bucket_of("/contacts/search", one) == "general"
