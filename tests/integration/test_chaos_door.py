"""The door of chaos, with the SDK on one side and the embedded runtime on the other."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pyarrow as pa
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from benchmarks.chaos_door import Asked, Door
from benchmarks.chaos_faults import REFUSALS, Befalling, Fault
from holdfast.errors import StorageUnavailable
from holdfast.lake import glue_lake
from holdfast.locks import Locks
from tests.integration.conftest import Runtime

ONE_TRY = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def door(aws_runtime: Runtime) -> Iterator[Door]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Door(port, urlsplit(aws_runtime.endpoint).port or 0, lambda _port: (os.getpid(), "Transform")) as opened:
        yield opened


@pytest.fixture
def through(door: Door) -> Callable[..., Any]:
    return lambda service, **more: boto3.client(service, "us-east-1", endpoint_url=door.url, **more)


def test_what_goes_through_comes_out_as_it_was(door: Door, through: Callable[..., Any]) -> None:
    s3, body = through("s3"), os.urandom(3 << 20)

    s3.create_bucket(Bucket="through")
    s3.put_object(Bucket="through", Key="large", Body=body)

    assert s3.get_object(Bucket="through", Key="large")["Body"].read() == body
    assert s3.head_object(Bucket="through", Key="large")["ContentLength"] == len(body)
    assert "through" in {each["Name"] for each in s3.list_buckets()["Buckets"]}
    assert door.counted() == {"Transform": 5, "s3": 5, "all": 5}
    assert not door.counted()


@pytest.mark.parametrize(("service", "ask", "code"), [
    ("s3", lambda each: each.list_buckets(), "SlowDown"),
    ("dynamodb", lambda each: each.list_tables(), "ProvisionedThroughputExceededException"),
    ("glue", lambda each: each.get_databases(), "ThrottlingException"),
    ("secretsmanager", lambda each: each.list_secrets(), "InternalServiceError"),
    ("states", lambda each: each.list_state_machines(), "ThrottlingException"),
])  # fmt: skip
def test_the_sdk_understands_how_a_service_refuses(
    door: Door, through: Callable[..., Any], service: str, ask: Callable[[Any], Any], code: str
) -> None:
    client = through("stepfunctions" if service == "states" else service, config=ONE_TRY)
    door.befall = Befalling((Fault("throttled", service),), {service: 1}, lambda: None)

    with pytest.raises(client.exceptions.ClientError, match=code):
        ask(client)

    assert ask(client)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert service in REFUSALS


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_that_is_cut_after_the_answer_has_done_what_was_asked(
    door: Door, through: Callable[..., Any], after: bool
) -> None:
    s3, bucket = through("s3", config=ONE_TRY), f"cut-{after}".lower()
    door.befall = Befalling((Fault("cut", "s3", after=after),), {"s3": 1}, lambda: None)

    with pytest.raises(ConnectionClosedError):
        s3.create_bucket(Bucket=bucket)

    assert (bucket in {each["Name"] for each in s3.list_buckets()["Buckets"]}) is after


def test_the_door_says_who_asks(door: Door, through: Callable[..., Any]) -> None:
    asked: list[Asked] = []
    door.befall = lambda each, _after: asked.append(each)

    through("sqs").list_queues()

    assert {(each.process, each.state, each.service) for each in asked} == {(os.getpid(), "Transform", "sqs")}


@pytest.mark.parametrize("kind", ["throttled", "cut"])
def test_a_table_whose_storage_is_not_to_be_had_is_worth_another_try(
    aws_runtime: Runtime, door: Door, through: Callable[..., Any], kind: str
) -> None:
    through("glue").create_database(DatabaseInput={"Name": kind})
    through("s3").create_bucket(Bucket=f"lake-{kind}")
    lake = glue_lake(kind, f"lake-{kind}", "us-east-1", Locks(), door.url)
    lake.append("numbers", pa.table({"n": [1, 2]}))

    for ask in (lambda: lake.read("numbers"), lambda: lake.append("numbers", pa.table({"n": [3]}))):
        door.befall = Befalling((Fault(kind, "s3", count=12),), {"s3": 1}, lambda: None)
        with pytest.raises(StorageUnavailable):
            ask()

    door.befall = lambda _asked, _after: None
    assert lake.read("numbers") == pa.table({"n": [1, 2]})
