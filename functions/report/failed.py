"""State `Failed`: tell people what went wrong, then end the run as failed; redriven, say where to go on."""

import json
from typing import Any

from holdfast.aws import client, translated
from holdfast.errors import RunFailed
from holdfast.observe import step
from holdfast.resources import environment, settings
from report.failure import Failure, alert_text, failed_state, was_redriven


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Raise `RunFailed` with the cause, unless the execution was redriven since it last stood here."""
    sfn = client("stepfunctions")
    with translated("looking at the execution"):
        execution = sfn.describe_execution(executionArn=event["execution"])
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=event["execution"], reverseOrder=True)
        state = failed_state(found for page in pages for found in page["events"])
    redrives = int(execution.get("redriveCount") or 0)
    failure = Failure.of(event["document"], state, execution["name"])
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
