"""Both stand-ins in one process, each on a loopback port of its own."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route

from infra.local.standins import hubspot, intercom
from infra.local.standins.gate import Faults, Gate, control
from infra.local.standins.limits import FixedWindow, RollingWindow
from infra.local.standins.tables import load

HUBSPOT_PER_10_S = 190
INTERCOM_PER_10_S = 10_000 // 6
DEMO_TOKENS = {"hubspot": "demo-hubspot-token", "intercom": "demo-intercom-token"}


class PortTakenError(Exception):
    """Another program listens on a port that was asked for."""


@dataclass(frozen=True)
class Options:
    """Tokens are what the servers want; the share of spurious refusals is between 0 and 1."""

    world: Path
    hubspot_port: int
    intercom_port: int
    token_hubspot: str = DEMO_TOKENS["hubspot"]
    token_intercom: str = DEMO_TOKENS["intercom"]
    throttle_share: float = 0.02
    fault_seed: int = 0


def hubspot_app(options: Options) -> Starlette:
    usual = Faults(options.token_hubspot, options.throttle_share)
    gate = Gate(hubspot.HubSpotDialect(), RollingWindow(HUBSPOT_PER_10_S, 10), usual, options.fault_seed)
    routes = hubspot.HubSpot(load(options.world, "hubspot")).routes()
    return _app(options, gate, routes, {hubspot.BadRequestError: hubspot.bad_request, ValueError: hubspot.bad_request})


def intercom_app(options: Options) -> Starlette:
    usual = Faults(options.token_intercom, options.throttle_share)
    gate = Gate(intercom.IntercomDialect(), FixedWindow(INTERCOM_PER_10_S, 10), usual, options.fault_seed + 1)
    routes = intercom.Intercom(load(options.world, "intercom")).routes()
    return _app(
        options, gate, routes, {intercom.BadRequestError: intercom.bad_request, ValueError: intercom.bad_request}
    )


def _app(options: Options, gate: Gate, routes: list[Route], handlers: dict[Any, Any]) -> Starlette:
    stamp = json.loads((options.world / "world.json").read_text())
    own = [Route(path, endpoint, methods=["GET", "POST"]) for path, endpoint in control(gate, stamp).items()]
    keeper = Middleware(BaseHTTPMiddleware, dispatch=gate)
    return Starlette(routes=own + routes, middleware=[keeper], exception_handlers=handlers)


async def serve(options: Options) -> None:
    """Serve both until a signal comes; the ports are on 127.0.0.1 only.

    Raises PortTakenError before anything is served.
    """
    doors = [_bind(options.hubspot_port), _bind(options.intercom_port)]
    servers = [_server(hubspot_app(options)), _server(intercom_app(options))]
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, _stop, servers)
    await asyncio.gather(*(server.serve([door]) for server, door in zip(servers, doors, strict=True)))


class _Server(uvicorn.Server):
    """Leaves the signals alone: two servers that both catch them would raise them at each other."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _stop(servers: Iterable[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True


def _bind(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
    except OSError as problem:
        raise PortTakenError(
            f"cannot listen on 127.0.0.1:{port} ({problem.strerror}): choose another port"
        ) from problem
    return door


def _server(app: Starlette) -> _Server:
    return _Server(uvicorn.Config(app, log_level="warning", access_log=False))
