"""Calibration of the churn model."""

import numpy as np

from holdfast.predictors import Isotonic, Sigmoid
from train.churn import fit_calibrator, fit_sigmoid


def margins(rows: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return draw.normal(size=rows), draw.random(rows)


def test_a_sigmoid_finds_the_slope_and_shift_that_made_the_outcomes() -> None:
    margin, chance = margins(20_000)

    sigmoid = fit_sigmoid(margin, chance < Sigmoid(1.5, -0.7)(margin))

    np.testing.assert_allclose([sigmoid.slope, sigmoid.intercept], [1.5, -0.7], atol=0.06)


def test_margins_that_tell_nothing_give_everybody_the_base_rate() -> None:
    margin, chance = margins(2_000)

    probability = fit_sigmoid(-margin, chance < Sigmoid(2.0, 0.0)(margin))(margin)

    np.testing.assert_allclose(probability, probability.mean(), atol=0.01)


def test_few_churners_are_calibrated_by_a_sigmoid() -> None:
    margin, chance = margins(1_500)

    assert isinstance(fit_calibrator(margin, chance < 0.5, 7), Sigmoid)


def test_many_churners_with_a_kink_are_calibrated_by_isotonic_regression() -> None:
    margin, chance = margins(20_000)
    churned = chance < np.where(margin > 0.5, 0.9, 0.1)

    calibrator = fit_calibrator(margin, churned, 7)

    assert isinstance(calibrator, Isotonic)
    assert np.all(np.diff(calibrator(np.linspace(-5, 5, 200))) >= 0)
