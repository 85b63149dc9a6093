"""One HTTP client for the source APIs: bearer token, shared budget, patience with what passes by itself."""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from holdfast.credentials import Grant, OAuth, granted
from holdfast.errors import ConfigurationInvalid, SourceGarbled, SourceRefused, SourceThrottled, SourceUnavailable
from holdfast.observe import logger
from ingest.budget import Budget
from ingest.limits import GENERAL, bucket_of, told
from ingest.tokens import Token, may_be_renewed
from ingest.verdicts import judge, refusal_of, spoken
from ingest.waits import jittered

PATIENCE = 60.0
"""Seconds that one invocation spends waiting for one source before the state machine takes over."""
ATTEMPTS = 8
GIVEN_UP = 120.0
"""Seconds after which a request that still fails is not tried again: attempts may take half a minute each."""
UNAUTHORIZED = 401
_TIMEOUT = httpx.Timeout(30, connect=5)


@dataclass(frozen=True)
class Request:
    """One page to ask for; the host is the client's own and never one that an answer names."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    once: bool = False
    """Asking moves the source on: what was answered and never arrived is not to be had again."""

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.startswith("//"):
            raise ValueError("a request names a path, never a host")


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
    """Fetches JSON objects from one source, no faster than its budget allows. Without a token none is sent."""

    def __init__(
        self,
        source: str,
        http: httpx.Client,
        secret: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
        token: Token | None = None,
        token_path: str = "",
        timezone: str = "UTC",
    ) -> None:
        self.source = source
        self.refused = 0
        self._http, self._secret, self._clock, self._sleep = http, secret, clock, sleep
        self._patience = Patience()
        self._budget, self._token, self._token_path, self._timezone = budget, token, token_path, timezone

    def fetch(self, request: Request) -> dict[str, Any]:
        """The answer's JSON object.

        Raises:
            SourceThrottled: the source wants quiet, after `ATTEMPTS` or for longer than the patience that is left.
            SourceUnavailable: no answer or 5xx, `ATTEMPTS` times, or the first time where it may be asked `once` only.
            SourceRefused: our token or request is not accepted.
            ConfigurationInvalid: the token is not accepted, and its secret holds no other one.
            SourceGarbled: the answer is a redirect or not a JSON object.
        """
        attempt, began = 1, self._clock()
        while True:
            try:
                return self._answered(request)
            except (SourceThrottled, SourceUnavailable) as error:
                lost = request.once and isinstance(error, SourceUnavailable)
                if lost or attempt == ATTEMPTS or self._clock() - began > GIVEN_UP:
                    raise
                self._wait(error, attempt)
            attempt += 1

    def _wait(self, error: SourceThrottled | SourceUnavailable, attempt: int) -> None:
        throttled = isinstance(error, SourceThrottled)
        self.refused += throttled
        wait = jittered(error.retry_after if isinstance(error, SourceThrottled) else 0.0, attempt)
        logger.info("asked again later", source=self.source, why=str(error), attempt=attempt, seconds=round(wait, 1))
        if not self._patience.grant(wait):
            raise SourceThrottled(self.source, wait, f": {error}") from error
        self._sleep(wait)

    def _answered(self, request: Request) -> dict[str, Any]:
        response = self._sent(request)
        if self._token and response.status_code not in (200, 207):
            refusal = refusal_of(response)
            if may_be_renewed(response.status_code, refusal.codes):
                self._token.renewed(self._exchanged, refusal.asked_about)
                response = self._sent(request)
                if response.status_code == UNAUTHORIZED:
                    raise self._token.useless(refusal_of(response).asked_about)
        self._judge(response, bucket := self._bucket(request))
        if self._budget:
            self._budget.hear(bucket, told(response.headers, self._clock()))
        return self._parsed(response)

    def _sent(self, request: Request) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token.current(self._exchanged)}"} if self._token else {}
        if self._budget:
            self._budget.take(self._bucket(request))
        body = {"params": dict(request.params) or None, "json": request.json}
        return self._asked(request.method, request.path, headers=headers, **body)

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.TransportError as error:
            raise SourceUnavailable(self.source, f"{type(error).__name__} at {self._http.base_url}") from error
        except httpx.DecodingError as error:
            raise SourceGarbled(self.source, f"{spoken(path)} does not unpack ({type(error).__name__})") from error

    def _judge(self, response: httpx.Response, bucket: str) -> None:
        try:
            judge(self.source, response, self._secret, self._clock(), self._timezone)
        except SourceThrottled as error:
            if self._budget:
                self._budget.quiet(bucket, error.retry_after)
            raise

    def _exchanged(self, credentials: OAuth) -> Grant:
        """An access token. The request for it may be throttled like any other, and is waited for like any other."""
        if not self._token_path:
            raise ConfigurationInvalid(
                f'{self.source} gives no access tokens: its secret {self._secret} must read {{"token": "…"}}'
            )
        response = self._asked("POST", self._token_path, data=credentials.form)
        try:
            self._judge(response, GENERAL)
        except SourceRefused as error:
            said = f"{self.source} gives no access token: {', '.join(sorted(error.codes)) or f'HTTP {error.status}'}"
            raise ConfigurationInvalid(
                f"{said}{refusal_of(response).asked_about}; install the app again and put its client_id, client_secret "
                f"and refresh_token into the secret {self._secret} with `holdfast secret set {self.source}`"
            ) from error
        grant = granted(self._parsed(response))
        if not grant:
            raise SourceGarbled(self.source, f"{self._token_path} gave no access_token")
        return grant

    def _bucket(self, request: Request) -> str:
        return bucket_of(request.path, self._budget.limits) if self._budget else GENERAL

    def _parsed(self, response: httpx.Response) -> dict[str, Any]:
        path = spoken(response.url.path)
        try:
            body = response.json()
        except (ValueError, RecursionError):
            # Not chained: the parser's error holds the body.
            raise SourceGarbled(self.source, f"{path} is not JSON") from None
        if not isinstance(body, dict):
            raise SourceGarbled(self.source, f"{path} is a JSON {type(body).__name__} and not an object")
        return body


def connect(base_url: str, headers: Mapping[str, str]) -> httpx.Client:
    """A connection pool to one API that follows no redirects and trusts no proxy settings of the environment."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log whole addresses, ids included
    sent = {"Accept": "application/json", "User-Agent": "holdfast", **headers}
    return httpx.Client(
        base_url=base_url, headers=sent, timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=_trusted()
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are trusted, read once in a process: to read them takes as long as to ask for a page."""
    return httpx.create_ssl_context(trust_env=False)
