"""The stand-ins in one process, each on a loopback port of its own."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Route

from infra.local.standins import hubspot_http, intercom_http, moves, subscriptions_http, subscriptions_world
from infra.local.standins.control import Control
from infra.local.standins.faults import Faults
from infra.local.standins.gate import Gate
from infra.local.standins.hubspot import HubSpot
from infra.local.standins.hubspot_oauth import OAuth
from infra.local.standins.intercom import Intercom
from infra.local.standins.limits import FixedWindow, RollingWindow
from infra.local.standins.moves import Move
from infra.local.standins.moving import DAY_MS, MovingWorld
from infra.local.standins.notifying import HUBSPOT, INTERCOM, Notifier
from infra.local.standins.subscriptions import Subscriptions
from infra.local.standins.subscriptions_world import BillingWorld
from infra.local.standins.tables import load

DEMO_TOKENS = {"hubspot": "demo-hubspot-token", "intercom": "demo-intercom-token", "subscriptions": "sk_test_demo"}


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
    throttle_share: float = 0.005  # each refusal keeps every function quiet for up to ten seconds
    fault_seed: int = 0
    hubspot_per_10_s: int = 190
    search_per_second: int = 5
    intercom_per_10_s: int = 10_000 // 6
    subscriptions_port: int | None = None
    token_subscriptions: str = DEMO_TOKENS["subscriptions"]
    subscriptions_per_s: int = 25


def hubspot_app(options: Options) -> Starlette:
    usual = Faults(options.token_hubspot, options.throttle_share)
    limit, searches = RollingWindow(options.hubspot_per_10_s, 10), RollingWindow(options.search_per_second, 1)
    gate = Gate(hubspot_http.HubSpotDialect(), limit, usual, options.fault_seed, searches)
    world = _world(options, "hubspot", moves.hubspot())
    return _app(
        options, gate, world, HubSpot(world).routes() + OAuth(gate).routes(), hubspot_http, Notifier(HUBSPOT, world)
    )


def intercom_app(options: Options) -> Starlette:
    usual = Faults(options.token_intercom, options.throttle_share)
    limit = FixedWindow(options.intercom_per_10_s, 10)
    gate = Gate(intercom_http.IntercomDialect(), limit, usual, options.fault_seed + 1)
    world = _world(options, "intercom", moves.intercom())
    return _app(options, gate, world, Intercom(world).routes(), intercom_http, Notifier(INTERCOM, world))


def subscriptions_app(options: Options) -> Starlette:
    usual = Faults(options.token_subscriptions, options.throttle_share)
    limit = RollingWindow(options.subscriptions_per_s, 1)
    gate = Gate(subscriptions_http.SubscriptionsDialect(), limit, usual, options.fault_seed + 2)
    world = BillingWorld(load(options.world, "subscriptions"), subscriptions_world.moves(), _end(options))
    return _app(options, gate, world, Subscriptions(world).routes(), subscriptions_http)


def _world(options: Options, prefix: str, kinds: dict[str, Move]) -> MovingWorld:
    return MovingWorld(load(options.world, prefix), kinds, _end(options))


def _end(options: Options) -> int:
    end = datetime.fromisoformat(_stamp(options)["until"]).replace(tzinfo=UTC)
    return int(end.timestamp() * 1000) + DAY_MS


def _app(
    options: Options,
    gate: Gate,
    world: MovingWorld,
    routes: list[Route],
    vendor: Any,
    notifier: Notifier | None = None,
) -> Starlette:
    gate.clock = world.clock
    own = Control(gate, world, _stamp(options), notifier).routes()
    keeper = Middleware(BaseHTTPMiddleware, dispatch=gate)
    handlers = {vendor.BadRequestError: vendor.bad_request, ValueError: vendor.bad_request}
    return Starlette(routes=own + routes, middleware=[keeper], exception_handlers=handlers)


def _stamp(options: Options) -> dict[str, Any]:
    stamp: dict[str, Any] = json.loads((options.world / "world.json").read_text())
    return stamp


async def serve(options: Options) -> None:
    """Serve those that have a port until a signal comes; the ports are on 127.0.0.1 only.

    Raises PortTakenError before anything is served.
    """
    ports = {hubspot_app: options.hubspot_port, intercom_app: options.intercom_port}
    if options.subscriptions_port is not None:
        ports[subscriptions_app] = options.subscriptions_port
    doors = [_bind(port) for port in ports.values()]
    servers = [_server(app(options)) for app in ports]
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
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for an acknowledgement.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
