"""Measures against scikit-learn and against counting by hand."""

import numpy as np
import pytest
from sklearn import metrics

from train.evaluation import (
    auc,
    auc_gain,
    auc_interval,
    average_precision,
    best_single_feature,
    brier,
    calibration,
    calibration_error,
    held_by_top,
    lift,
    log_loss,
    thresholds,
    value_metrics,
)


@pytest.fixture(params=[1, 2, 3])
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(request.param)
    score = draw.random(500).round(2)
    return draw.random(500) < score, score


def test_measures_equal_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    churned, score = scored

    assert auc(churned, score) == pytest.approx(metrics.roc_auc_score(churned, score))
    assert average_precision(churned, score) == pytest.approx(metrics.average_precision_score(churned, score))
    assert brier(churned, score) == pytest.approx(metrics.brier_score_loss(churned, score))
    assert log_loss(churned, np.clip(score, 0.01, 0.99)) == pytest.approx(
        metrics.log_loss(churned, np.clip(score, 0.01, 0.99))
    )


def test_the_interval_of_auc_is_as_wide_as_the_bootstrap_says(scored: tuple[np.ndarray, np.ndarray]) -> None:
    churned, score = scored
    draw = np.random.default_rng(0)
    samples = [draw.integers(0, len(score), len(score)) for _ in range(400)]

    area, low, high = auc_interval(churned, score)

    spread = float(np.std([auc(churned[sample], score[sample]) for sample in samples]))
    assert low < area < high
    assert (high - low) / 2 == pytest.approx(1.96 * spread, rel=0.2)


def test_the_gain_between_two_scores_is_as_sure_as_the_bootstrap_says(scored: tuple[np.ndarray, np.ndarray]) -> None:
    churned, score = scored
    draw = np.random.default_rng(0)
    other = np.clip(score + draw.normal(0, 0.2, len(score)), 0, 1)
    gains = []
    for _ in range(400):
        sample = draw.integers(0, len(score), len(score))
        gains.append(auc(churned[sample], score[sample]) - auc(churned[sample], other[sample]))

    gain, low, high = auc_gain(churned, score, other, 0.95)

    assert gain == pytest.approx(auc(churned, score) - auc(churned, other))
    assert gain - low == pytest.approx(1.645 * float(np.std(gains)), rel=0.2)
    assert high - gain == pytest.approx(gain - low)
    assert auc_gain(churned, score, score) == (0, 0, 0)


def test_auc_of_one_class_is_not_a_number() -> None:
    assert np.isnan(auc(np.array([True, True]), np.array([0.1, 0.2])))
    assert np.isnan(auc_interval(np.array([False, False]), np.array([0.1, 0.2]))).all()


def test_the_top_fifth_of_ten_customers_is_two_of_them() -> None:
    churned = np.array([True, True, False, True, False, False, False, False, False, True])
    score = np.linspace(1, 0.1, 10)

    assert held_by_top(churned, score, 0.2) == 0.5
    assert lift(churned, score, 0.2) == pytest.approx(2.5)


def test_each_threshold_says_who_is_above_and_what_churn_they_hold() -> None:
    table = thresholds(np.array([True, False, True, False]), np.array([0.9, 0.6, 0.2, 0.1]), 0.33)

    row = next(row for row in table if row["threshold"] == 0.33)
    assert (row["share_of_customers"], row["share_of_churn"]) == (0.5, 0.5)


def test_honest_probabilities_have_a_small_calibration_error_and_shifted_ones_their_shift() -> None:
    draw = np.random.default_rng(0)
    probability = draw.random(20_000) * 0.8
    churned = draw.random(20_000) < probability

    assert calibration_error(calibration(churned, probability)) < 0.015
    assert calibration_error(calibration(churned, probability + 0.2)) == pytest.approx(0.2, abs=0.015)


def test_the_best_single_feature_is_found_whichever_way_it_points() -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(400, 3)).astype(np.float32)
    churned = rows[:, 1] < -0.3

    assert best_single_feature(rows, churned, rows, churned) == (1, pytest.approx(1.0))


def test_value_is_measured_beside_the_mean_and_beside_nothing() -> None:
    found = value_metrics(np.array([0.0, 10.0]), np.array([1.0, 7.0]), 4.0)

    assert (found["mae"], found["mae_of_mean"], found["mae_of_zero"]) == (2.0, 5.0, 5.0)
    assert (found["total_actual"], found["total_predicted"], found["correlation"]) == (10.0, 8.0, pytest.approx(1.0))
