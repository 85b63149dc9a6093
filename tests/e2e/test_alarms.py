"""Every alarm of the deployed stack goes off, tells people, and clears again.

Its metric is put here as the service or the function that it watches would put it: the embedded runtime publishes none of
AWS/States and AWS/ApiGateway, and turns no line of a log into a metric.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import Demo

ALARMS = (
    "ApiErrors", "ApiSlow", "ApiThrottled", "Cost", "DeadLetters", "Drift", "ErasureFailed", "Freshness", "LostAlerts",
    "LostArrivals", "MissedStarts", "NoSuccessIn26Hours", "NotificationsRefused", "QuarantineRate", "RowGap", "RunFailed",
    "RunThrottled", "SourceGap", "UpkeepFailed",
)  # fmt: skip
LEAVES = timedelta(seconds=6)
"""So soon a value that sets an alarm off is older than all that the alarm looks at."""


def found(demo: Demo) -> dict[str, dict[str, Any]]:
    alarms = demo.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{demo.outputs['name']}-")["MetricAlarms"]
    return {alarm["AlarmName"].split("-", 1)[1]: alarm for alarm in alarms}


def put(demo: Demo, alarm: dict[str, Any], value: float, at: datetime) -> None:
    datum = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Timestamp": at, "Value": value}
    demo.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[datum])


def too_much(alarm: dict[str, Any]) -> float:
    return 0.0 if alarm["ComparisonOperator"].startswith("LessThan") else 2 * alarm["Threshold"] + 1


def well(alarm: dict[str, Any]) -> float:
    return 1.0 if alarm["ComparisonOperator"].startswith("LessThan") else 0.0


def state(demo: Demo, name: str) -> str:
    """Of one alarm, now."""
    named = demo.client("cloudwatch").describe_alarms(AlarmNames=[f"{demo.outputs['name']}-{name}"])
    return str(named["MetricAlarms"][0]["StateValue"])


@pytest.fixture(scope="module")
def lived(demo: Demo) -> dict[str, list[str]]:
    """The states of each alarm: when something is wrong, and when it is well again. Each is looked at as soon as its value is there."""
    alarms, states = found(demo), {}
    for name, alarm in alarms.items():
        looked_at = timedelta(seconds=alarm["Period"] * alarm["EvaluationPeriods"])
        put(demo, alarm, too_much(alarm), datetime.now(UTC) - looked_at + LEAVES)
        states[name] = [state(demo, name)]
    time.sleep(LEAVES.total_seconds() + 1)
    for name, alarm in alarms.items():
        put(demo, alarm, well(alarm), datetime.now(UTC))
        states[name].append(state(demo, name))
    return states


def test_these_are_all(demo: Demo) -> None:
    assert sorted(found(demo)) == sorted(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_it_goes_off_and_clears(name: str, lived: dict[str, list[str]]) -> None:
    assert lived[name] == ["ALARM", "OK"]


@pytest.mark.usefixtures("lived")
def test_people_are_told_of_each_both_times(demo: Demo) -> None:
    told = demo.holdfast("alerts")

    for name in ALARMS:
        of_it = [line for line in told.splitlines() if "AlarmName" in line and line.rstrip().endswith(f'-{name}",')]
        assert of_it, name
    states = {
        json.loads(f"{{{line.strip().rstrip(',')}}}")["NewStateValue"]
        for line in told.splitlines()
        if "NewStateValue" in line
    }
    assert states >= {"ALARM", "OK"}


def test_the_status_names_what_goes_off(demo: Demo) -> None:
    (alarm,) = [alarm for name, alarm in found(demo).items() if name == "RunThrottled"]
    leaves = datetime.now(UTC) + 3 * LEAVES  # a command takes some seconds to start
    put(demo, alarm, too_much(alarm), leaves - timedelta(seconds=alarm["Period"]))

    assert "ALARM RunThrottled: Step Functions holds a run back" in demo.holdfast("status")

    time.sleep(max(0.0, (leaves - datetime.now(UTC)).total_seconds()) + 1)
    put(demo, alarm, well(alarm), datetime.now(UTC))
    assert "RunThrottled" not in demo.holdfast("status")
