"""The state `Failed`: people are told, even where Step Functions does not answer.

The SDK's own stubber stands for AWS: only it throttles on demand.
"""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import ANY, Stubber

from holdfast.errors import RunFailed, StorageUnavailable
from report import failed
from tests.doubles.context import CONTEXT

RUN = "nightly-20261031T040000"
EVENT = {
    "execution": f"arn:aws:states:us-east-1:000000000000:execution:holdfast:{RUN}",
    "document": {"failure": {"Error": "TableBusy", "Cause": '{"errorMessage": "another writer holds it"}'}},
    "attempts": 5,
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubber]]:
    once = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
    made = {
        name: boto3.client(name, config=once, aws_access_key_id="a", aws_secret_access_key="b")
        for name in ("stepfunctions", "sns")
    }
    monkeypatch.setattr(failed, "client", made.__getitem__)
    monkeypatch.setattr(failed, "settings", lambda: SimpleNamespace(name="holdfast"))
    monkeypatch.setattr(
        failed, "environment", lambda: SimpleNamespace(alerts_topic="arn:aws:sns:us-east-1:000000000000:alerts")
    )
    stubbers = {name: Stubber(each) for name, each in made.items()}
    for each in stubbers.values():
        each.activate()
    yield stubbers
    for each in stubbers.values():
        each.assert_no_pending_responses()


def told(aws: dict[str, Stubber]) -> list[dict[str, Any]]:
    """Let one alert be published, and keep what it says."""
    kept: list[dict[str, Any]] = []
    aws["sns"].add_response("publish", {"MessageId": "1"}, {"TopicArn": ANY, "Subject": ANY, "Message": ANY})
    aws["sns"].client.meta.events.register(
        "before-parameter-build.sns.Publish", lambda params, **_: kept.append(dict(params))
    )
    return kept


def test_a_throttled_look_is_tried_again_first(aws: dict[str, Stubber]) -> None:
    aws["stepfunctions"].add_client_error("describe_execution", "ThrottlingException", http_status_code=400)

    with pytest.raises(StorageUnavailable):
        failed.handler(EVENT | {"attempt": 4}, CONTEXT)


def test_after_the_last_try_people_are_told_what_is_known(aws: dict[str, Stubber]) -> None:
    aws["stepfunctions"].add_client_error("describe_execution", "ThrottlingException", http_status_code=400)
    alerts = told(aws)

    with pytest.raises(RunFailed, match="TableBusy: another writer holds it"):
        failed.handler(EVENT | {"attempt": 5}, CONTEXT)

    (alert,) = alerts
    assert alert["Subject"] == f"holdfast: run {RUN} failed in some state"
    assert json.loads(alert["Message"])["what"] == f"The run {RUN} stopped in a state that could not be found out."
    assert json.loads(alert["Message"])["next"].endswith(f"holdfast redrive {RUN}")
