"""The client's manners: what it retries, what it refuses at once, and how long it waits."""

import httpx
import pytest
import stamina

from holdfast.errors import SourceGarbled, SourceRefused, SourceThrottled, SourceUnavailable
from ingest.http import ATTEMPTS, ApiClient, Request, connect, pause_after, wait_after


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


def client(*answers: httpx.Response | Exception) -> tuple[ApiClient, list[httpx.Request]]:
    """A client whose server gives these answers in turn, the last one for ever."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer))
    return ApiClient("crm", http, "holdfast/crm", clock=lambda: 0.0, sleep=lambda seconds: None), asked


def test_a_throttled_call_is_tried_again():
    api, asked = client(httpx.Response(429, headers={"Retry-After": "1"}), httpx.Response(200, json={"ok": 1}))

    assert api.fetch(Request("GET", "/x")) == {"ok": 1}
    assert len(asked) == 2
    assert api.refused == 1


def test_a_wait_beyond_our_patience_goes_back_to_the_state_machine():
    api, asked = client(httpx.Response(429, headers={"Retry-After": "600"}))

    with pytest.raises(SourceThrottled) as caught:
        api.fetch(Request("GET", "/x"))

    assert caught.value.retry_after >= 600
    assert len(asked) == 1


def test_a_broken_daily_limit_is_not_waited_for():
    api, asked = client(httpx.Response(429, json={"policyName": "DAILY"}))

    with pytest.raises(SourceThrottled):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(524), httpx.ConnectError("no"), httpx.ReadTimeout("slow")]
)
def test_a_server_that_does_not_answer_is_tried_again_and_then_unavailable(answer):
    api, asked = client(answer)

    with pytest.raises(SourceUnavailable):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == ATTEMPTS


@pytest.mark.parametrize("status", [401, 403, 530])
def test_a_refused_token_fails_at_once_and_names_the_secret(status):
    api, asked = client(httpx.Response(status))

    with pytest.raises(SourceRefused, match="holdfast/crm"):
        api.fetch(Request("GET", "/x"))

    assert len(asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(302, headers={"Location": "https://evil"}),
    ],
)
def test_what_is_no_json_object_is_garbled_and_redirects_are_not_followed(answer):
    api, asked = client(answer)

    with pytest.raises(SourceGarbled):
        api.fetch(Request("GET", "/x"))

    assert {request.url.host for request in asked} == {"api.test"}


def test_the_connection_sends_the_token_and_follows_nothing():
    with connect("https://api.test", {"Intercom-Version": "2.15"}, "secret") as http:
        assert http.headers["Authorization"] == "Bearer secret"
        assert http.headers["Intercom-Version"] == "2.15"
        assert http.follow_redirects is False


@pytest.mark.parametrize(
    ("headers", "body", "attempt", "low", "high"),
    [
        ({"Retry-After": "3"}, {}, 1, 3, 4),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:20 GMT"}, {}, 1, 20, 21),
        ({"X-RateLimit-Reset": "7"}, {}, 1, 7, 8),
        ({}, {"policyName": "SECONDLY"}, 4, 0.5, 1),
        ({}, {"policyName": "TEN_SECONDLY_ROLLING"}, 1, 0.5, 1),
        ({}, {"policyName": "TEN_SECONDLY_ROLLING"}, 9, 5, 10),
        ({}, {}, 2, 1, 2),
    ],
)
def test_the_wait_is_what_the_source_asks_for(headers, body, attempt, low, high):
    assert low <= wait_after(httpx.Response(429, headers=headers, json=body), 0.0, attempt) <= high


def test_the_pace_slows_before_the_limit_is_reached():
    def hubspot(left: int) -> httpx.Headers:
        return httpx.Headers({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": str(left)})

    intercom = httpx.Headers({"X-RateLimit-Limit": "160", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "104"})

    assert pause_after(hubspot(50), 100.0) == 0
    assert pause_after(hubspot(4), 100.0) == 2
    assert pause_after(hubspot(0), 100.0) == 10
    assert pause_after(intercom, 100.0) == 4
    assert pause_after(httpx.Headers(), 100.0) == 0
