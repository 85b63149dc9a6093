"""`holdfast status`: how the last runs went, where one is, what failed and the command that mends it, and what the alarms and metrics say."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from holdfast.runs import run_key
from holdfast.store import Store, read_json
from holdfast.words import counted, message_of
from infra.cli.deployment import Deployment, explained
from infra.cli.follow import progress_of
from infra.cli.operate import FAILED, history, runs
from infra.cli.stores import artifacts_of

_DAY = timedelta(days=1)
_API = (("calls", "Count", "Sum"), ("errors", "5XXError", "Sum"), ("p99", "Latency", "p99"))


@dataclass(frozen=True)
class RunLine:
    """One run as people want to know of it."""

    name: str
    started: datetime
    status: str
    seconds: float
    says: str
    mend: str = ""
    """The command that goes on with it, if it failed."""
    usd: float | None = None


@dataclass(frozen=True)
class Status:
    """Everything that the command shows."""

    runs: list[RunLine]
    fresh: str
    alarms: list[str]
    """Those that are going off, each with what it means."""
    last_day: list[str]
    """What metrics say."""


def status(deployment: Deployment, limit: int, now: datetime) -> Status:
    """Ask Step Functions, CloudWatch and the runs' records."""
    store = artifacts_of(deployment)
    lines = [_line(deployment, store, each, now) for each in runs(deployment, limit)]
    cloudwatch, name = deployment.client("cloudwatch"), deployment.name
    with explained(deployment.endpoint):
        last_day = [_of_api(cloudwatch, name, now), _of_drift(cloudwatch, now)]
        return Status(lines, fresh(lines, now), _alarms(cloudwatch, name), last_day)


def fresh(lines: Iterable[RunLine], now: datetime) -> str:
    """How long ago somebody's score was last made."""
    done = [line for line in lines if line.status == "SUCCEEDED" and "customer" in line.says]
    if not done:
        return "nobody has been scored by the runs shown"
    age = now - (done[0].started + timedelta(seconds=done[0].seconds))
    return f"scores are {_span(age)} old; their night took {_span(timedelta(seconds=done[0].seconds))} from pulling to report"


def run_line(execution: dict[str, Any], usd: float | None, now: datetime, current: str) -> RunLine:
    """One run from what Step Functions says of it; `current` is the state that it is in, or was in last."""
    ended = execution.get("stopDate") or now
    name, state = execution["name"], execution["status"]
    says = f"in {current}"
    if state == "SUCCEEDED":
        says = outcome(json.loads(execution.get("output") or "{}"))
    elif state in FAILED:
        says = message_of(execution.get("cause", "")) or f"ended in {current}"
    mend = f"holdfast runs retry {name}" if state in FAILED else ""
    seconds = (ended - execution["startDate"]).total_seconds()
    return RunLine(name, execution["startDate"], state, seconds, says, mend, usd)


def outcome(document: dict[str, Any]) -> str:
    """What a finished run did, from its document: rows in, kept back, entered, customers scored."""
    kept = sum(each.get("quarantined", 0) for each in document.get("validated", []))
    said = [
        f"{counted(document['transformed']['rows'], 'new row')}" if "transformed" in document else "",
        f"{kept:,} kept back" if kept else "",
        counted(document["scored"]["rows"], "customer") + " scored" if "scored" in document else "",
    ]
    return ", ".join(each for each in said if each) or "nothing to do"


def _line(deployment: Deployment, store: Store, execution: dict[str, Any], now: datetime) -> RunLine:
    busy = execution["status"] != "SUCCEEDED"
    states = [each.state for each in progress_of(history(deployment, execution["executionArn"]))] if busy else []
    run = json.loads(execution.get("output") or "{}").get("plan", {}).get("run", execution["name"])
    return run_line(execution, _usd(store, run), now, states[-1] if states else "its beginning")


def _usd(store: Store, run: str) -> float | None:
    try:
        return float(read_json(store, run_key(run))["cost"]["total"])
    except KeyError:
        return None


def _alarms(cloudwatch: Any, name: str) -> list[str]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{name}-", StateValue="ALARM")
    found = [each for page in pages for each in page["MetricAlarms"]]
    return [f"{each['AlarmName'].removeprefix(f'{name}-')}: {each['AlarmDescription']}" for each in found]


def _of_api(cloudwatch: Any, name: str, now: datetime) -> str:
    of = [{"Name": "ApiName", "Value": name}]
    found = {what: _metric(cloudwatch, "AWS/ApiGateway", metric, how, of, now) for what, metric, how in _API}
    if not found["calls"]:
        return "API: no calls counted"
    return f"API: {counted(int(found['calls']), 'call')}, {found['errors'] or 0:,.0f} answered 5xx, p99 {found['p99'] or 0:,.0f} ms"


def _of_drift(cloudwatch: Any, now: datetime) -> str:
    drifted = _metric(cloudwatch, "Holdfast", "DriftedFeatures", "Maximum", [], now)
    return "drift: not looked for" if drifted is None else f"drift: {counted(int(drifted), 'feature')}"


def _metric(
    cloudwatch: Any, namespace: str, name: str, how: str, of: list[dict[str, str]], now: datetime
) -> float | None:
    """A metric over the last day, by statistic or percentile; None where nothing was measured."""
    kind = "ExtendedStatistics" if how.startswith("p") else "Statistics"
    asked = {"Namespace": namespace, "MetricName": name, "Dimensions": of, "Period": int(_DAY.total_seconds())}
    points = cloudwatch.get_metric_statistics(**asked, StartTime=now - _DAY, EndTime=now, **{kind: [how]})["Datapoints"]
    values = [point.get("ExtendedStatistics", point)[how] for point in points]
    return max(values) if values else None


def _span(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
