"""What the embedded runtime is put right in, and that it still has to be."""

import json
from collections.abc import Iterator

import pytest
from ministack.core import iam_actions
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import dynamodb, secretsmanager, stepfunctions

from infra.local import enforcing

PLACE = ("us-east-1", "000000000000")
MACHINE, SECRET = (
    "arn:aws:states:us-east-1:000000000000:stateMachine:nightly",
    "arn:aws:secretsmanager:…:secret:holdfast/hubspot-1a2b3c",
)


@pytest.fixture(params=[False, True], ids=["as it is", "put right"])
def right(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    for name in ("extract_iam_action", "extract_resource_arn", "request_tag_context"):
        monkeypatch.setattr(iam_actions, name, getattr(iam_actions, name))  # given back afterwards
    if request.param:
        enforcing.correct()
    set_request_account_id(PLACE[1])
    set_request_region(PLACE[0])
    dynamodb._tables["state"] = {"pk_name": "pk"}
    stepfunctions._state_machines[MACHINE] = {"stateMachineArn": MACHINE}
    secretsmanager._secrets["holdfast/hubspot"] = {"ARN": SECRET, "Name": "holdfast/hubspot"}
    yield request.param
    for held, name in (
        (dynamodb._tables, "state"),
        (stepfunctions._state_machines, MACHINE),
        (secretsmanager._secrets, "holdfast/hubspot"),
    ):
        held.pop(name)


def about(service: str, **body: object) -> str:
    return iam_actions.extract_resource_arn(service, "POST", "/", {}, json.dumps(body).encode(), {}, *PLACE)


def seen(service: str, action: str, **body: object) -> dict[str, object]:
    return iam_actions.request_tag_context(service, action, json.dumps(body).encode(), {})


@pytest.mark.parametrize(("asked", "needed"), enforcing.SAME_RIGHT.items())
def test_a_batch_of_messages_needs_the_right_to_one(right: bool, asked: str, needed: str) -> None:
    headers = {"x-amz-target": f"AmazonSQS.{asked.partition(':')[2]}"}

    assert iam_actions.extract_iam_action("sqs", "POST", "/", headers, b"{}", {}) == (needed if right else asked)


def test_who_answers_a_task_is_asked_for_the_right_to_its_machine(right: bool) -> None:
    assert about("states", taskToken="t", output="{}") == (MACHINE if right else "*")


def test_a_secret_is_known_by_what_a_template_refers_to_it_by(right: bool) -> None:
    assert about("secretsmanager", SecretId=SECRET) == ("holdfast/hubspot" if right else SECRET)


@pytest.mark.parametrize(
    ("operation", "body", "before", "after"),
    [("GetDatabase", {"Name": "lake"}, "table/lake", "database/lake"),
     ("GetTables", {"DatabaseName": "lake"}, "database/lake", "database/lake"),
     ("GetTable", {"DatabaseName": "lake", "Name": "events"}, "database/lake", "table/lake/events"),
     ("CreateTable", {"DatabaseName": "lake", "TableInput": {"Name": "events"}}, "database/lake", "table/lake/events")],
)  # fmt: skip
def test_of_the_catalogue_it_is_what_is_named_that_is_asked_for(
    right: bool, operation: str, body: dict[str, object], before: str, after: str
) -> None:
    headers = {"x-amz-target": f"AWSGlue.{operation}"}
    found = iam_actions.extract_resource_arn("glue", "POST", "/", headers, json.dumps(body).encode(), {}, *PLACE)

    assert found == f"arn:aws:glue:us-east-1:000000000000:{after if right else before}"


@pytest.mark.parametrize(
    "body",
    [{"Key": {"pk": {"S": "registry"}, "sk": {"S": "x"}}}, {"Item": {"pk": {"S": "registry"}, "sk": {"S": "x"}}},
     {"KeyConditionExpression": "pk = :pk AND sk > :after", "ExpressionAttributeValues": {":pk": {"S": "registry"}}}],
)  # fmt: skip
def test_a_condition_sees_the_partition_of_an_item(right: bool, body: dict[str, object]) -> None:
    found = seen("dynamodb", "dynamodb:GetItem", TableName="state", **body)

    assert found == ({"dynamodb:LeadingKeys": ["registry"]} if right else {})


def test_a_condition_sees_the_namespace_of_a_metric_and_the_source_of_an_event(right: bool) -> None:
    metric = seen("monitoring", "cloudwatch:PutMetricData", Namespace="Holdfast", MetricData=[])
    event = seen("events", "events:PutEvents", Entries=[{"Source": "holdfast"}])

    assert metric == ({"cloudwatch:namespace": "Holdfast"} if right else {})
    assert event == ({"events:source": "holdfast"} if right else {})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"TableName": "state"}', b'{"TableName": "another", "Key": {}}'])
def test_what_is_not_understood_is_left_to_be_refused_further_on(right: bool, body: bytes) -> None:
    assert iam_actions.request_tag_context("dynamodb", "dynamodb:GetItem", body, {}) == {}
