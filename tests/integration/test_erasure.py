"""The stage's seams on the embedded runtime: versions of objects, the register, items and queues are what S3, DynamoDB and SQS have."""

import hashlib
import json
from collections.abc import Iterator

import boto3
import pytest

from holdfast.errors import ErasureUnfinished, StateLost
from holdfast.recovery import WAS
from holdfast.store import S3Store
from privacy import forget, house, items, objects, register
from privacy.bodies import Reading
from privacy.buckets import S3Bucket
from privacy.items import DynamoTable
from privacy.objects import Zone
from privacy.register import CLOSED, DynamoRegister, MemoryRegister, Request
from privacy.sought import Sought
from privacy.whose import ANYBODYS
from tests.doubles.erasure import RING
from tests.integration.conftest import Runtime, environment
from tests.integration.dynamodb import new_table

HERS, HIS = b'{"user_id":"u-000012"}\n', b'{"user_id":"u-000013"}\n'


@pytest.fixture
def sought() -> Sought:
    made = Sought(RING)
    made.learn("u-000012")
    made.named(["u-000012"])
    return made


@pytest.fixture
def bucket(aws_runtime: Runtime, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"erasure-{abs(hash(request.node.name)) % 10**8}"
    with environment({}):
        boto3.client("s3").create_bucket(Bucket=name)
        boto3.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        yield name


@pytest.fixture
def state(aws_runtime: Runtime, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"erasure-{abs(hash(request.node.name)) % 10**8}"
    with environment({}):
        new_table(name)
        yield name


def test_of_every_version_what_names_the_person_goes_for_good(bucket: str, sought: Sought) -> None:
    s3 = boto3.client("s3")
    for key, body in (("usage/a", HERS), ("usage/a", HERS + HIS), ("usage/b", HERS), ("usage/c", HIS)):
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson")
    for key in ("usage/b", "usage/c"):
        s3.delete_object(Bucket=bucket, Key=key)

    told: list[str] = []
    zone = Zone("uploads", S3Bucket(bucket), lambda _: Reading(ANYBODYS, "user_id"), lambda *said: told.append(said[2]))
    tally = objects.erased(zone, sought)

    left = s3.list_object_versions(Bucket=bucket)
    bodies = {(each["Key"], s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read())
              for each in left["Versions"]}  # fmt: skip
    assert bodies == {("usage/a", HIS), ("usage/c", HIS)}
    assert [each["Key"] for each in left["DeleteMarkers"]] == ["usage/c"]
    assert (tally.objects, tally.versions) == (1, 2)
    head = s3.head_object(Bucket=bucket, Key="usage/a")
    assert (head["ContentType"], [head["ETag"].strip('"')]) == ("application/x-ndjson", told)
    assert head["Metadata"] == {WAS: hashlib.md5(HERS + HIS).hexdigest()}


def test_the_register_keeps_tokens_by_receipt_and_requests_as_they_are(state: str) -> None:
    held = DynamoRegister(state)
    request = Request("r1", "2026-11-02T09:00:00+00:00", models={"b": 2}).found("state", {"items": 1})
    held.save(request)
    held.suppress("r1", ["a" * 64, "b" * 64])
    held.suppress("r2", ["c" * 64])

    assert held.requests() == [request]
    assert held.tokens() == {"a" * 64: "r1", "b" * 64: "r1", "c" * 64: "r2"}
    assert (held.lift("r1"), held.tokens()) == (2, {"c" * 64: "r2"})
    held.save(Request("r1", request.opened_at, CLOSED))
    assert [each.status for each in held.requests()] == [CLOSED]


def test_a_table_that_has_lost_an_erasure_gets_it_back_from_the_bucket(state: str, bucket: str) -> None:
    lost, artifacts = DynamoRegister(state), S3Store(bucket)
    kept = MemoryRegister()
    kept.suppress("r1", ["a" * 64, "b" * 64])
    kept.save(Request("r1", "2026-11-02T09:00:00+00:00", CLOSED).found("state", {"items": 1}))
    register.copy(kept, artifacts, RING.every)

    with pytest.raises(StateLost):
        register.copy(lost, artifacts, RING.every)
    assert [register.put_back(lost, artifacts) for _ in range(2)] == [1, 0]

    assert (lost.tokens(), lost.requests()) == (kept.tokens(), kept.requests())


def test_hints_of_the_person_go_from_the_state_table(state: str, sought: Sought) -> None:
    sought.learn_record("crm/contacts", "7")
    for record in ("7", "8"):
        item = {"pk": {"S": "hints#crm#contacts"}, "sk": {"S": record}, "events": {"S": '["e"]'}}
        boto3.client("dynamodb").put_item(TableName=state, Item=item)

    assert items.state(DynamoTable(state, ("pk", "sk")), sought) == 1
    assert [each["sk"]["S"] for each in boto3.client("dynamodb").scan(TableName=state)["Items"]] == ["8"]


def test_a_message_that_names_the_person_goes_and_the_others_can_be_read_at_once(
    aws_runtime: Runtime, sought: Sought
) -> None:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="erasure")["QueueUrl"]
    for n in range(25):
        sqs.send_message(
            QueueUrl=queue, MessageBody=f'{{"n": {n}, "key": "usage/{"u-000012" if n % 5 == 0 else n}/a.gz"}}'
        )

    assert items.drained(queue, sought, dry=True) == 5
    assert items.drained(queue, sought) == 5
    left = [
        m for _ in range(9) for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]
    assert len({each["MessageId"] for each in left}) == 20


@pytest.fixture
def machine(aws_runtime: Runtime) -> Iterator[str]:
    """A state machine that waits, in place of `Nightly`."""
    waits = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    with environment({"HOLDFAST_CONFIG_PATH": "holdfast.toml"}):
        arn = boto3.client("stepfunctions").create_state_machine(
            name="erasure", definition=json.dumps(waits), roleArn="arn:aws:iam::000000000000:role/any"
        )["stateMachineArn"]
        with environment({"HOLDFAST_STATE_MACHINE": arn}):
            yield arn


def test_a_policy_of_now_starts_a_run_that_says_why_and_while_it_goes_on_nothing_is_erased(machine: str) -> None:
    done = {"next": "done", "models": {"b": 1}}

    assert house._run_under_way() == ""
    assert "run" not in forget._retrained(done | {"retrain": "next-night"})
    answer = forget._retrained(done | {"retrain": "now"})

    (execution,) = boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert execution["name"] == answer["run"] == house._run_under_way()
    said = boto3.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(said["input"]) == {"reason": "forgotten"}
    boto3.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])


def test_an_archived_object_stops_the_erasure_and_says_what_to_do(bucket: str, sought: Sought) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key="usage/a", Body=HERS, StorageClass="GLACIER")
    zone = Zone("uploads", S3Bucket(bucket), lambda _: Reading(ANYBODYS, "user_id"))

    with pytest.raises(ErasureUnfinished, match=f"an object in {bucket} is archived .* restore what is archived there"):
        objects.erased(zone, sought)
