"""A deployment that one version of the code begins and another goes on with, on one runtime that forgets nothing in between."""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Self

import httpx

from benchmarks.chaos_files import dated
from benchmarks.chaos_snapshot import Snapshot
from benchmarks.upgrade_code import Code
from holdfast.reading import known
from infra.cli import operate
from infra.cli.demo import start_night
from infra.cli.deployment import Deployment
from infra.local.processes import Processes
from infra.packaging import BUILD

PATIENCE = 900.0
"""Seconds for one night."""
_POLL = 0.2
_SOURCES = (1, 2)
"""Ports of the sources, counted from the runtime's."""


class Stage:
    """Where the nights are played; `port` is the first of three."""

    def __init__(self, port: int, customers: int) -> None:
        self._port, self._customers = port, customers
        self._folder = BUILD / "upgrade" / str(port)
        self._config = self._folder / "holdfast.toml"
        self._state, self._processes = self._folder / "deployed", Processes(self._folder / "deployed")
        self._last: tuple[str, bytes] = ("", b"")

    def __enter__(self) -> Self:
        with ExitStack() as undone:
            undone.callback(self._processes.stop_all)
            self._processes.stop_all()
            shutil.rmtree(self._folder)
            self._state.mkdir(parents=True)
            undone.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.stop_all()

    @cached_property
    def deployment(self) -> Deployment:
        """As the older code noted it: names and addresses stay."""
        return known(Deployment, json.loads((self._state / "outputs.json").read_text()))

    def begin(self, code: Code) -> None:
        """Start the runtime and the sources, deploy, and run the first night: `make demo` of that version."""
        code.configured(self._config, self._port)
        size = ("--customers", str(self._customers), "--port", str(self._port))
        try:
            code.run("holdfast", "demo", "--config", str(self._config), *size, HOLDFAST_STATE=str(self._state))
        except SystemExit as failed:
            raise SystemExit(
                f"{failed}\nThe older commit does not work by itself: name another one with --from"
            ) from failed
        s3, bucket = self.deployment.client("s3"), self.deployment.uploads_bucket
        last = max(each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"])
        self._last = last, s3.get_object(Bucket=bucket, Key=last)["Body"].read()

    def prepare(self, code: Code) -> None:
        """Synthesise a version with the older one's configuration: an upgrade need not touch it."""
        code.synthesise(self._config, self._build(code))

    def deploy(self, code: Code) -> None:
        """Deploy a version that was prepared over what is there."""
        code.deploy(self._build(code), self._port)

    def day(self, number: int) -> None:
        """Let a day pass in the sources, and log lines of one day more come."""
        for server in _SOURCES:
            self._standin(server, "advance", {"days": 1, "updates": 5, "seed": number})
        key, body = self._last
        name = key.replace("usage-", f"usage-{number}-")
        self.deployment.client("s3").put_object(
            Bucket=self.deployment.uploads_bucket, Key=name, Body=dated(body, 7 * number)
        )

    def back(self, before: Snapshot) -> None:
        """Put everything back to where `before` was taken."""
        for server in _SOURCES:
            self._standin(server, "reset", {})
        before.back(self.deployment)

    def start(self) -> str:
        """Begin a night; a run is named after its second."""
        time.sleep(1.1)
        return start_night(self.deployment)

    def night(self) -> str:
        """A whole night; how it ended."""
        return self.waited(self.start())

    def redriven(self) -> str:
        """Go on with the run that failed, where it failed; how it ended."""
        time.sleep(1.1)
        return self.waited(operate.redrive(self.deployment, ""))

    def until(self, run: str, state: str) -> list[str]:
        """Wait until a run has entered a state, or has ended; the states that it entered."""
        while state not in (entered := self.entered(run)) and self._status(run) == "RUNNING":
            time.sleep(_POLL)
        return entered

    def entered(self, run: str) -> list[str]:
        """The states of the chain that a run has entered."""
        details = [each.get("stateEnteredEventDetails") for each in operate.history(self.deployment, run)]
        return [each["name"] for each in details if each]

    def waited(self, run: str) -> str:
        """How a run ended, with the reason where it failed."""
        until = time.monotonic() + PATIENCE
        while self._status(run) == "RUNNING" and time.monotonic() < until:
            time.sleep(_POLL)
        said = self._described(run)
        if said["status"] == "SUCCEEDED":
            return "SUCCEEDED"
        return f"{said['status']}: {said.get('error', '')} {said.get('cause', '')}"[:600]

    def scored(self) -> Sequence[tuple[Deployment, str]]:
        """Whom to ask scores of, and of which deployment."""
        store = self.deployment.client("dynamodb").scan(TableName=self.deployment.scores_table)["Items"]
        return [(self.deployment, each["customer_id"]["S"]) for each in store if "vector" in each][:20]

    def _build(self, code: Code) -> Any:
        return self._folder / f"build-{code.name}"

    def _status(self, run: str) -> str:
        return str(self._described(run)["status"])

    def _described(self, run: str) -> dict[str, Any]:
        return dict(self.deployment.client("stepfunctions").describe_execution(executionArn=run))

    def _standin(self, server: int, what: str, body: dict[str, Any]) -> None:
        url = f"http://127.0.0.1:{self._port + server}/_standin/{what}"
        httpx.post(url, json=body, timeout=120).raise_for_status()
