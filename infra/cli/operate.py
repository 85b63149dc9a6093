"""Look at and mend what is deployed: runs, redrives, alerts, logs."""

import json
import time
from typing import Any

from botocore.exceptions import ClientError

from infra.catalogue import FUNCTIONS
from infra.cli.deployment import Deployment, explained
from infra.trouble import Trouble

FAILED = {"FAILED", "TIMED_OUT", "ABORTED"}
_OUTSIDE = {"Api", "Authorize", "Webhook", "Drift", "Maintain", "Forget"}
"""Functions that no run invokes."""
_AROUND = {"Failed", "Resume"}
_INNER = {"Streams", "Ingest", "AllPulled", "SourceWantsQuiet", "Landed", "AnyFiles", "Files", "NoFiles", "Validate"}


def runs(deployment: Deployment, limit: int = 10) -> list[dict[str, Any]]:
    """The newest executions first, each as Step Functions describes it."""
    sfn = deployment.client("stepfunctions")
    with explained(deployment.endpoint):
        listed = sfn.list_executions(stateMachineArn=deployment.state_machine_arn, maxResults=limit)["executions"]
        return [sfn.describe_execution(executionArn=execution["executionArn"]) for execution in listed]


def history(deployment: Deployment, execution: str) -> list[dict[str, Any]]:
    """An execution's events, oldest first."""
    sfn = deployment.client("stepfunctions")
    with explained(deployment.endpoint):
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=execution, includeExecutionData=True)
        return [event for page in pages for event in page["events"]]


def redrive(deployment: Deployment, name: str) -> str:
    """Continue a failed run at the state that failed; returns the ARN of the execution that does it.

    AWS redrives the execution itself. Where the service has no RedriveExecution (the embedded runtime), a new execution enters the
    same state machine at the failed state with the failed state's own input.

    Raises:
        Trouble: there is no such run, or it has not failed.
    """
    failed = _failed_run(deployment, name)
    sfn, arn = deployment.client("stepfunctions"), failed["executionArn"]
    with explained(deployment.endpoint):
        try:
            sfn.redrive_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidAction":
                raise
            state, document = _where_it_failed(history(deployment, arn))
            resumed = document | {"resumed": {"state": state, "count": 0}}
            again = f"{failed['name'].split('-redrive-')[0]}-redrive-{int(time.time())}"
            return str(
                sfn.start_execution(
                    stateMachineArn=deployment.state_machine_arn, name=again, input=json.dumps(resumed)
                )["executionArn"]
            )
    return str(arn)


def _failed_run(deployment: Deployment, name: str) -> dict[str, Any]:
    known = runs(deployment)
    chosen = [run for run in known if run["name"] == name] if name else known[:1]
    if not chosen:
        raise Trouble(
            f"no run {name!r} among the last ten: `holdfast status` lists them"
            if name
            else "there has been no run yet: `holdfast run` starts one"
        )
    if chosen[0]["status"] not in FAILED:
        raise Trouble(f"run {chosen[0]['name']} has not failed: it is {chosen[0]['status']}")
    return chosen[0]


def _where_it_failed(events: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    entered = [e["stateEnteredEventDetails"] for e in events if "stateEnteredEventDetails" in e]
    of_chain = [
        e for e in entered if (e["name"] not in _AROUND and "plan" in e.get("input", "")) or e["name"] == "Plan"
    ]
    last = [e for e in of_chain if e["name"] not in _INNER][-1]
    return last["name"], json.loads(last["input"])


def alerts(deployment: Deployment) -> list[str]:
    """Messages in the alerts inbox; they stay there."""
    sqs = deployment.client("sqs")
    found: dict[str, str] = {}
    with explained(deployment.endpoint):
        while True:
            batch = sqs.receive_message(QueueUrl=_inbox(deployment), MaxNumberOfMessages=10, VisibilityTimeout=5).get(
                "Messages", []
            )
            new = {m["MessageId"]: m["Body"] for m in batch}
            if not set(new) - set(found):
                return list(found.values())
            found |= new


def _inbox(deployment: Deployment) -> str:
    """The queue's address as this machine reaches it: the runtime names itself by a host of its own."""
    path = deployment.alerts_inbox.split("/", 3)[3]
    return f"{deployment.endpoint}/{path}" if deployment.endpoint else deployment.alerts_inbox


def logs(deployment: Deployment, state: str, lines: int) -> list[str]:
    """Newest log lines of a function, oldest first.

    Raises:
        Trouble: there is no such function.
    """
    return [message for _, message in _logged(deployment, state)][-lines:]


def logs_of_run(deployment: Deployment, run: str, state: str, lines: int) -> list[str]:
    """What the functions said of a run, oldest first, each line with the function's name; of one function, or of all.

    Raises:
        Trouble: there is no such function.
    """
    asked = [state] if state else [name for name in FUNCTIONS if name not in _OUTSIDE]
    found = [(at, f"{name}: {message}") for name in asked for at, message in _logged(deployment, name, run)]
    return [message for _, message in sorted(found)][-lines:]


def _logged(deployment: Deployment, state: str, about: str = "") -> list[tuple[int, str]]:
    client = deployment.client("logs")
    asked: dict[str, str] = {"logGroupName": f"/{deployment.name}/{state}"}
    if about:
        asked["filterPattern"] = f'"{about}"'
    with explained(deployment.endpoint):
        try:
            pages = client.get_paginator("filter_log_events").paginate(**asked)
            return [
                (e["timestamp"], e["message"].rstrip())
                for page in pages
                for e in page["events"]
                if about in e["message"]
            ]
        except client.exceptions.ResourceNotFoundException as error:
            if state in FUNCTIONS and about:
                return []
            raise Trouble(f"no function {state!r}: they are named {', '.join(FUNCTIONS)}") from error
