"""What every call passes before it reaches data: switched-on faults, the token, the rate limit."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from infra.local.standins.limits import Allowance, Limit

CONTROL = "/_standin/"
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Faults:
    """What is wrong at the moment; `token` replaces the one that the server wants."""

    token: str
    throttle_share: float
    down: bool = False
    garbage: bool = False

    def having(self, wanted: Mapping[str, Any]) -> "Faults":
        """Raises ValueError for a name or a kind of value that is not a fault."""
        kinds: dict[str, Any] = {"token": str, "throttle_share": (int, float), "down": bool, "garbage": bool}
        for name, value in wanted.items():
            if name not in kinds or not isinstance(value, kinds[name]):
                raise ValueError(f"not a fault: {name}={value!r}; known: {', '.join(kinds)}")
        return replace(self, **wanted)


class Dialect(Protocol):
    """How a vendor says no, and what it tells about its limits; `luck` is between 0 and 1."""

    def unauthorized(self, given: str | None, /) -> Response: ...

    def throttled(self, luck: float, allowance: Allowance, /) -> Response: ...

    def unavailable(self) -> Response: ...

    def limit_headers(self, path: str, allowance: Allowance, /) -> dict[str, str]: ...


class Gate:
    """Keeps one server: `usual` is what a reset goes back to."""

    def __init__(self, dialect: Dialect, limit: Limit, usual: Faults, seed: int) -> None:
        self.dialect, self.limit, self.usual, self.faults = dialect, limit, usual, usual
        self.luck = np.random.default_rng(seed)

    async def __call__(self, request: Request, call_next: Endpoint) -> Response:
        if request.url.path.startswith(CONTROL):
            return await call_next(request)
        return self._broken() or self._stranger(request) or await self._limited(request, call_next)

    def _broken(self) -> Response | None:
        if self.faults.down:
            return self.dialect.unavailable()
        if self.faults.garbage:
            return PlainTextResponse("<html><body>Proxy says: {hello", media_type="application/json")
        return None

    def _stranger(self, request: Request) -> Response | None:
        given = request.headers.get("authorization")
        return None if given == f"Bearer {self.faults.token}" else self.dialect.unauthorized(given)

    async def _limited(self, request: Request, call_next: Endpoint) -> Response:
        now = time.time()
        allowance = self.limit.take(now)
        if allowance.granted and self.luck.random() < self.faults.throttle_share:
            # A spurious refusal ends soon, or a demo would sit out the window of ten seconds each time.
            allowance = Allowance(False, allowance.limit, 0, int(now) + 1)
        served = (
            await call_next(request) if allowance.granted else self.dialect.throttled(self.luck.random(), allowance)
        )
        served.headers.update(self.dialect.limit_headers(request.url.path, allowance))
        return served


def control(gate: Gate, world: Mapping[str, Any]) -> dict[str, Endpoint]:
    """The two endpoints that no vendor has, by path."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "world": dict(world)})

    async def faults(request: Request) -> Response:
        try:
            gate.faults = gate.usual.having(await request.json())
        except (ValueError, AttributeError) as error:
            return JSONResponse({"status": "error", "message": str(error)}, 400)
        return JSONResponse({"down": gate.faults.down, "garbage": gate.faults.garbage,
                             "throttle_share": gate.faults.throttle_share,
                             "token": "usual" if gate.faults.token == gate.usual.token else "other"})  # fmt: skip

    return {"/_standin/health": health, "/_standin/faults": faults}
