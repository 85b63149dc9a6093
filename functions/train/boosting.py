"""XGBoost as every fit here uses it: bins, threads, and how it stops."""

from collections.abc import Sequence
from typing import Any

import xgboost as xgb

from holdfast.settings import Training
from train.examples import Examples

THREADS = 2
"""Fixed, because sums over another number of threads differ in the last bits, and with them the bundle's version."""
BINS = 64
"""A quarter of XGBoost's default: no worse on our trials and twice as fast."""
FEWEST_TREES = 10
_PATIENCE = 30
_JUDGE, _LOSS = "judge", "logloss"


def binned(examples: Examples, like: xgb.DMatrix | None = None) -> xgb.QuantileDMatrix:
    """Rows as histograms read them, in bins of their own or in those of another matrix: finding bins is a third of the work."""
    return xgb.QuantileDMatrix(examples.rows, examples.churned, nthread=THREADS, max_bin=BINS, ref=like)


def configured(training: Training) -> dict[str, Any]:
    """The hyperparameters that `training` says or leaves as they are."""
    return {
        "max_depth": training.depth, "learning_rate": training.learning_rate, "subsample": 0.8, "colsample_bytree": 0.4,
        "min_child_weight": 5, "reg_lambda": 5,
    }  # fmt: skip


def fit(
    data: xgb.DMatrix, hyperparameters: dict[str, Any], seed: int, trees: int,
    judge: xgb.DMatrix | None = None, callbacks: Sequence[xgb.callback.TrainingCallback] = (),
) -> xgb.Booster:  # fmt: skip
    """At most so many trees; with a `judge`, until its log loss has not fallen for a while."""
    return xgb.train(
        {
            "objective": "binary:logistic", "eval_metric": _LOSS, "tree_method": "hist", "max_bin": BINS,
            "seed": seed, "nthread": THREADS, **hyperparameters,
        },
        data,
        trees,
        evals=[(judge, _JUDGE)] if judge else [],
        early_stopping_rounds=_PATIENCE if judge else None,
        verbose_eval=False,
        callbacks=list(callbacks),
    )  # fmt: skip


def judged_loss(history: dict[str, Any]) -> float:
    """The judge's newest log loss, of what XGBoost tells its callbacks."""
    return float(history[_JUDGE][_LOSS][-1])


def best_count(booster: xgb.Booster) -> int:
    """With how many trees the judge's log loss was lowest; never hardly any."""
    return min(max(booster.best_iteration + 1, FEWEST_TREES), booster.num_boosted_rounds())
