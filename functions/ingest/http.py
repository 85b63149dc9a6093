"""One HTTP client for the source APIs: bearer token, patience with limits, errors told apart by what can be done."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import stamina

from holdfast.errors import SourceGarbled, SourceRefused, SourceThrottled, SourceUnavailable
from ingest.budget import Budget

GENERAL, SEARCHES = "general", "search"
"""Buckets of a budget: searches have a limit of their own."""
PATIENCE = 60.0
"""Seconds that one invocation spends waiting for one source before the state machine takes over."""
ATTEMPTS = 8
_TIMEOUT = httpx.Timeout(30, connect=5)
_PASSING = {408, 423, 425, 477} | set(range(500, 600)) - {530}
_TOKEN = {401, 403, 530}
_POLICIES = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3600.0}
_UNTOLD = 10.0


@dataclass(frozen=True)
class Request:
    """One page to ask for; the host is the client's own and never one that an answer names."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None


@dataclass
class Patience:
    """Seconds of waiting that are left."""

    left: float = PATIENCE

    def grant(self, seconds: float) -> bool:
        """Whether so long a wait still fits; if so it is spent."""
        if seconds > self.left:
            return False
        self.left -= seconds
        return True


class ApiClient:
    """Fetches JSON objects from one source, no faster than its headers allow."""

    def __init__(
        self,
        source: str,
        http: httpx.Client,
        secret: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
    ) -> None:
        self.source = source
        self.refused = 0
        self._http, self._secret, self._clock, self._sleep = http, secret, clock, sleep
        self._patience = Patience()
        self._budget = budget

    def fetch(self, request: Request) -> dict[str, Any]:
        """The answer's JSON object.

        Raises:
            SourceThrottled: 429 until the patience was spent, or asked to wait longer than it.
            SourceUnavailable: no answer or 5xx, `ATTEMPTS` times.
            SourceRefused: our token or request is not accepted.
            SourceGarbled: the answer is a redirect or not a JSON object.
        """
        tries = stamina.retry_context(
            on=self._worth_waiting, attempts=ATTEMPTS, timeout=None, wait_initial=0.2, wait_max=8, wait_jitter=0.5
        )
        for attempt in tries:
            with attempt:
                response = self._send(request, attempt.num)
        self._sleep(pause_after(response.headers, self._clock()))
        return self._parsed(response)

    def _worth_waiting(self, error: Exception) -> bool | float:
        if isinstance(error, SourceThrottled):
            self.refused += 1
            return error.retry_after if self._patience.grant(error.retry_after) else False
        return isinstance(error, SourceUnavailable)

    def _send(self, request: Request, attempt: int) -> httpx.Response:
        if self._budget:
            self._budget.take(SEARCHES if request.path.endswith("/search") else GENERAL)
        try:
            response = self._http.request(
                request.method, request.path, params=dict(request.params) or None, json=request.json
            )
        except httpx.TransportError as error:
            raise SourceUnavailable(self.source, f"{type(error).__name__} at {self._http.base_url}") from error
        except httpx.DecodingError as error:
            raise SourceGarbled(self.source, f"{request.path} does not unpack ({type(error).__name__})") from error
        self._check(response, request.path, attempt)
        return response

    def _check(self, response: httpx.Response, path: str, attempt: int) -> None:
        status = response.status_code
        if status == 429 or (status == 477 and "retry-after" in response.headers):
            raise SourceThrottled(self.source, wait_after(response, self._clock(), attempt))
        if status in _PASSING:
            raise SourceUnavailable(self.source, f"HTTP {status} from {path}")
        if status in _TOKEN:
            advice = f'put a token that may read {path} into the secret {self._secret} as {{"token": "…"}}'
            raise SourceRefused(self.source, status, advice)
        if 400 <= status < 500:
            raise SourceRefused(
                self.source, status, f"it does not accept the request {path}; check base_url and the API's version"
            )
        if status not in (200, 207):
            raise SourceGarbled(
                self.source, f"HTTP {status} from {path}, where 200 was due; redirects are not followed"
            )

    def _parsed(self, response: httpx.Response) -> dict[str, Any]:
        try:
            body = response.json()
        except ValueError as error:
            raise SourceGarbled(self.source, f"{response.url.path} is not JSON") from error
        if not isinstance(body, dict):
            raise SourceGarbled(self.source, f"{response.url.path} is a JSON {type(body).__name__} and not an object")
        return body


def wait_after(response: httpx.Response, now: float, attempt: int) -> float:
    """Seconds to wait after a 429: what the source asks for plus jitter, or backoff with jitter if it asks nothing.

    The backoff doubles from 1 s up to the window of the policy that was broken; a broken daily limit asks for an hour.
    """
    asked = _asked(response.headers, now)
    if asked is not None:
        return asked + random.uniform(0, 1)  # noqa: S311
    window = _POLICIES.get(_policy(response), _UNTOLD)
    if window > PATIENCE:
        return window
    return random.uniform(0.5, 1) * min(window, 2.0 ** (attempt - 1))  # noqa: S311


def pause_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds to pause after an answer: none while a tenth of the allowance is left, then what spreads the rest."""
    for limit, remaining in (
        ("x-hubspot-ratelimit-max", "x-hubspot-ratelimit-remaining"),
        ("x-ratelimit-limit", "x-ratelimit-remaining"),
    ):
        most, left = _number(headers.get(limit)), _number(headers.get(remaining))
        if most and left is not None and left < most / 10:
            return min(10.0, _window(headers, now) / (left + 1))
    return 0.0


def _window(headers: Mapping[str, str], now: float) -> float:
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None:
        return max(0.0, reset - now)
    return (_number(headers.get("x-hubspot-ratelimit-interval-milliseconds")) or 10_000) / 1000


def _asked(headers: Mapping[str, str], now: float) -> float | None:
    after = headers.get("retry-after")
    if after is not None:
        seconds = _number(after)
        return max(0.0, seconds if seconds is not None else _date(after, now) - now)
    reset = _number(headers.get("x-ratelimit-reset"))
    return None if reset is None else max(0.0, reset - now)


def _date(text: str, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return otherwise


def _policy(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("policyName", "")) if isinstance(body, dict) else ""


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def connect(base_url: str, headers: Mapping[str, str], token: str) -> httpx.Client:
    """A connection pool to one API that follows no redirects and trusts no proxy settings of the environment."""
    sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "holdfast", **headers}
    return httpx.Client(base_url=base_url, headers=sent, timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
