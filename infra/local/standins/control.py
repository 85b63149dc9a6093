"""The endpoints that no vendor has: health, faults, and the world's own hand."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins.gate import CONTROL, Gate
from infra.local.standins.moving import MovingWorld
from infra.local.standins.notifying import Notifier, Target


class Control:
    """Handles on one server."""

    def __init__(
        self, gate: Gate, world: MovingWorld, stamp: Mapping[str, Any], notifier: Notifier | None = None
    ) -> None:
        self.gate, self.world, self.stamp, self.notifier = gate, world, stamp, notifier

    def routes(self) -> list[Route]:
        return [
            Route(f"{CONTROL}health", self.health, methods=["GET", "POST"]),
            Route(f"{CONTROL}faults", self.drawn, methods=["GET"]),
            Route(f"{CONTROL}faults", _plainly(self.put_faults), methods=["POST"]),
            Route(f"{CONTROL}token", self.token, methods=["GET"]),
            Route(f"{CONTROL}clock", _plainly(self.tell_time), methods=["POST"]),
            Route(f"{CONTROL}advance", _plainly(self.advance), methods=["POST"]),
            Route(f"{CONTROL}webhooks", _plainly(self.webhooks), methods=["POST"]),
            Route(f"{CONTROL}reset", self.reset, methods=["POST"]),
            Route(f"{CONTROL}truth", _plainly(self.truth), methods=["GET"]),
        ]

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "world": dict(self.stamp)})

    async def put_faults(self, request: Request) -> Response:
        """Go back to the usual, but for what the body names."""
        self.gate.put(self.gate.usual.having(await request.json()))
        faults = self.gate.faults
        return JSONResponse({"down": faults.down, "garbage": faults.garbage, "throttle_share": faults.throttle_share,
                             "token": "usual" if faults.token == self.gate.usual.token else "other"})  # fmt: skip

    async def token(self, _request: Request) -> Response:
        """The token that is good now: every one that expires has a successor."""
        return JSONResponse({"token": self.gate.tokens[-1]})

    async def tell_time(self, request: Request) -> Response:
        """With `held` the server's time stands still at the world's until a reset; `seconds` pass without anything else happening."""
        wanted = await request.json()
        if unknown := set(wanted) - {"held", "seconds"}:
            raise ValueError(f"not known: {', '.join(sorted(unknown))}; known: held, seconds")
        if wanted.get("held"):
            self.world.clock.hold(self.world.now_ms / 1000)
            self.gate.forget()
        self.world.pass_time(round(float(wanted.get("seconds", 0)) * 1000))
        return JSONResponse({"now": self.world.clock()})

    async def drawn(self, _request: Request) -> Response:
        """Requests since the faults were put, how often each kind happened, and since the last reset searches that showed less."""
        draws = self.gate.draws
        return JSONResponse({"requests": draws.requests, "drawn": dict(draws.drawn), "met": dict(self.world.met)})

    async def advance(self, request: Request) -> Response:
        """`days` (1), `updates` of each kind (5) and `seed` (the number of advances so far)."""
        wanted = await request.json()
        if unknown := set(wanted) - {"days", "updates", "seed"}:
            raise ValueError(f"not known: {', '.join(sorted(unknown))}; known: days, updates, seed")
        days, updates = float(wanted.get("days", 1)), int(wanted.get("updates", 5))
        done = self.world.advance(days, updates, wanted.get("seed"))
        told = await self.notifier.tell(done["changed"]) if self.notifier else {}
        return JSONResponse(done | ({"notified": told} if told else {}))

    async def webhooks(self, request: Request) -> Response:
        """Tell the target of the body (`url`, `secret`, `told`, `repeats`, `shuffle`) of every advance; an empty one: nobody."""
        if self.notifier is None:
            raise ValueError("this vendor sends no notifications that anybody listens to")
        wanted = await request.json()
        self.notifier.target = Target(**wanted) if wanted else None
        return JSONResponse({"status": "ok"})

    async def reset(self, _request: Request) -> Response:
        """The world as it was made."""
        self.world.reset()
        self.gate.forget()
        return JSONResponse({"status": "ok"})

    async def truth(self, request: Request) -> Response:
        """All of one stream as it stands now."""
        return JSONResponse(self.world.truth(request.query_params.get("stream", "")))


def _plainly(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, AttributeError, TypeError) as error:
            return JSONResponse({"status": "error", "message": str(error)}, 400)

    return answer
