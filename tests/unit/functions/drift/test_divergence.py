"""The rule of drift."""

import numpy as np
import pytest

from drift.alert import alert
from drift.divergence import Finding, Shift, kl_divergence, sampling_level, shifts
from holdfast.distribution import described


def columns(rows: int, seed: int, shift: float = 0.0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    made = {f"f{number}": draw.normal(size=rows) for number in range(40)}
    return made | {
        "moved": draw.normal(shift, 1, rows),
        "gappy": np.where(draw.random(rows) < 0.2 + shift / 2, np.nan, draw.normal(size=rows)),
    }


def reference(rows: int = 3000) -> dict[str, dict[str, object]]:
    return {name: described(values) for name, values in columns(rows, seed=0).items()}


@pytest.mark.parametrize("rows", [200, 1000, 20_000])
@pytest.mark.parametrize("seed", range(1, 6))
def test_another_sample_of_the_same_customers_is_never_far_apart(rows: int, seed: int) -> None:
    found = shifts(columns(rows, seed), reference(), 3000)

    assert len(found) == 42
    assert max(shift.divergence for shift in found) < 0.02


def test_what_moved_comes_first_with_its_means() -> None:
    found = shifts(columns(2000, seed=1, shift=0.8), reference(), 3000)

    assert {shift.name for shift in found if shift.divergence > 0.05} == {"moved", "gappy"}
    moved = next(shift for shift in found if shift.name == "moved")
    assert moved.before == pytest.approx(0, abs=0.1)
    assert moved.now == pytest.approx(0.8, abs=0.1)


def test_the_distance_of_a_distribution_from_itself_is_nought_and_grows_with_the_shift() -> None:
    held, some, more = [0.5, 0.5], [0.6, 0.4], [0.9, 0.1]

    distances = [kl_divergence(now, held, 10_000, 10_000) for now in (held, some, more)]

    assert distances[0] == pytest.approx(0)
    assert distances[1] == pytest.approx(0.6 * np.log(1.2) + 0.4 * np.log(0.8), abs=1e-3)
    assert distances == sorted(distances)


def test_an_empty_bin_is_unlikely_and_not_impossible() -> None:
    assert np.isfinite(kl_divergence([0.5, 0.5], [1.0, 0.0], 1000, 1000))


def test_the_sampling_level_is_where_chance_ends() -> None:
    draw = np.random.default_rng(0)
    chance = [
        kl_divergence(*(draw.multinomial(500, [0.1] * 10) / 500 for _ in range(2)), 500, 500) for _ in range(2000)
    ]

    assert np.mean(np.array(chance) > sampling_level(10, 500, 500, 1)) == pytest.approx(0.05, abs=0.02)


def test_a_column_that_the_reference_does_not_know_is_left_out() -> None:
    assert shifts({"new": np.ones(10)}, {}, 100) == []


def test_an_alert_names_features_in_plain_words_with_before_and_now() -> None:
    finding = Finding(
        [Shift("days_since_last_login", 0.21, 3.2, 9.75), Shift("x", 0.1, None, 1.0)], 5000, "drift/2026-06-01.html"
    )

    told = alert("höldfast", finding, {"days_since_last_login": "Days since the last login"}, 0.05)

    assert "- Days since the last login: mean 3.2 before, 9.75 now (shift 0.210)" in told.text
    assert "- x: mean unknown before, 1 now" in told.text
    assert told.subject.isascii()
    assert len(told.subject) <= 100


def test_an_event_stays_small_however_much_has_drifted() -> None:
    finding = Finding([Shift(f"feature_{number}" * 5, 0.5, 1.0, 2.0) for number in range(5000)], 5000, "drift/x.html")

    assert finding.detail()["count"] == 5000
    assert len(str(finding.detail())) < 8_000
