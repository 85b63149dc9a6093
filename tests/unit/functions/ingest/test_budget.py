"""The shared allowance: never more than the source permits, in any window, whoever asks."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.ledger import MemoryLedger
from ingest.budget import Budget


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(2, 150), st.integers(1, 4), st.lists(st.floats(0, 0.4), min_size=1, max_size=20))
def test_no_window_holds_more_than_the_limit_over_all_functions(limit, functions, pauses):
    ledger, times = MemoryLedger(), [Time() for _ in range(functions)]
    budgets = [Budget(ledger, "crm", {"general": (limit, 10.0)}, time.clock, time.sleep) for time in times]
    sent = []
    for number in range(limit * 2):
        nearest = min(range(functions), key=lambda one: times[one].now)
        budgets[nearest].take("general")
        sent.append(times[nearest].now)
        times[nearest].now += pauses[number % len(pauses)] / 10
    sent.sort()

    assert all(sent[n + limit] - sent[n] > 10.0 - 0.5 - 1e-6 for n in range(len(sent) - limit))


def test_a_bucket_without_a_limit_is_not_slowed():
    time = Time()

    Budget(MemoryLedger(), "desk", {}, time.clock, time.sleep).take("general")

    assert time.now == 1_000.0
