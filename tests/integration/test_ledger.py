"""The ledger in DynamoDB does what its twin in memory does."""

from collections.abc import Iterator

import pytest

from holdfast.ledger import CURSOR, DynamoLedger, Ledger, MemoryLedger
from tests.integration.conftest import Runtime
from tests.integration.dynamodb import new_table


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest, aws_runtime: Runtime) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    yield DynamoLedger(new_table())


def test_a_note_is_what_was_kept_last(ledger: Ledger) -> None:
    assert ledger.note("crm", "contacts", CURSOR) is None

    ledger.keep("crm", "contacts", CURSOR, {"cursor": 1})
    ledger.keep("crm", "contacts", CURSOR, {"cursor": 2})

    assert ledger.note("crm", "contacts", CURSOR) == {"cursor": 2}
    assert ledger.note("crm", "deals", CURSOR) is None


def test_turns_follow_each_other_and_none_is_earlier_than_asked_for(ledger: Ledger) -> None:
    turns = [ledger.reserve("crm", "search", 0.5, 100.0) for _ in range(3)] + [
        ledger.reserve("crm", "search", 1, 900.0)
    ]

    assert turns == [100.0, 100.5, 101.0, 900.0]
    assert ledger.reserve("crm", "general", 1, 5.0) == 5.0


def test_a_lock_is_held_by_one_until_it_is_given_back_or_runs_out(ledger: Ledger) -> None:
    assert ledger.lock("scroll", "a", 0.0, 10.0)
    assert ledger.lock("scroll", "a", 1.0, 10.0)
    assert not ledger.lock("scroll", "b", 5.0, 15.0)

    assert ledger.lock("scroll", "b", 11.0, 20.0)
    ledger.unlock("scroll", "a")
    assert not ledger.lock("scroll", "a", 12.0, 20.0)
    ledger.unlock("scroll", "b")
    assert ledger.lock("scroll", "a", 12.0, 20.0)


def test_a_lock_is_renewed_by_who_has_held_it_ever_since_and_by_nobody_else(ledger: Ledger) -> None:
    assert not ledger.renew("table#events", "a", 10.0)
    ledger.lock("table#events", "a", 0.0, 10.0)

    assert ledger.renew("table#events", "a", 30.0)
    assert not ledger.lock("table#events", "b", 20.0, 40.0)

    assert ledger.lock("table#events", "b", 31.0, 40.0)
    ledger.unlock("table#events", "b")
    assert not ledger.renew("table#events", "a", 50.0)


def test_holders_of_locks_are_listed(ledger: Ledger) -> None:
    if isinstance(ledger, DynamoLedger):
        ledger.lock("table#events", "Transform#1", 0.0, 10.0)

        assert ledger.holders() == {"table#events": ("Transform#1", 10.0)}
