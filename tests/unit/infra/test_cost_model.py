"""A month's price is what was measured times what there is, by the prices of the runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.costs import prices
from holdfast.settings import load_settings
from infra import cost_model
from infra.catalogue import FUNCTIONS
from infra.cost_model import Volume, expected, month, night, too_long
from infra.packaging import ROOT
from infra.starts import DAYS

SETTINGS = load_settings(ROOT / "holdfast.toml")
VOLUME = Volume(customers=1000, events=10_000, days=50, calls=1_000_000)
MEASURED = """
[machine]
transitions = { night = 100, event = 0.001 }
[logs]
bytes = { night = 1e6, customer = 1e3 }
[storage]
landing = { event = 100 }
quarantine = {}
lake = { night = 1e6 }
artifacts = { night = 2e6 }
[call]
seconds = 0.1
log_bytes = 1000
[metrics]
Features = 4
Forget = 2
Api = 1
[states.Features]
times = { night = 1 }
seconds = { night = 10, customer = 0.01, held = 1e-5 }
bytes = { night = 1e9 }
[states.Ingest]
times = { night = 5, event = 0.0005 }
seconds = { event = 0.001 }
puts = { night = 20 }
[states.Transform]
times = { night = 1 }
bytes = { night = 2e6, event = 20 }
[states.Forget]
times = { night = 1 }
seconds = { night = 2 }
[states.ScoreAll]
times = { night = 1 }
writes = { customer = 1.5 }
[states."Train job"]
times = { night = 1 }
seconds = { night = 360 }
"""


@pytest.fixture(autouse=True)
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "cost_model.toml"
    path.write_text(MEASURED)
    monkeypatch.setattr(cost_model, "PATH", path)
    cost_model.model.cache_clear()
    yield
    cost_model.model.cache_clear()


def test_a_state_uses_a_fixed_part_and_so_much_by_customer_by_event_and_by_event_held() -> None:
    (used,) = expected("Features", VOLUME)

    assert used.seconds == pytest.approx(10 + 10 + 5)
    assert used.gigabytes == FUNCTIONS["Features"].memory_mb / 1024


def test_a_state_that_works_in_batches_is_called_as_often_and_the_sum_is_the_same() -> None:
    used = expected("Ingest", VOLUME)

    assert len(used) == 10
    assert sum(each.seconds for each in used) == pytest.approx(10)
    assert sum(each.puts for each in used) == 20


def test_a_night_is_its_states_and_their_transitions_and_not_what_runs_beside_it() -> None:
    price, features, ingest = prices(), FUNCTIONS["Features"].memory_mb / 1024, FUNCTIONS["Ingest"].memory_mb / 1024
    job = (4 * price.containers.vcpu_hour + 16 * price.containers.gigabyte_hour) / 10
    functions = (25 * features + 10 * ingest) * price.functions.gigabyte_second + 13 * price.functions.request
    objects = 20 * price.objects.put + 1.0022 * price.objects.gigabyte_month
    written = 1500 * price.items.write + 110 * price.machine.transition

    assert night(VOLUME) == pytest.approx(functions + objects + written + job * price.containers.spot)


def test_in_a_month_each_state_runs_as_often_as_its_schedule_says() -> None:
    states = month(VOLUME, SETTINGS)["states"]
    memory = FUNCTIONS["Forget"].memory_mb / 1024

    call = 2 * memory * prices().functions.gigabyte_second + prices().functions.request
    assert states["Forget"] == pytest.approx(DAYS * 24 * call)
    assert states["transitions"] == pytest.approx(DAYS * 110 * prices().machine.transition)


def test_what_is_deleted_after_some_days_is_paid_for_those_and_what_is_kept_for_all_days() -> None:
    price, kept = prices().objects.gigabyte_month / 1e9, cost_model.model()["kept_days"]
    renewed = SETTINGS.lake.keep_runs_days + 7 + kept["lake_deleted"]
    young, old = month(VOLUME, SETTINGS)["storage"], month(Volume(1000, 10_000, 400), SETTINGS)["storage"]

    assert young["landing"] == pytest.approx(kept["landing"] * 1e6 * price)
    assert old["landing"] == young["landing"]
    assert old["events in the lake"] == pytest.approx(400 * 200_000 * price)
    assert young["records in the lake, as of each night"] == pytest.approx(50 * 2e6 * price)
    assert old["matrices and scores, of each night"] == pytest.approx(renewed * 1e6 * price)
    assert old["artifacts"] == pytest.approx(8 * young["artifacts"])
    assert young["scores in DynamoDB"] == pytest.approx(1500 * 1024 / 1e9 * prices().items.gigabyte_month)


def test_calls_are_paid_each_and_nothing_where_there_are_none() -> None:
    calls, none = (month(each, SETTINGS)["calls"] for each in (VOLUME, Volume(1000, 10_000, 50)))

    assert calls["API Gateway"] == pytest.approx(3.5)
    assert calls["function"] == pytest.approx(1e6 * (0.1 * prices().functions.gigabyte_second + 2e-7))
    assert set(none.values()) == {0.0}


def test_metrics_are_paid_for_the_hours_in_which_they_are_told() -> None:
    hourly, nightly = 3 * 0.3, 4 * 0.3 / 24

    assert month(VOLUME, SETTINGS)["standing"]["metrics"] == pytest.approx(hourly + nightly)


def test_each_api_that_is_pulled_has_a_secret_and_each_that_notifies_another() -> None:
    fewer = SETTINGS.model_copy(update={"sources": {"usage": SETTINGS.sources["usage"]}})
    secrets = [month(VOLUME, each)["standing"]["secrets"] for each in (SETTINGS, fewer)]

    assert secrets == pytest.approx([5 * 0.4, 0.4])


def test_logs_are_paid_when_they_come_in_and_for_the_month_that_they_stay() -> None:
    assert month(VOLUME, SETTINGS)["logs"]["logs"] == pytest.approx(DAYS * 2e6 / 1e9 * 0.53)


def test_what_would_run_longer_than_its_function_may_is_known() -> None:
    large = Volume(customers=100_000, events=10_000, days=50)

    assert too_long(VOLUME) == {}
    assert too_long(large) == {"Features": pytest.approx(10 + 1000 + 5)}
