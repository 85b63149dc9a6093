"""Which of thousands of features the models read: those that a first, quick model of the training rows gained most from."""

from typing import Any

import numpy as np
import xgboost as xgb

from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles
from train.boosting import THREADS
from train.examples import Examples, evenly

_ROUNDS = 60
_BINS = 32
_MOST_ROWS = 50_000
"""So many rows, spread evenly, tell which features help."""
_SHARED = "company"
_DISCOUNT = 0.1
"""What a gain by a feature of the whole company counts: there are as many of these as of all others, few customers share one, and
so they find more by chance. Counted in full they made the models worse on later customers."""


def select(train: Examples, feature_set: FeatureSet, most: int, seed: int, currency: str = "") -> FeatureSet:
    """At most so many of the features, chosen by training examples alone; those left out have the reason beside them.

    A customer's own money, in the value's currency, comes first: a model of churn hardly asks for it, the value model does.
    """
    if len(feature_set.names) <= most:
        return feature_set
    worth = _gains(train, seed) * np.array([_DISCOUNT if f.group == _SHARED else 1.0 for f in feature_set.features])
    money = np.array([f.unit == currency != "" and f.group != _SHARED for f in feature_set.features])
    strongest = np.lexsort((-worth, ~money))[:most]
    why = f"not among the {most} features that a first model of the training rows gained most from"
    return feature_set.chosen({feature_set.names[j] for j in strongest}, why)


def narrowed(examples: Examples, whole: FeatureSet, chosen: FeatureSet) -> Examples:
    """The examples with the chosen columns only."""
    if chosen is whole:
        return examples
    position = {name: j for j, name in enumerate(whole.names)}
    return examples.with_columns([position[name] for name in chosen.names])


def _gains(train: Examples, seed: int) -> Doubles:
    """What each feature [features] added to the model."""
    some = train.where(evenly(len(train), _MOST_ROWS))
    data = xgb.QuantileDMatrix(some.rows, some.churned, nthread=THREADS, max_bin=_BINS)
    booster = xgb.train(_parameters(seed), data, _ROUNDS)
    gains = np.zeros(train.rows.shape[1])
    for name, gain in booster.get_score(importance_type="total_gain").items():
        gains[int(name.removeprefix("f"))] = gain
    return gains


def _parameters(seed: int) -> dict[str, Any]:
    return {
        "objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "learning_rate": 0.1, "subsample": 0.5,
        "colsample_bytree": 0.2, "min_child_weight": 5, "reg_lambda": 5, "max_bin": _BINS, "seed": seed, "nthread": THREADS,
    }  # fmt: skip
