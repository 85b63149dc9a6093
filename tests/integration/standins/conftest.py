"""One small world, and the stand-ins that serve it as a separate process."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from infra.local.world import Recipe, prepare

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Standins:
    world: Path
    hubspot: httpx.Client
    intercom: httpx.Client

    def ids(self, table: str) -> list[str]:
        values: list[str] = pq.read_table(self.world / "crm" / f"{table}.parquet")["id"].to_pylist()
        return values


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def client(port: int, token: str) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def wait_until_up(server: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.get("/_standin/health").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the stand-ins did not come up")


@contextmanager
def serving(world: Path, *flags: str) -> Iterator[Standins]:
    """Both servers in a process of their own."""
    ports = free_port(), free_port()
    command = [sys.executable, "-m", "infra.local.standins", "--world", str(world), "--throttle-share", "0",
               "--hubspot-port", str(ports[0]), "--intercom-port", str(ports[1]),
               "--token-hubspot", "hs", "--token-intercom", "ic", *flags]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT)
    with client(ports[0], "hs") as hubspot, client(ports[1], "ic") as intercom:
        try:
            wait_until_up(hubspot, process)
            wait_until_up(intercom, process)
            yield Standins(world, hubspot, intercom)
        finally:
            process.terminate()
            assert process.wait(10) == 0


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    prepare(directory, Recipe(customers=330, seed=11))
    return directory


@pytest.fixture(scope="session")
def running(world: Path) -> Iterator[Standins]:
    """Without the vendors' limits, or the tests would wait for them."""
    limits = ("--search-per-second", "1000", "--hubspot-per-10-s", "100000", "--intercom-per-10-s", "100000")
    with serving(world, *limits) as both:
        yield both


@pytest.fixture
def standins(running: Standins) -> Iterator[Standins]:
    yield running
    for server in (running.hubspot, running.intercom):
        server.post("/_standin/faults", json={}).raise_for_status()
        server.post("/_standin/reset").raise_for_status()
