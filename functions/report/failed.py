"""State `Failed`: tell people what went wrong, then end the run as failed; redriven, say where to go on."""

import json
from typing import Any

from holdfast.aws import client, translated
from holdfast.errors import RunFailed
from holdfast.observe import step
from holdfast.resources import environment, settings
from report.failure import Failure, alert_text, failed_state, was_redriven

_LATEST_EVENTS = 40
"""The failed state's entry is among the newest: a caught error is followed by this state's own events only."""


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Raise `RunFailed` with the cause, unless the execution was redriven since it last stood here."""
    sfn = client("stepfunctions")
    with translated("looking at the execution"):
        execution = sfn.describe_execution(executionArn=event["execution"])
        history = sfn.get_execution_history(
            executionArn=event["execution"], reverseOrder=True, maxResults=_LATEST_EVENTS
        )["events"]
    redrives = int(execution.get("redriveCount") or 0)
    failure = Failure.of(event["document"], failed_state(history), execution["name"])
    if was_redriven(event["document"], redrives):
        return {"count": redrives, "state": failure.state}
    _alert(failure)
    raise RunFailed(f"{failure.state}: {failure.error}: {failure.cause}")


def _alert(failure: Failure) -> None:
    subject, body = alert_text(failure, settings().name)
    with translated("publishing the alert"):
        client("sns").publish(
            TopicArn=environment().alerts_topic, Subject=subject, Message=json.dumps(body, ensure_ascii=False)
        )
