"""Which of thousands of features the models read: those that first, quick models of the training rows used most."""

from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles
from train.churn import THREADS
from train.examples import Examples

_PARTS = 3
"""First models, each of its own share of the rows: what only one of them finds by chance weighs a third."""
_ROUNDS = 60
_BINS = 32


def select(train: Examples, feature_set: FeatureSet, most: int, seed: int) -> FeatureSet:
    """At most so many of the features, chosen by training examples alone; those left out have the reason beside them."""
    if len(feature_set.names) <= most:
        return feature_set
    gains = sum(_gains(train, part, seed) for part in range(_PARTS))
    strongest = np.argsort(-np.asarray(gains), kind="stable")[:most]
    why = f"not among the {most} features that first models of the training rows used most"
    return feature_set.chosen({feature_set.names[j] for j in strongest}, why)


def narrowed(examples: Examples, whole: FeatureSet, chosen: FeatureSet) -> Examples:
    """The examples with the chosen columns only."""
    if chosen is whole:
        return examples
    position = {name: j for j, name in enumerate(whole.names)}
    return examples.with_columns([position[name] for name in chosen.names])


def _gains(train: Examples, part: int, seed: int) -> Doubles:
    """What each feature [features] added to the model of every third row, as shares of all."""
    mine = _every(len(train), part)
    data = xgb.QuantileDMatrix(train.rows[mine], train.churned[mine], nthread=THREADS, max_bin=_BINS)
    booster = xgb.train(_parameters(seed + part), data, _ROUNDS)
    gains = np.zeros(train.rows.shape[1])
    for name, gain in booster.get_score(importance_type="total_gain").items():
        gains[int(name.removeprefix("f"))] = gain
    return np.asarray(gains / max(gains.sum(), 1e-12))


def _every(rows: int, part: int) -> NDArray[np.intp]:
    return np.arange(part, rows, _PARTS)


def _parameters(seed: int) -> dict[str, Any]:
    return {
        "objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "learning_rate": 0.1, "subsample": 0.5,
        "colsample_bytree": 0.2, "min_child_weight": 5, "reg_lambda": 5, "max_bin": _BINS, "seed": seed, "nthread": THREADS,
    }  # fmt: skip
