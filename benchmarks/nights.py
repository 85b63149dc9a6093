"""Nights of the demo world on a deployment of its own, each with what its states used."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.deployed import Deployed
from holdfast.costs import by_state, cost_of
from holdfast.runs import recorded
from holdfast.usage import used_by
from infra.catalogue import FUNCTIONS
from infra.cli import lake, operate
from infra.cli.deployment import Deployment
from infra.cli.stores import artifacts_of
from infra.local.world.calendar import WEEKS
from infra.local.world.store import Recipe

_SEED = Recipe.seed
_LAST = Recipe.until
BUCKETS = ("landing", "quarantine", "lake", "artifacts")


@dataclass(frozen=True)
class Night:
    """One night and what it used."""

    customers: int
    events: int
    """Lines of log files that it read."""
    held: int
    """Lines that the lake has taken in by its end."""
    usd: float
    transitions: int
    log_bytes: int
    stored: dict[str, int]
    """Bytes that each bucket was given."""
    metrics: dict[str, int]
    """How many each function tells."""
    states: dict[str, dict[str, Any]]
    """As `holdfast.costs.by_state` tells them; also of what runs every day beside the night."""
    wall: float = 0.0
    """Seconds from its start to its report."""


@dataclass
class World(Deployed):
    """A demo of so many customers, whose logs begin so many weeks before its end."""

    customers: int
    weeks: int = WEEKS
    patience: int = 1
    """As `holdfast demo --patience`."""
    _held: int = 0
    _before: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*BUCKETS, "logs"), 0))

    @property
    def usage(self) -> Path:
        """Where the world's log files lie."""
        return self.state / f"world-{self.customers}-{_SEED}" / "usage"

    def first(self) -> Night:
        """Deploy, and take in everything that there is."""
        files = self._made()
        wanted = {"customers": self.customers, "port": self.port, "patience": self.patience}
        self.holdfast("demo", *(word for name, value in wanted.items() for word in (f"--{name}", str(value))))
        return self._night(sum(len(gzip.decompress(path.read_bytes()).splitlines()) for path in files))

    def next(self) -> Night:
        """The night after the next day: as many events as on the last one, a few changes in the sources, and what runs every day."""
        lines = self._day()
        self.put(f"usage/{_LAST + timedelta(days=1)}.ndjson.gz", gzip.compress(b"".join(lines), 1))
        for server in (1, 2):
            moved = {"days": 1, "updates": max(1, self.customers // 500)}
            httpx.post(
                f"http://127.0.0.1:{self.port + server}/_standin/advance", json=moved, timeout=120
            ).raise_for_status()
        self.holdfast("run")
        return self._night(len(lines), self._daily())

    def logged(self) -> int:
        """Bytes of all logs."""
        return _bytes_said(_said(self.deployment))

    def _made(self) -> list[Path]:
        command = [
            sys.executable,
            "-m",
            "infra.local.world",
            "--customers",
            str(self.customers),
            "--out",
            str(self.usage.parent),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        files = sorted(self.usage.rglob("*.gz"))
        for path in files[: WEEKS - self.weeks]:
            path.unlink()
        return files[WEEKS - self.weeks :]

    def _day(self) -> list[bytes]:
        """The last day's events once more, a day later and under other names."""
        last, following = f'_at":"{_LAST}T'.encode(), f"{_LAST + timedelta(days=1)}T".encode()
        newest = max(self.usage.rglob("*.gz"), key=lambda path: path.name)
        kept = (line for line in gzip.decompress(newest.read_bytes()).splitlines(keepends=True) if last in line)
        return [
            line.replace(f"{_LAST}T".encode(), following).replace(b'{"event_id":"', b'{"event_id":"n') for line in kept
        ]

    def _daily(self) -> dict[str, Any]:
        """What drift's check, the upkeep and one look for open erasures use; they note it under a run when they are told one."""
        deployment, run = self.deployment, "daily"
        for name in ("Drift", "Maintain", "Forget"):
            function = getattr(deployment, f"{name.lower()}_function")
            lake.invoked(deployment, name, function, {"run": run})
        return by_state(used_by(artifacts_of(deployment), run))

    def _night(self, events: int, daily: dict[str, Any] | None = None) -> Night:
        deployment = self.deployment
        store, said = artifacts_of(deployment), _said(deployment)
        run = operate.runs(deployment, 1)[0]["name"]
        used, known = used_by(store, run), recorded(store, run)
        self._held += events
        now = {name: _bytes_of(deployment, name) for name in BUCKETS} | {"logs": _bytes_said(said)}
        grown = {name: now[name] - self._before[name] for name in now}
        self._before = now
        transitions = known["transitions"]
        return Night(self.customers, events, self._held, cost_of(used, transitions).total, transitions, grown.pop("logs"), grown,
                     _metrics(said), by_state(used) | (daily or {}), 3600 * known["hours"])  # fmt: skip


@contextmanager
def world(customers: int, port: int, weeks: int = WEEKS, patience: int = 1) -> Iterator[World]:
    """A world that is gone afterwards."""
    with TemporaryDirectory(prefix="holdfast-nights-", ignore_cleanup_errors=True) as folder:
        made = World(Path(folder), port, customers, weeks, patience)
        try:
            yield made
        finally:
            made.holdfast("down")


def _bytes_of(deployment: Deployment, bucket: str) -> int:
    """Of all versions of all objects."""
    pages = deployment.client("s3").get_paginator("list_object_versions")
    name = getattr(deployment, f"{bucket}_bucket")
    return sum(each["Size"] for page in pages.paginate(Bucket=name) for each in page.get("Versions", []))


def _said(deployment: Deployment) -> dict[str, list[str]]:
    """Everything that each function has logged, of those that are deployed."""
    groups = deployment.client("logs").get_paginator("describe_log_groups").paginate()
    there = {group["logGroupName"] for page in groups for group in page["logGroups"]}
    return {name: operate.logs(deployment, name, 10**9) for name in FUNCTIONS if f"/{deployment.name}/{name}" in there}


def _bytes_said(said: dict[str, list[str]]) -> int:
    """As CloudWatch counts them: 26 more for each line."""
    return sum(len(line.encode()) + 26 for lines in said.values() for line in lines)


def _metrics(said: dict[str, list[str]]) -> dict[str, int]:
    """How many different metrics each function's lines tell, in the format that CloudWatch reads out of them."""
    told = {name: {each for line in lines if '"_aws"' in line for each in _told(line)} for name, lines in said.items()}
    return {name: len(found) for name, found in told.items() if found}


def _told(line: str) -> list[str]:
    try:
        return [metric["Name"] for told in json.loads(line)["_aws"]["CloudWatchMetrics"] for metric in told["Metrics"]]
    except ValueError:  # a line of another kind that speaks of it
        return []
