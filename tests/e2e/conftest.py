"""A small demo, deployed once on free ports with a state folder of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.cli.deployment import Deployment

CUSTOMERS = 200


def three_free_ports() -> int:
    for first in range(4700, 5700, 10):
        if not any(listening(first + i) for i in range(3)):
            return first
    raise RuntimeError("no three free ports in a row between 4700 and 5700")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Demo:
    """The command line of one deployed demo."""

    state: Path
    port: int

    def holdfast(self, *arguments: str, expect: int = 0) -> str:
        command = [str(Path(sys.executable).with_name("holdfast")), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"HOLDFAST_STATE": str(self.state)}, timeout=600
        )
        assert done.returncode == expect, (
            f"{' '.join(command)} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout + done.stderr

    @property
    def outputs(self) -> dict[str, Any]:
        return json.loads((self.state / "outputs.json").read_text())

    def client(self, service: str) -> Any:
        return Deployment(**self.outputs).client(service)

    def fault(self, server: int, **faults: object) -> None:
        """Switch a stand-in's faults: server 1 is HubSpot, 2 Intercom; without faults it is well again."""
        httpx.post(f"http://127.0.0.1:{self.port + server}/_standin/faults", json=faults).raise_for_status()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"), three_free_ports())
    try:
        said = demo.holdfast("demo", "--customers", str(CUSTOMERS), "--port", str(demo.port))
        (demo.state / "said.txt").write_text(said)
        yield demo
    finally:
        demo.holdfast("down")
