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

CUSTOMERS = 320


def free_ports(count: int = 3) -> int:
    """The first of so many; where the search begins differs, so that two sessions at once do not choose the same."""
    for attempt in range(os.getpid(), os.getpid() + 100):
        first = 4700 + attempt % 100 * 10
        if not any(listening(first + i) for i in range(count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row between 4700 and 5700")


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Demo:
    """The command line of one deployed demo."""

    state: Path
    port: int

    def holdfast(self, *arguments: str, expect: int = 0, typed: str = "") -> str:
        command = [str(Path(sys.executable).with_name("holdfast")), *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=os.environ | {"HOLDFAST_STATE": str(self.state)},
            timeout=600,
            input=typed,
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
        self.standin(server, "faults", **faults)

    def standin(self, server: int, what: str, **wanted: object) -> dict[str, Any]:
        """Move a stand-in by hand."""
        answer = httpx.post(f"http://127.0.0.1:{self.port + server}/_standin/{what}", json=wanted, timeout=60)
        return dict(answer.raise_for_status().json())

    def webhook(self, source: str) -> dict[str, str]:
        """Where a stand-in notifies this deployment, and the address that it signs: API Gateway's own, with the stage's name."""
        path = f"v1/webhooks/{source}"
        return {"url": f"{self.outputs['api_url']}/{path}", "told": f"https://127.0.0.1:{self.port}/live/{path}"}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"), free_ports())
    try:
        said = demo.holdfast("demo", "--customers", str(CUSTOMERS), "--port", str(demo.port))
        (demo.state / "said.txt").write_text(said)
        yield demo
    finally:
        demo.holdfast("down")


@pytest.fixture(scope="session")
def odd_files(demo: Demo) -> str:
    """What a night says that finds log files with a field that is new, and among them one that is archived and cannot be read."""
    line = {"user_id": "u-000001", "ts": "2026-10-30T08:00:00Z", "event": "login", "module": "reports"}
    for number, name in enumerate(("new-a", "archived", "new-b")):
        body = json.dumps(line | {"event_id": f"night-{number}", "experiment": "blue"}) + "\n"
        stored = {"StorageClass": "GLACIER"} if name == "archived" else {}
        demo.client("s3").put_object(
            Bucket=demo.outputs["uploads_bucket"], Key=f"usage/2026/11/{name}.ndjson", Body=body.encode(), **stored
        )
    return demo.holdfast("run")


@dataclass(frozen=True)
class Day:
    """What happened in the sources, by their names, how their notifications were answered, and what the night after it said."""

    changed: dict[str, dict[str, Any]]
    notified: dict[str, dict[str, int]]
    said: str


@pytest.fixture(scope="session")
def day(demo: Demo, odd_files: str) -> Day:
    """A day that the sources notify of, twice of everything and in no order, and the night after it; the archived file is still there."""
    done = {}
    for server, source in enumerate(("hubspot", "intercom"), 1):
        demo.holdfast("secret", "set", source, "--webhook", typed=f"{source}-signs")
        target = demo.webhook(source) | {"secret": f"{source}-signs", "repeats": 1, "shuffle": 3}
        demo.standin(server, "webhooks", **target)
        done[source] = demo.standin(server, "advance", days=1, updates=5)
    said = demo.holdfast("run")
    return Day({s: d["changed"] for s, d in done.items()}, {s: d["notified"] for s, d in done.items()}, said)
