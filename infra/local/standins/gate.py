"""What every call passes before it reaches data: switched-on faults, the token, the rate limit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from infra.local.standins.clock import Clock
from infra.local.standins.faults import Draws, Faults
from infra.local.standins.limits import Allowance, Limit

CONTROL = "/_standin/"
KEYLESS = "/oauth/"
"""Where tokens are got, and so none is needed."""
Endpoint = Callable[[Request], Awaitable[Response]]


class Dialect(Protocol):
    """How a vendor says no, and what it tells about its limits; `luck` is between 0 and 1."""

    longest_url: int

    def unauthorized(self, given: str | None, /) -> Response: ...

    def expired(self) -> Response: ...

    def throttled(self, luck: float, allowance: Allowance, path: str, /) -> Response: ...

    def unavailable(self) -> Response: ...

    def too_long(self) -> Response: ...

    def refusal(self, kind: str, luck: float, retry_after: int, path: str, /) -> Response | None:
        """The answer of a fault on demand; None for a kind that does not befall this path, or not at the gate."""

    def limit_headers(self, path: str, allowance: Allowance, /) -> dict[str, str]: ...


class Gate:
    """Keeps one server: `usual` is what a reset goes back to; searches may have a limit of their own."""

    def __init__(
        self, dialect: Dialect, limit: Limit, usual: Faults, seed: int, search_limit: Limit | None = None
    ) -> None:
        self.dialect, self.limit, self.search_limit, self.usual, self.seed = dialect, limit, search_limit, usual, seed
        self.clock = Clock()
        self.put(usual)

    def put(self, faults: Faults) -> None:
        """Switch to other faults: requests are counted from nought again, and the first token is good again."""
        self.faults, self.draws, self.tokens, self.proven = faults, Draws(faults), [faults.token], True
        self.luck = np.random.default_rng(self.seed)

    def forget(self) -> None:
        """Nobody has asked for anything yet."""
        for limit in (self.limit, self.search_limit):
            if limit is not None:
                limit.forget()

    async def __call__(self, request: Request, call_next: Endpoint) -> Response:
        request.state.faults, request.state.fault, request.state.befell = self.faults, None, False
        if request.url.path.startswith(CONTROL):
            return await call_next(request)
        kind, luck = self.draws.next(request.url.path)
        refused = self._broken() or self._stranger(request, kind) or self._too_long(request)
        return refused or await self._limited(request, call_next, kind, luck)

    def _broken(self) -> Response | None:
        if self.faults.down:
            return self.dialect.unavailable()
        if self.faults.garbage:
            return PlainTextResponse("<html><body>Proxy says: {hello", media_type="application/json")
        return None

    def _stranger(self, request: Request, kind: str | None) -> Response | None:
        if request.url.path.startswith(KEYLESS):
            return None
        if kind == "expired_token" and self.proven:
            # One that nobody has used yet stays: a client renews its token once for a request.
            self.proven = False
            self.tokens.append(f"{self.faults.token}-{len(self.tokens)}")
            self.draws.happened(kind)
        given = request.headers.get("authorization")
        if given == f"Bearer {self.tokens[-1]}":
            self.proven = True
            return None
        known = given in {f"Bearer {token}" for token in self.tokens}
        return self.dialect.expired() if known else self.dialect.unauthorized(given)

    def _too_long(self, request: Request) -> Response | None:
        length = len(request.url.path) + len(request.url.query) + 1
        return self.dialect.too_long() if length > self.dialect.longest_url else None

    async def _limited(self, request: Request, call_next: Endpoint, kind: str | None, luck: float) -> Response:
        now, path = self.clock(), request.url.path
        limit = self.search_limit if self.search_limit and path.endswith("/search") else self.limit
        allowance = limit.take(now)
        if allowance.granted and self.luck.random() < self.faults.throttle_share:
            # A spurious refusal ends soon, or a demo would sit out the window of ten seconds each time.
            allowance = Allowance(False, allowance.limit, 0, int(now) + 1)
        if allowance.granted:
            served = await self._served(request, call_next, kind, luck)
            if served.status_code == 429:
                allowance = Allowance(False, allowance.limit, 0, int(now) + self.faults.retry_after)
        else:
            served = self.dialect.throttled(self.luck.random(), allowance, path)
        served.headers.update(self.dialect.limit_headers(path, allowance))
        return served

    async def _served(self, request: Request, call_next: Endpoint, kind: str | None, luck: float) -> Response:
        if kind is None:
            return await call_next(request)
        if refused := self.dialect.refusal(kind, luck, self.faults.retry_after, request.url.path):
            self.draws.happened(kind)
            return refused
        if kind == "slow":
            await asyncio.sleep(self.faults.slow_seconds)
        request.state.fault = kind
        served = await call_next(request)
        if kind in ("slow", "cut") or request.state.befell:
            self.draws.happened(kind)
        return await cut(served) if kind == "cut" else served


class Torn(Response):
    """Promises a body and closes the connection in the middle of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def cut(served: Any) -> Response:
    """The same answer, of which half arrives."""
    body = b"".join([chunk async for chunk in served.body_iterator])
    return Torn(body, served.status_code, media_type=served.headers.get("content-type"))
