"""The champion's pointer in DynamoDB: what is put back is what was noted, history and pin too."""

import pytest

from holdfast.registry import Champion, DynamoRegistry
from tests.integration.conftest import Runtime
from tests.integration.dynamodb import new_table

NOW = "2026-06-01T03:00:00+00:00"


@pytest.fixture
def registry(aws_runtime: Runtime) -> DynamoRegistry:
    return DynamoRegistry(new_table())


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
