"""A short form of `make chaos`: two runs at once on the demo, whose functions are killed as they work."""

import time
from collections.abc import Iterator

from benchmarks.chaos_sums import differing, sums
from benchmarks.chaos_workers import Workers
from infra.cli import operate
from infra.cli.demo import start_night
from infra.cli.deployment import Deployment
from infra.local import runtime
from tests.e2e.conftest import Demo

KILLED = {"Ingest", "Validate", "Features"}


def entered(deployment: Deployment, executions: list[str]) -> Iterator[str]:
    for each in executions:
        yield from (e["stateEnteredEventDetails"]["name"] for e in operate.history(deployment, each)
                    if "stateEnteredEventDetails" in e)  # fmt: skip


def test_two_runs_at_once_whose_functions_are_killed_leave_every_table_as_it_was(demo: Demo) -> None:
    demo.holdfast("run")
    deployment, workers = Deployment(**demo.outputs), Workers(runtime.endpoint(demo.port))
    before, due, killed = sums(deployment), set(KILLED), 0

    started = [start_night(deployment)]
    time.sleep(1.1)  # a run is named after its second
    started.append(start_night(deployment))
    sfn = deployment.client("stepfunctions")
    while "RUNNING" in (ended := [sfn.describe_execution(executionArn=each)["status"] for each in started]):
        for state in due & {*entered(deployment, started)}:
            due.remove(state)
            killed += workers.kill(state)
        time.sleep(0.3)

    assert ended == ["SUCCEEDED", "SUCCEEDED"]
    assert killed >= len(KILLED)
    assert differing(sums(deployment), before) == []
