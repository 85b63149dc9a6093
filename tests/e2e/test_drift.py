"""The loop of drift for real: a world that changes, the alert and the alarm, the run that it starts, and who serves afterwards."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import Demo, free_ports

CUSTOMERS = 600
"""Somewhat more than half are active at the end; under `minimum_rows` (200) nothing is judged."""
LAST_DAY = date(2026, 10, 31)
"""Of the world as it is made."""
PATIENCE = 600


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A deployment of its own: its customers change for good."""
    company = Demo(tmp_path_factory.mktemp("drifting"), free_ports())
    try:
        company.holdfast("demo", "--customers", str(CUSTOMERS), "--port", str(company.port))
        yield company
    finally:
        company.holdfast("down")


def still_here(company: Demo) -> list[str]:
    """Who did something in the last two weeks: whoever left stays away, or nobody would have churned."""
    files = sorted((company.state / f"world-{CUSTOMERS}-7" / "usage").rglob("*.ndjson.gz"))[-2:]
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    return sorted(set(re.findall(r'"user_id":"([^"]+)"', "\n".join(lines))))


def busy_day(company: Demo, number: int) -> None:
    """A day after the world's last, on which everybody does ten times what they did."""
    day = LAST_DAY + timedelta(days=number)
    lines = [
        json.dumps({"event_id": f"busy{number}-{who}-{n}", "user_id": who, "ts": f"{day}T{8 + n % 12:02}:00:00Z",
                    "received_at": f"{day}T22:00:00Z", "event": "api_call", "module": "api", "duration_min": 30.0})
        for who in still_here(company) for n in range(30)
    ]  # fmt: skip
    key = f"usage/busy-{day}.ndjson"
    company.client("s3").put_object(Bucket=company.outputs["uploads_bucket"], Key=key, Body="\n".join(lines).encode())


def look(company: Demo) -> dict[str, Any]:
    """The daily check, as its schedule starts it."""
    invoked = company.client("lambda").invoke(FunctionName=company.outputs["drift_function"], Payload=b"{}")
    answer = json.loads(invoked["Payload"].read())
    assert "FunctionError" not in invoked, answer
    return dict(answer)


def alarm(company: Demo) -> str:
    name = f"{company.outputs['name']}-Drift"
    return str(company.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"])


def runs_for_drift(company: Demo) -> list[dict[str, Any]]:
    client = company.client("stepfunctions")
    listed = client.list_executions(stateMachineArn=company.outputs["state_machine_arn"])["executions"]
    told = [client.describe_execution(executionArn=each["executionArn"]) for each in listed]
    return [each for each in told if json.loads(each["input"]).get("reason", "").startswith("drift")]


def ended(company: Demo) -> dict[str, Any]:
    """The run that drift has started, when it is over."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        (run,) = runs_for_drift(company)
        if run["status"] != "RUNNING":
            return run
        time.sleep(2)
    raise AssertionError(f"the run is not over after {PATIENCE} s")


def promoted(company: Demo, run: dict[str, Any]) -> dict[str, Any]:
    """What Promote answered in a run."""
    pages = (
        company.client("stepfunctions")
        .get_paginator("get_execution_history")
        .paginate(executionArn=run["executionArn"])
    )
    details = (event.get("stateExitedEventDetails", {}) for page in pages for event in page["events"])
    (output,) = [detail["output"] for detail in details if detail.get("name") == "Promote"]
    return dict(json.loads(output)["promoted"])


def test_a_changed_world_is_told_alarms_and_is_trained_on(company: Demo) -> None:
    calm = look(company)
    busy_day(company, 1)
    company.holdfast("run")
    first = look(company)
    busy_day(company, 2)
    company.holdfast("run")
    before = alarm(company)
    second = look(company)

    assert (calm["drifted"], calm["suspected"]) == ([], 0)
    assert (first["drifted"], first["told"]) == ([], False)
    assert first["suspected"] > 0
    assert "churn_probability" in second["drifted"] or any("events" in name for name in second["drifted"])
    assert second["told"]
    assert before != "ALARM"
    assert alarm(company) == "ALARM"
    alerts = company.holdfast("alerts")
    assert "standard deviations)" in alerts
    assert " before, " in alerts

    run = ended(company)

    assert run["status"] == "SUCCEEDED"
    assert json.loads(run["input"])["reason"].startswith("drift: ")
    answer = promoted(company, run)
    assert answer["champion"][:8] in company.holdfast("models", "list")
    assert answer["reason"]


def test_the_next_check_is_quiet_although_it_still_drifts(company: Demo) -> None:
    again = look(company)

    assert not again["told"]
    assert len(runs_for_drift(company)) == 1
