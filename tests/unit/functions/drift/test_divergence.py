"""How far columns have moved."""

import numpy as np
import pytest

from drift.divergence import CALIBRATION, OUTCOME, PREDICTION, Outcomes, Shift, shifts
from holdfast.distribution import described

ROWS = 8000


def column(seed: int, moved: float = 0.0, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(seed).normal(moved, 1, rows)


def reference(level: float = 0.0) -> dict:
    said = np.random.default_rng(5).beta(1, 9, ROWS)
    return {
        "rows": ROWS,
        "features": {"visits": described(column(0)) | {"level": level}},
        "prediction": described(said) | {"level": 0.0},
        "outcome": described((said > 0.2).astype(float)) | {"level": 0.0},
    }


def visits(values: np.ndarray, level: float = 0.0) -> Shift:
    return next(s for s in shifts({"visits": values}, reference(level), None) if s.name == "visits")


def said_now() -> dict[str, np.ndarray]:
    return {PREDICTION: np.random.default_rng(6).beta(1, 9, ROWS)}


def test_the_effect_is_in_standard_deviations() -> None:
    assert visits(column(1, moved=0.5)).effect == pytest.approx(0.5, abs=0.05)
    assert np.mean([visits(column(n, moved=0.1)).effect for n in range(1, 30)]) == pytest.approx(0.1, abs=0.02)
    assert np.mean([visits(column(n)).effect for n in range(1, 30)]) < 0.03


def test_of_the_effect_what_the_baseline_moves_by_itself_is_taken_off() -> None:
    moved = visits(column(1, moved=0.5), level=0.3**2 / 2)

    assert moved.effect == pytest.approx(0.2, abs=0.05)
    assert moved.level > 0.3**2 / 2


def test_chance_is_even_between_samples_of_one_distribution() -> None:
    held = reference()
    chances = []
    for seed in range(1, 300):
        fresh = held | {"features": {"visits": described(column(1000 + seed))}}
        chances += [s.chance for s in shifts({"visits": column(seed)}, fresh, None) if s.name == "visits"]

    assert np.quantile(chances, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.1)


def test_what_moved_comes_first_with_its_means_and_its_gaps() -> None:
    values = column(1, moved=0.8)
    values[:800] = np.nan

    first = shifts({"visits": values} | said_now(), reference(), None)[0]

    assert (first.name, first.missing_before) == ("visits", 0.0)
    assert (first.before, first.now) == (pytest.approx(0, abs=0.1), pytest.approx(0.8, abs=0.1))
    assert first.missing_now == pytest.approx(0.1)


def test_a_column_that_is_not_there_any_more_is_all_missing() -> None:
    gone = next(s for s in shifts(said_now(), reference(), None) if s.name == "visits")

    assert (gone.now, gone.missing_now) == (None, 1.0)
    assert gone.effect > 1


def test_a_column_that_the_reference_does_not_know_is_left_out() -> None:
    assert "new" not in {s.name for s in shifts({"new": np.ones(ROWS)}, reference(), None)}


@pytest.mark.parametrize(("factor", "off"), [(1.0, False), (2.0, True)])
def test_what_was_said_is_held_to_what_happened(factor: float, off: bool) -> None:
    draw = np.random.default_rng(8)
    said = draw.beta(1, 9, ROWS)
    happened = draw.random(ROWS) < factor * said

    found = {s.name: s for s in shifts(said_now(), reference(), Outcomes(happened, said))}

    assert (found[CALIBRATION].chance < 1e-6) == off
    assert found[CALIBRATION].now == pytest.approx(happened.mean())
    assert OUTCOME in found


def test_before_anything_was_said_of_them_only_the_share_of_leavers_is_compared() -> None:
    names = {s.name for s in shifts(said_now(), reference(), Outcomes(np.zeros(ROWS, bool), None))}

    assert OUTCOME in names
    assert CALIBRATION not in names


def test_a_reference_from_before_there_were_levels_is_read() -> None:
    old = {"rows": ROWS, "features": {"visits": described(column(0))}, "prediction": described(column(2))}

    assert len(shifts({"visits": column(1)}, old, Outcomes(np.ones(ROWS, bool), column(3)))) == 3
