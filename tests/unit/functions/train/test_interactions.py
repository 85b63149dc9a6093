"""Interactions against XGBoost's own."""

import numpy as np
import pytest
import xgboost as xgb

from tests.doubles.models import FEATURES
from train.interactions import interactions, strongest


@pytest.mark.parametrize("depth", [1, 2, 4, 6])
def test_every_pair_is_worth_what_xgboost_says(depth: int) -> None:
    draw = np.random.default_rng(depth)
    rows = draw.normal(size=(300, 6)).astype(np.float32)
    rows[draw.random(rows.shape) < 0.15] = np.nan
    label = np.nan_to_num(rows[:, 0]) * np.nan_to_num(rows[:, 1]) + draw.normal(size=300) > 0
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": depth, "nthread": 1}
    booster = xgb.train(parameters, xgb.DMatrix(rows, label), 12)

    found = interactions(bytes(booster.save_raw("json")), rows[:50], range(6))

    expected = booster.predict(xgb.DMatrix(rows[:50]), pred_interactions=True)
    for a in range(6):
        for b in range(a + 1, 6):
            np.testing.assert_allclose(found.get((a, b), 0.0) + np.zeros(50), 2 * expected[:, a, b], atol=1e-5)


def test_the_strongest_pairs_come_first_with_their_sentences() -> None:
    found = {(0, 1): np.array([0.1, -0.1]), (1, 2): np.array([0.5, -0.7]), (0, 3): np.array([0.0, 0.1])}

    first, second = strongest(found, FEATURES, 2)

    assert first["features"] == ["events_7d", "tickets_90d"]
    assert first["strength"] == 0.6
    assert second["sentences"] == ["Events in the last 30 days", "Events in the last 7 days"]
