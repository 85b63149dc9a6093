"""What integration tests stand on: the embedded AWS runtime, a tiny demo world, servers in place of the sources."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from holdfast import aws, resources
from infra.local.world import Recipe, prepare
from tests.integration.house import BUCKETS, CONFIGURATION, DATABASE, House, deploy
from tests.integration.stories import Server

ROOT = Path(__file__).parents[2]
CUSTOMERS = 150
FEW = 50
STARTING = 60.0
"""Seconds after which a server that does not answer counts as broken."""


@dataclass(frozen=True)
class Runtime:
    """The embedded AWS runtime, empty at first. boto3 finds it through the environment."""

    endpoint: str
    region: str = "us-east-1"


@dataclass(frozen=True)
class Standins:
    """Servers that speak as HubSpot and as Intercom, over the tiny world."""

    hubspot: str
    intercom: str
    hubspot_token: str = "demo-hubspot-token"
    intercom_token: str = "demo-intercom-token"

    def fault(self, url: str, **faults: object) -> None:
        """Switch faults of one server on; without any, all off."""
        httpx.post(f"{url}/_standin/faults", json=faults).raise_for_status()


@pytest.fixture(scope="session")
def aws_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The embedded runtime on a free port, for the whole session."""
    port = _free_port()
    runtime = Runtime(f"http://127.0.0.1:{port}")
    own = {
        "AWS_ENDPOINT_URL": runtime.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": runtime.region,
        "AWS_DEFAULT_REGION": runtime.region,
    }
    settings = own | {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port)}
    command = [shutil.which("ministack", path=Path(sys.executable).parent) or "ministack"]
    with (
        environment(own),
        _server(command, f"{runtime.endpoint}/_ministack/health", tmp_path_factory.mktemp("aws"), settings),
    ):
        yield runtime


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo world of `CUSTOMERS` customers."""
    folder = tmp_path_factory.mktemp("world")
    command = [sys.executable, "-m", "infra.local.world", "--customers", str(CUSTOMERS), "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def standins(tiny_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standins]:
    """HubSpot and Intercom on free ports, without refusals at random."""
    ports = _free_port(), _free_port()
    command = [sys.executable, "-m", "infra.local.standins", "--world", str(tiny_world), "--throttle-share", "0",
               "--hubspot-port", str(ports[0]), "--intercom-port", str(ports[1])]  # fmt: skip
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with _server(command, f"{urls[1]}/_standin/health", ROOT, {}):
        yield Standins(*urls)


@dataclass(frozen=True)
class Biller:
    """A server that speaks as a billing API does, over the tiny world."""

    url: str
    token: str = "sk_test_demo"

    def fault(self, **faults: object) -> None:
        """Switch faults on; without any, all off."""
        httpx.post(f"{self.url}/_standin/faults", json=faults).raise_for_status()

    def faults(self) -> dict[str, Any]:
        """Requests since the faults were put, and how often each kind happened."""
        return dict(httpx.get(f"{self.url}/_standin/faults").raise_for_status().json())

    def reset(self) -> None:
        """The world as it was made, and no faults."""
        self.fault()
        httpx.post(f"{self.url}/_standin/reset").raise_for_status()

    def advance(self, **wanted: object) -> dict[str, Any]:
        """Let the world move on; says what has changed."""
        answer = httpx.post(f"{self.url}/_standin/advance", json=wanted).raise_for_status()
        return dict(answer.json()["changed"])

    def truth(self, stream: str) -> set[str]:
        """Ids of all records of a stream as it stands now."""
        answer = httpx.get(f"{self.url}/_standin/truth", params={"stream": stream}).raise_for_status()
        return {each["id"] for each in answer.json()["records"]}

    def client(self) -> httpx.Client:
        """A client of it that has the token."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture(scope="session")
def billing_server(tiny_world: Path) -> Iterator[Biller]:
    """The biller on a free port, without refusals at random and without its limit."""
    ports = [str(_free_port()) for _ in range(3)]
    command = [sys.executable, "-m", "infra.local.standins", "--world", str(tiny_world), "--throttle-share", "0",
               "--hubspot-port", ports[0], "--intercom-port", ports[1], "--subscriptions-port", ports[2],
               "--subscriptions-per-s", "100000"]  # fmt: skip
    url = f"http://127.0.0.1:{ports[2]}"
    with _server(command, f"{url}/_standin/health", ROOT, {}):
        yield Biller(url)


@pytest.fixture
def biller(billing_server: Biller) -> Iterator[Biller]:
    """The biller's world as it was made, without faults."""
    yield billing_server
    billing_server.reset()


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses by kind of servers of all sources over a world of `FEW` customers, without limits and refusals at random."""
    world = tmp_path_factory.mktemp("few")
    prepare(world, Recipe(customers=FEW))
    ports = {kind: str(_free_port()) for kind in ("hubspot", "intercom", "subscriptions")}
    doors = [word for kind, port in ports.items() for word in (f"--{kind}-port", port)]
    command = [sys.executable, "-m", "infra.local.standins", "--world", str(world), "--throttle-share", "0", *doors,
               "--hubspot-per-10-s", "100000", "--search-per-second", "100000", "--intercom-per-10-s", "100000",
               "--subscriptions-per-s", "100000"]  # fmt: skip
    urls = {kind: f"http://127.0.0.1:{port}" for kind, port in ports.items()}
    with _server(command, f"{urls['subscriptions']}/_standin/health", ROOT, {}):
        yield urls


@pytest.fixture(scope="session")
def servers(few: dict[str, str]) -> dict[str, Server]:
    """The same by kind, in a time that the tests move."""
    return {kind: Server(url, kind) for kind, url in few.items()}


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables of this process; whatever was made from the environment is made anew, before and after."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    _forget()
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    _forget()


def _forget() -> None:
    for made in (aws.client, resources.environment, resources.settings, resources.lake):
        made.cache_clear()


@pytest.fixture
def house(
    aws_runtime: Runtime, tiny_world: Path, standins: Standins, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[House]:
    made = House(f"t{abs(hash(request.node.name)) % 10**8}", tiny_world)
    configuration = tmp_path / "holdfast.toml"
    configuration.write_text(CONFIGURATION.format(hubspot=standins.hubspot, intercom=standins.intercom))
    settings = {f"HOLDFAST_{zone.upper()}_BUCKET": made.bucket(zone) for zone in BUCKETS} | {
        "HOLDFAST_CONFIG_PATH": str(configuration),
        "HOLDFAST_DATABASE": f"{DATABASE}_{made.name}",
        "HOLDFAST_STATE_TABLE": f"{made.name}-state",
        "HOLDFAST_PSEUDONYM_SECRET": f"{made.name}/pseudonym",
        "HOLDFAST_ALERTS_TOPIC": made.topic,
        "HOLDFAST_ARRIVALS_QUEUE": made.queue("arrivals"),
        "HOLDFAST_SOURCE_SECRETS": json.dumps({"crm": f"{made.name}/crm", "desk": f"{made.name}/desk"}),
    }
    with environment(settings):
        deploy(made, {"crm": standins.hubspot_token, "desk": standins.intercom_token}, settings)
        yield made
        standins.fault(standins.hubspot)


@contextmanager
def _server(command: list[str], health: str, folder: Path, settings: dict[str, str]) -> Iterator[None]:
    with (folder / "server.log").open("w") if folder != ROOT else Path(os.devnull).open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
    try:
        _await(process, health)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(process: "subprocess.Popen[bytes]", health: str) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it answered")
        try:
            if httpx.get(health).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} did not answer at {health} within {STARTING:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
