"""What integration tests stand on: the embedded AWS runtime, a tiny demo world, servers in place of the sources."""

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

import httpx
import pytest

from holdfast import aws, resources

ROOT = Path(__file__).parents[2]
CUSTOMERS = 150
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
    settings = own | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
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
    for made in (aws.client, resources.environment, resources.settings, resources.lake, resources.pseudonymiser):
        made.cache_clear()


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
