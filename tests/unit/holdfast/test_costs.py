"""What a run costs is what it used, priced by the one table."""

import pytest

from holdfast.costs import by_state, cost_of, prices, transitions_of
from holdfast.usage import Used

INGEST = Used("Ingest", seconds=100.0, gigabytes=2.0, puts=1000, bytes=10**9)
TRAIN = Used("Train", seconds=3600.0, gigabytes=16.0, vcpu=4.0)


def test_a_function_is_paid_by_memory_and_time_and_by_call() -> None:
    cost = cost_of([Used("Plan", 100.0, 2.0)] * 2, 0)

    assert cost.functions == pytest.approx(2 * (200 * 0.0000133334 + 0.0000002))
    assert cost.total == cost.functions


def test_a_container_is_paid_by_processors_and_memory_and_on_a_spot_machine_less() -> None:
    hour = 4 * 0.03238 + 16 * 0.00356

    assert cost_of([TRAIN], 0).containers == pytest.approx(hour)
    spot = Used("Train", 3600.0, 16.0, 4.0, spot=True)
    assert cost_of([spot], 0).containers == pytest.approx(hour * prices().containers.spot)


def test_a_container_is_paid_for_a_minute_at_least() -> None:
    minute, second = (cost_of([Used("Train", seconds, 16.0, 4.0)], 0).containers for seconds in (60.0, 1.0))

    assert second == minute


def test_what_is_written_and_where_the_run_went_is_paid_too() -> None:
    cost = cost_of([INGEST, Used("ScoreAll", 0.0, 0.0, writes=1_000_000)], 4000)

    assert cost.objects == pytest.approx(1000 * 0.000005 + 0.023)
    assert cost.items == pytest.approx(0.625)
    assert cost.transitions == pytest.approx(0.1)


def test_transitions_are_states_entered_the_start_and_what_a_distributed_map_or_a_retry_did() -> None:
    entered = ["Resume", "Plan", "Ingest", "Ingest", "Train"]
    used = [Used("Plan", 1, 1), *[Used("Ingest", 1, 1)] * 5, Used("Train", 1, 1), TRAIN]

    assert transitions_of(entered, used) == 5 + 1 + 2 * 3


def test_states_are_told_the_dearest_first() -> None:
    plans = [Used("Plan", 1.0, 1.0, peak=peak, cpu=1.5 * peak) for peak in (0.5, 0.25)]
    told = by_state([*plans, INGEST, INGEST, TRAIN])

    assert list(told) == ["Train job", "Ingest", "Plan"]
    assert (told["Plan"]["gigabytes"], told["Plan"]["peak"]) == (1.0, 0.5)
    assert (told["Plan"]["cpu"], told["Plan"]["longest"]) == (1.1, 0.8)
    assert (told["Ingest"]["times"], told["Ingest"]["seconds"], told["Ingest"]["gigabyte_seconds"]) == (2, 200.0, 400.0)
