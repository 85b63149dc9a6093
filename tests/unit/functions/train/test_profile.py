"""What a bundle remembers for drift."""

from collections.abc import Sequence

import numpy as np
import pytest

from holdfast.feature_set import Feature, FeatureSet
from train.examples import Examples
from train.profile import reference

SET = FeatureSet((Feature("visits", "Visits"),), {})
ROWS = 20_000


def at(day: str, moved: float, churn: float = 0.1) -> Examples:
    draw = np.random.default_rng(int(day[-2:]))
    return Examples(
        draw.normal(moved, 1, (ROWS, 1)).astype(np.float32), draw.random(ROWS) < churn, np.full(ROWS, np.nan),
        np.full(ROWS, np.datetime64(day)), np.full(ROWS, "any"),
    )  # fmt: skip


def joined(parts: Sequence[Examples]) -> Examples:
    names = ("rows", "churned", "value", "cutoff", "split")
    return Examples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def remembered(*moved: float) -> dict:
    train = joined([at(f"2026-01-{number:02}", each) for number, each in enumerate(moved, 1)])
    judged = at("2026-03-01", 0.0)
    return reference(judged, np.full(ROWS, 0.1), train, np.full(len(train), 0.1), SET)


def test_the_level_is_the_furthest_of_the_training_cutoffs_and_a_little_more_for_the_days_between() -> None:
    level = remembered(0.0, 0.3, 0.1)["features"]["visits"]["level"]

    assert np.sqrt(2 * level) == pytest.approx(0.3 * 4 / 3, abs=0.03)


def test_a_baseline_that_does_not_move_has_hardly_a_level() -> None:
    held = remembered(0.0, 0.0)

    assert held["features"]["visits"]["level"] < 0.001
    assert held["outcome"]["level"] < 0.001
    assert held["prediction"]["level"] == 0.0
    assert held["outcome"]["mean"] == pytest.approx(0.1, abs=0.01)


def test_folds_of_one_cutoff_have_no_level() -> None:
    judged = at("2026-03-01", 0.0)

    held = reference(judged, np.full(ROWS, 0.1), judged, np.full(ROWS, 0.1), SET)

    assert (held["features"]["visits"]["level"], held["prediction"]["level"]) == (0.0, 0.0)
