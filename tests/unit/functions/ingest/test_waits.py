"""How long each kind of refusal is waited for: one row per kind."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from holdfast.errors import SourceThrottled, SourceUnavailable
from holdfast.refusals import Refusal
from ingest.http import ATTEMPTS, ApiClient, Request
from ingest.waits import FIRST, LONGEST, jittered, number, quiet_after, until_midnight

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("UTC")).timestamp()
HOUR = 3600.0


def policy(name: str) -> dict[str, str]:
    return {"category": "RATE_LIMITS", "policyName": name}


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        pytest.param(429, {"Retry-After": "3"}, policy("TEN_SECONDLY_ROLLING"), 3, id="what Retry-After says"),
        pytest.param(429, {"Retry-After": "Mon, 23 Nov 2026 12:00:20 GMT"}, {}, 20, id="a date in Retry-After"),
        pytest.param(429, {"Retry-After": "5"}, policy("DAILY"), 5, id="Retry-After even of a daily limit"),
        pytest.param(429, {"Retry-After": "soon"}, policy("SECONDLY"), 1, id="a Retry-After that says nothing"),
        pytest.param(429, {}, policy("SECONDLY"), 1, id="a limit per second"),
        pytest.param(429, {}, policy("TEN_SECONDLY_ROLLING"), 10, id="a limit per ten seconds"),
        pytest.param(429, {}, policy("TEN_SECONDLY"), 10, id="the same by its other name"),
        pytest.param(429, {}, {"message": "You have reached your secondly limit."}, 1, id="a limit named in the message only"),
        pytest.param(429, {}, {"message": "You have reached your daily limit."}, 11 * HOUR, id="a daily one there"),
        pytest.param(429, {}, policy("DAILY"), 11 * HOUR, id="a daily limit: until the account's midnight"),
        pytest.param(429, {"X-RateLimit-Reset": f"{NOON + 7:.0f}"}, {}, 7, id="Intercom: until its reset"),
        pytest.param(429, {"X-RateLimit-Reset": f"{NOON - 7:.0f}"}, {}, 0, id="a reset that is over"),
        pytest.param(429, {}, {}, 10, id="nothing is said at all"),
        pytest.param(423, {}, {}, 2, id="a lock lasts two seconds at least"),
        pytest.param(423, {"Retry-After": "1"}, {}, 2, id="whatever is said"),
        pytest.param(423, {"Retry-After": "9"}, {}, 9, id="or longer"),
        pytest.param(477, {"Retry-After": "86400"}, {}, 86400, id="a migration says how long"),
        pytest.param(477, {}, {}, 600, id="or is asked again in ten minutes"),
    ],
)  # fmt: skip
def test_a_refusal_asks_for(status, headers, body, seconds):
    answer = httpx.Headers(headers)

    assert quiet_after(status, Refusal.of(body, answer), answer, NOON, "Europe/Berlin") == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("timezone", "hours"),
    [("UTC", 12), ("Europe/Berlin", 11), ("America/New_York", 17), ("Asia/Tokyo", 3), ("X/Y", 12)],
)
def test_midnight_is_the_accounts(timezone, hours):
    assert until_midnight(NOON, timezone) == hours * HOUR


def test_midnight_is_where_a_day_has_25_hours_too():
    evening = datetime(2026, 10, 25, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()

    assert until_midnight(evening, "Europe/Berlin") == 24.5 * HOUR


@pytest.mark.parametrize(("attempt", "bound"), [(1, 0.5), (2, 1), (3, 2), (5, 8), (8, 8)])
def test_jitter_is_full_and_lies_on_top_of_the_quiet_that_was_asked_for(attempt, bound):
    assert jittered(10, attempt, lambda low, high: low) == 10
    assert jittered(10, attempt, lambda low, high: high) == 10 + bound
    assert FIRST <= bound <= LONGEST


def client(*answers: httpx.Response | Exception) -> tuple[ApiClient, list[float], list[httpx.Request]]:
    """A client whose server gives these answers in turn, the last one for ever; how long it slept; what it asked."""
    asked: list[httpx.Request] = []
    slept: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer))
    return ApiClient("crm", http, "s", clock=lambda: NOON, sleep=slept.append, timezone="Asia/Tokyo"), slept, asked


GOOD = httpx.Response(200, json={"ok": 1})


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        (lambda: httpx.Response(429, json=policy("SECONDLY")), 1),
        (lambda: httpx.Response(429, json=policy("TEN_SECONDLY_ROLLING")), 10),
        (lambda: httpx.Response(429, headers={"Retry-After": "4"}), 4),
        (lambda: httpx.Response(429, headers={"X-RateLimit-Reset": f"{NOON + 6:.0f}"}), 6),
        (lambda: httpx.Response(423), 2),
        (lambda: httpx.Response(477, headers={"Retry-After": "5"}), 5),
        (lambda: httpx.Response(403, json={"errors": [{"code": "rate_limit_exceeded"}]}), 10),
    ],
)
def test_a_short_quiet_is_kept_in_the_function(answer: Callable[[], httpx.Response], least: float):
    api, slept, asked = client(answer(), GOOD)

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert least <= slept[0] <= least + FIRST
    assert (len(asked), api.refused) == (2, 1)


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        (lambda: httpx.Response(429, headers={"Retry-After": "600"}), 600),
        (lambda: httpx.Response(429, json=policy("DAILY")), 3 * HOUR),
        (lambda: httpx.Response(477, headers={"Retry-After": "86400"}), 24 * HOUR),
        (lambda: httpx.Response(477), 600),
    ],
)
def test_more_than_a_minute_of_quiet_is_left_to_the_state_machine(answer: Callable[[], httpx.Response], least: float):
    api, slept, asked = client(answer())

    with pytest.raises(SourceThrottled) as caught:
        api.fetch(Request("GET", "/x"))

    assert least <= caught.value.retry_after <= least + FIRST
    assert (slept, len(asked)) == ([], 1)


def test_more_than_a_minute_in_all_is_left_to_the_state_machine():
    api, slept, _ = client(httpx.Response(429, json=policy("TEN_SECONDLY_ROLLING")))

    with pytest.raises(SourceThrottled):
        api.fetch(Request("GET", "/x"))

    assert 4 <= len(slept) <= 5
    assert sum(slept) <= 60


@pytest.mark.parametrize(
    "answer",
    [*(httpx.Response(status) for status in (408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526)),
     httpx.Response(409, json={"errors": [{"code": "service_unavailable"}]}),
     httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")],
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again_within_a_cap_of_attempts(answer):
    api, slept, asked = client(answer)

    with pytest.raises(SourceUnavailable):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == ATTEMPTS
    assert all(0 <= each <= LONGEST for each in slept)


def test_a_source_that_hangs_is_given_up_before_the_function_is_killed():
    asked: list[float] = [0.0]

    def hang(request: httpx.Request) -> httpx.Response:
        asked.append(asked[-1] + 31)
        raise httpx.ReadTimeout("slow")

    http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(hang))
    api = ApiClient("crm", http, "s", clock=lambda: asked[-1], sleep=lambda seconds: None)

    with pytest.raises(SourceUnavailable):
        api.fetch(Request("GET", "/x"))

    assert asked[-1] < 180 - LONGEST


def test_a_source_that_fails_often_but_never_long_ends_our_patience_too():
    api, slept, _ = client(*[httpx.Response(503), GOOD] * 500)

    def pull() -> None:
        for _ in range(500):
            api.fetch(Request("GET", "/x"))

    with pytest.raises(SourceThrottled):
        pull()

    assert sum(slept) <= 60


@pytest.mark.parametrize(("text", "value"), [("7", 7.0), ("nan", None), ("inf", None), ("x", None), (None, None)])
def test_a_header_is_a_finite_number_or_nothing(text, value):
    assert number(text) == value
