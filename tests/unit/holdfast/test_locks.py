"""A lock is one writer's; a dead one's runs out, and a writer that was held up too long notices before it commits."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from holdfast.errors import StorageUnavailable, TableBusy
from holdfast.ledger import MemoryLedger
from holdfast.locks import Locks, Terms


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def locks(ledger: MemoryLedger, clock: Clock, who: str) -> Locks:
    return Locks(ledger, who, Terms(lease=60, patience=150, pause=1), clock, clock.sleep)


def test_a_second_writer_waits_until_the_first_is_done(clock):
    ledger = MemoryLedger()
    first = locks(ledger, clock, "first").hold("events")
    first.__enter__()
    waiting = Locks(ledger, "second", Terms(pause=0), clock, lambda _: first.__exit__(None, None, None))

    with waiting.hold("events") as held:
        assert ledger.locks["events"][0].startswith("second#")
        held.check()
    assert not ledger.locks


def test_a_lock_that_is_not_given_back_within_patience_is_told(clock):
    ledger = MemoryLedger()
    ledger.lock("events", "other", clock(), clock() + 10_000)

    with (
        pytest.raises(TableBusy, match="events is being written by another run"),
        locks(ledger, clock, "me").hold("events"),
    ):
        pass

    assert sum(clock.slept) >= 150
    assert ledger.locks["events"][0] == "other"


def test_a_dead_holders_lock_is_taken_over_when_its_lease_is_out(clock):
    ledger = MemoryLedger()
    ledger.lock("events", "dead", clock(), clock() + 60)

    with locks(ledger, clock, "me").hold("events"):
        assert 60 <= sum(clock.slept) <= 62


def test_a_writer_that_was_held_up_and_overtaken_may_not_commit(clock):
    ledger = MemoryLedger()
    with locks(ledger, clock, "slow").hold("events") as held:
        clock.now += 100
        with locks(ledger, clock, "quick").hold("events"):
            pass
        with pytest.raises(TableBusy, match="taken over"):
            held.check()


def test_a_writer_that_was_held_up_and_not_overtaken_goes_on(clock):
    ledger = MemoryLedger()
    with locks(ledger, clock, "slow").hold("events") as held:
        clock.now += 100
        held.check()
        assert ledger.locks["events"][1] == clock() + 60


def test_a_lease_is_renewed_while_its_holder_works(clock):
    renewed = Event()
    ledger = watching(MemoryLedger(), renewed.set)

    with Locks(ledger, "me", Terms(lease=0.03), clock, clock.sleep).hold("events"):
        assert renewed.wait(10)


def test_a_ledger_that_does_not_answer_once_costs_nothing(clock):
    tries: list[int] = []
    again = Event()

    def fails_first() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StorageUnavailable("throttled")
        again.set()

    with Locks(watching(MemoryLedger(), fails_first), "me", Terms(lease=0.03), clock, clock.sleep).hold(
        "events"
    ) as held:
        assert again.wait(10)
        held.check()


def test_many_writers_come_one_after_the_other():
    ledger, inside, most = MemoryLedger(), [], []

    def write() -> None:
        with Locks(ledger, terms=Terms(pause=0.001)).hold("events"):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    writers = [Thread(target=write) for _ in range(8)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert most == [1] * 8


def watching(ledger: MemoryLedger, called: Callable[[], None]) -> MemoryLedger:
    """A ledger that says when a lock is renewed."""
    renew = ledger.renew

    def told(name: str, owner: str, until: float) -> bool:
        called()
        return renew(name, owner, until)

    ledger.renew = told
    return ledger
