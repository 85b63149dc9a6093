"""State `Failed`: tell people what went wrong, then end the run as failed; redriven, say where to go on."""

import json
from typing import Any

from holdfast.aws import client, translated
from holdfast.errors import RunFailed, StorageUnavailable
from holdfast.observe import step
from holdfast.resources import environment, settings
from report.failure import Failure, alert_text, failed_state, was_redriven


@step
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Raise `RunFailed` with the cause, unless the execution was redriven since it last stood here."""
    try:
        failure, redrives = _looked(event)
    except StorageUnavailable:
        if event.get("attempt", 0) < event.get("attempts", 0):
            raise
        # Nobody answers any more, and there is no further try: people are told all the same, of a state that is not known.
        failure, redrives = Failure.of(event["document"], "", event["execution"].rpartition(":")[2]), 0
    if was_redriven(event["document"], redrives):
        return {"count": redrives, "state": failure.state}
    _alert(failure)
    raise RunFailed(f"{failure.state or 'the run'}: {failure.error}: {failure.cause}")


def _looked(event: dict[str, Any]) -> tuple[Failure, int]:
    """What the execution itself says: where it failed, and how often it was redriven."""
    sfn = client("stepfunctions")
    with translated("looking at the execution"):
        execution = sfn.describe_execution(executionArn=event["execution"])
        pages = sfn.get_paginator("get_execution_history").paginate(executionArn=event["execution"], reverseOrder=True)
        state = failed_state(found for page in pages for found in page["events"])
    return Failure.of(event["document"], state, execution["name"]), int(execution.get("redriveCount") or 0)


def _alert(failure: Failure) -> None:
    subject, body = alert_text(failure, settings().name)
    with translated("publishing the alert"):
        client("sns").publish(
            TopicArn=environment().alerts_topic, Subject=subject, Message=json.dumps(body, ensure_ascii=False)
        )
