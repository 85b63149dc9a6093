"""A search of everything that a deployment says, for anything that names given people: where nobody should be named at all."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from infra.cli.deployment import Deployment
from infra.cli.scan import Hit, Needles, queues


def leaked(deployment: Deployment, needles: Needles) -> list[Hit]:
    """Logs, alerts, executions with their inputs, outputs and errors, metrics, alarms, templates, names of objects."""
    places = (logs, queues, executions, metrics, templates, keys, functions)
    return [hit for place in places for hit in place(deployment, needles)]


def logs(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Every line of every log group, of the API's calls and of executions as well."""
    client = deployment.client("logs")
    for page in client.get_paginator("describe_log_groups").paginate():
        for group in (each["logGroupName"] for each in page["logGroups"]):
            for events in client.get_paginator("filter_log_events").paginate(logGroupName=group):
                yield from _hits(f"log {group}", needles, (each["message"] for each in events["events"]))


def executions(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Input, output and every event of every execution of every state machine."""
    client = deployment.client("stepfunctions")
    for machine in client.list_state_machines()["stateMachines"]:
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine["stateMachineArn"])
        for each in (execution for page in pages for execution in page["executions"]):
            arn = each["executionArn"]
            said = client.describe_execution(executionArn=arn)
            yield from _hits(f"execution {each['name']}", needles, [_text(said)])
            history = client.get_paginator("get_execution_history").paginate(executionArn=arn)
            yield from _hits(
                f"events of {each['name']}", needles, (_text(event) for page in history for event in page["events"])
            )


def metrics(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Names and dimensions of metrics, alarms with their reasons, dashboards."""
    client = deployment.client("cloudwatch")
    yield from _hits("metrics", needles, map(_text, client.list_metrics()["Metrics"]))
    yield from _hits("alarms", needles, map(_text, client.describe_alarms()["MetricAlarms"]))
    for each in client.list_dashboards().get("DashboardEntries", []):
        body = client.get_dashboard(DashboardName=each["DashboardName"])["DashboardBody"]
        yield from _hits("dashboards", needles, [body])


def templates(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Templates and outputs of the stack."""
    client = deployment.client("cloudformation")
    said = [client.get_template(StackName=deployment.name), client.describe_stacks(StackName=deployment.name)]
    yield from _hits("stack", needles, map(_text, said))


def keys(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Names of all objects, and what access logs say of them."""
    client = deployment.client("s3")
    for bucket in (each["Name"] for each in client.list_buckets()["Buckets"]):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            yield from _hits(f"names in {bucket}", needles, (each["Key"] for each in found))


def functions(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Configurations of functions, their environment among it."""
    pages = deployment.client("lambda").get_paginator("list_functions").paginate()
    yield from _hits("functions", needles, (_text(each) for page in pages for each in page["Functions"]))


def _hits(where: str, needles: Needles, said: Iterable[str]) -> Iterator[Hit]:
    found = set().union(*(needles.inside(_plain(each).encode(errors="replace")) for each in said))
    return (Hit(where, each) for each in sorted(found))


def _plain(text: str) -> str:
    """A text whose writer wrote characters as numbers, with those characters."""
    if "\\u" not in text:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def _text(said: Any) -> str:
    return json.dumps(said, default=str, ensure_ascii=False)
