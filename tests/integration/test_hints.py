"""Hints in DynamoDB are what their twin in memory is."""

from collections.abc import Iterator

import boto3
import pytest

from holdfast.hints import CHANGED, EVENTS, GONE, MERGED, PRIVACY, DynamoHints, Hint, Hints, MemoryHints
from tests.integration.conftest import Runtime
from tests.integration.dynamodb import new_table


@pytest.fixture(params=["memory", "dynamodb"])
def hints(request: pytest.FixtureRequest, aws_runtime: Runtime) -> Iterator[Hints]:
    if request.param == "memory":
        yield MemoryHints()
        return
    yield DynamoHints(new_table())


def hint(object_id: str, at: int, kind: str = GONE, event: str = "e", received: int = 100) -> Hint:
    return Hint(object_id, at, kind, (event,), received)


def all_of(hints: Hints) -> list[Hint]:
    return hints.between("crm", "contacts", 0, 10**15, "", 100)


def test_a_repeated_notification_changes_nothing_and_another_one_is_put_together_with_it(hints: Hints) -> None:
    assert hints.take("crm", "contacts", hint("5", 10))
    assert not hints.take("crm", "contacts", hint("5", 10, received=900))
    assert hints.take("crm", "contacts", hint("5", 20, MERGED, "f", received=200))

    assert all_of(hints) == [Hint("5", 20, MERGED, ("e", "f"), 200)]


def test_an_older_one_makes_the_object_worth_another_question_and_takes_nothing_back(hints: Hints) -> None:
    hints.take("crm", "contacts", hint("5", 20, CHANGED))
    hints.take("crm", "contacts", hint("5", 10, GONE, "f", received=300))

    assert all_of(hints) == [Hint("5", 20, GONE, ("e", "f"), 300)]


def test_the_gravest_that_was_said_stays_said(hints: Hints) -> None:
    for number, (at, kind) in enumerate([(10, GONE), (10, CHANGED), (5, PRIVACY), (30, CHANGED)]):
        hints.take("crm", "contacts", hint("5", at, kind, str(number)))
    hints.take("crm", "contacts", hint("6", 10, GONE))
    hints.take("crm", "contacts", hint("6", 10, CHANGED, "f"))

    assert [(h.id, h.at, h.kind) for h in all_of(hints)] == [("5", 30, PRIVACY), ("6", 10, GONE)]
    assert [h.id for h in hints.private("crm", "contacts")] == ["5"]
    assert hints.private("crm", "deals") == []


def test_a_hint_remembers_the_last_notifications_only(hints: Hints) -> None:
    for number in range(EVENTS + 2):
        hints.take("crm", "contacts", hint("5", number, event=str(number)))

    assert all_of(hints)[0].events == tuple(str(number) for number in range(2, EVENTS + 2))


def test_those_of_a_window_come_by_id_from_where_the_last_ones_ended(hints: Hints) -> None:
    for each, at, received in [
        ("1", 5, 50),
        ("2", 5, 150),
        ("3", 5, 200),
        ("4", 120, 50),
        ("5", 5, 201),
        ("6", 5, 100),
    ]:
        hints.take("crm", "contacts", hint(each, at, received=received))
    hints.take("crm", "deals", hint("7", 5, received=150))
    hints.take("desk", "contacts", hint("8", 5, received=150))

    first = hints.between("crm", "contacts", 100, 200, "", 2)
    rest = hints.between("crm", "contacts", 100, 200, first[-1].id, 10)

    assert [h.id for h in (*first, *rest)] == ["2", "3", "4", "6"]


def test_hints_go_after_a_month_and_wishes_to_be_forgotten_stay(aws_runtime: Runtime) -> None:
    name = new_table()
    for number, kind in enumerate([GONE, PRIVACY]):
        DynamoHints(name).take("crm", "contacts", hint(str(number), 10, kind, received=1_000_000_000_000))

    items = boto3.client("dynamodb").scan(TableName=name)["Items"]

    assert {item["sk"]["S"]: item.get("expires") for item in items} == {"0": {"N": "1002592000"}, "1": None}
    assert {item["pk"]["S"] for item in items} == {"hints#crm#contacts"}
