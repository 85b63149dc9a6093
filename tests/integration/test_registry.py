"""The champion's pointer in DynamoDB: what is put back is what was noted, history and pin too."""

import uuid

import boto3
import pytest

from holdfast.registry import Champion, DynamoRegistry
from tests.integration.conftest import Runtime

NOW = "2026-06-01T03:00:00+00:00"


@pytest.fixture
def registry(aws_runtime: Runtime) -> DynamoRegistry:
    name = f"state-{uuid.uuid4().hex[:8]}"
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")],
    )
    return DynamoRegistry(name)


def test_who_served_serves_again_and_the_pointer_moves_on_from_there(registry: DynamoRegistry) -> None:
    before = Champion("b", "run", NOW, ("a",), "fs")

    assert registry.put_back(before)
    assert registry.champion() == before
    registry.promote("c", "run", NOW, before)
    assert registry.champion() == Champion("c", "run", NOW, ("a", "b"), "fs")


def test_nobody_who_serves_is_replaced(registry: DynamoRegistry) -> None:
    registry.promote("a", "run", NOW, None)

    assert not registry.put_back(Champion("b", "run", NOW))
    assert registry.champion() == Champion("a", "run", NOW)
