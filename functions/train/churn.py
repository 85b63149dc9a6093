"""The churn model: boosted trees by XGBoost, as many as an inner judge wants, and their calibration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from holdfast.predictors import Calibrator, Doubles, Floats, Isotonic, Sigmoid
from holdfast.settings import Training
from train.evaluation import log_loss
from train.examples import Examples, evenly
from train.splits import fifth, folds_of, inner_holdout

THREADS = 2
"""Fixed, because sums over another number of threads differ in the last bits, and with them the bundle's version."""
_PATIENCE = 30
_BINS = 64
"""A quarter of XGBoost's default: no worse on our trials and twice as fast."""
_INNER_ROWS = 50_000
"""So many rows say well enough how many trees are wanted."""
_FEWEST_TREES = 10
_ISOTONIC_CHURNERS = 1000
"""Isotonic regression overfits on fewer (Niculescu-Mizil and Caruana, 2005)."""


@dataclass(frozen=True, eq=False)
class ChurnModel:
    """A fitted model, and what it said of rows that it had not seen while its size was found."""

    booster: xgb.Booster
    calibrator: Calibrator
    trees: int

    def to_bytes(self) -> bytes:
        """The open JSON format of XGBoost."""
        return bytes(self.booster.save_raw("json"))

    def probability(self, rows: Floats) -> Doubles:
        """Calibrated probability [n]."""
        return self.calibrator(margin(self.booster, rows))


def margin(booster: xgb.Booster, rows: Floats) -> Doubles:
    """Log-odds [n]."""
    return np.asarray(booster.inplace_predict(rows, predict_type="margin"), dtype=np.float64)


def fit_in_time(train: Examples, training: Training) -> ChurnModel:
    """Fit on all training cutoffs; the latest one, held out of a first fit (to some of the rows, if there are many), gives number of trees and calibration."""
    later = inner_holdout(train, training.seed)
    earlier, judge = np.nonzero(~later)[0], train.where(later)
    inner = _binned(train.where(earlier[evenly(len(earlier), _INNER_ROWS)]))
    first = _fit(inner, training, training.trees, judge=_binned(judge, like=inner))
    trees = _count(first)
    calibrator = fit_calibrator(margin(first[:trees], judge.rows), judge.churned, training.seed)
    return ChurnModel(_fit(_binned(train, like=inner), training, trees), calibrator, trees)


def fit_in_folds(examples: Examples, training: Training) -> tuple[ChurnModel, Doubles]:
    """Fit on all rows, and say for each row the probability [n] of models that had not seen it (for judging)."""
    unseen, counts = np.empty(len(examples)), []
    folds = list(folds_of(examples.churned, training.folds, training.seed))
    for inside, outside in folds:
        booster = _fit_with_inner_judge(examples.where(inside), training)
        counts.append(_count(booster))
        unseen[outside] = margin(booster[: counts[-1]], examples.rows[outside])
    trees = int(np.median(counts))
    calibrator = fit_calibrator(unseen, examples.churned, training.seed)
    model = ChurnModel(_fit(_binned(examples), training, trees), calibrator, trees)
    return model, _calibrated_by_fold(unseen, examples.churned, folds, training.seed)


def fit_calibrator(margins: Doubles, churned: NDArray[np.bool_], seed: int) -> Calibrator:
    """Platt's sigmoid; isotonic where churners are many and it is better on halves that it was not fitted on."""
    sigmoid = fit_sigmoid(margins, churned)
    if min(churned.sum(), (~churned).sum()) < _ISOTONIC_CHURNERS:
        return sigmoid
    halves = list(folds_of(churned, 2, seed))
    better = _unseen_loss(fit_isotonic, margins, churned, halves) < 0.99 * _unseen_loss(
        fit_sigmoid, margins, churned, halves
    )
    return fit_isotonic(margins, churned) if better else sigmoid


def fit_sigmoid(margins: Doubles, churned: NDArray[np.bool_]) -> Sigmoid:
    """Logistic regression on the margin; a margin that tells nothing gives everybody the base rate."""
    fitted = LogisticRegression(C=1e6).fit(margins[:, None], churned)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope < 1e-3:
        rate = churned.mean()
        slope, intercept = 1e-3, float(np.log(rate / (1 - rate)) - 1e-3 * margins.mean())
    return Sigmoid(round(slope, 9), round(intercept, 9))


def fit_isotonic(margins: Doubles, churned: NDArray[np.bool_]) -> Isotonic:
    """Isotonic regression on the margin, kept away from certainty."""
    fitted = IsotonicRegression(y_min=0.001, y_max=0.999).fit(margins, churned)
    return Isotonic(fitted.X_thresholds_.round(9).tolist(), fitted.y_thresholds_.round(9).tolist())


def _unseen_loss(
    fit: Callable[[Doubles, NDArray[np.bool_]], Calibrator],
    margins: Doubles,
    churned: NDArray[np.bool_],
    folds: list[Any],
) -> float:
    unseen = np.empty(len(margins))
    for inside, outside in folds:
        unseen[outside] = fit(margins[inside], churned[inside])(margins[outside])
    return log_loss(churned, unseen)


def _calibrated_by_fold(margins: Doubles, churned: NDArray[np.bool_], folds: list[Any], seed: int) -> Doubles:
    probability = np.empty(len(margins))
    for inside, outside in folds:
        probability[outside] = fit_calibrator(margins[inside], churned[inside], seed)(margins[outside])
    return probability


def _fit_with_inner_judge(examples: Examples, training: Training) -> xgb.Booster:
    judged = fifth(examples.churned, training.seed)
    data = _binned(examples.where(~judged))
    return _fit(data, training, training.trees, judge=_binned(examples.where(judged), like=data))


def _binned(examples: Examples, like: xgb.DMatrix | None = None) -> xgb.QuantileDMatrix:
    """Rows as histograms read them, in bins of their own or in those of another matrix: finding bins is a third of the work."""
    return xgb.QuantileDMatrix(examples.rows, examples.churned, nthread=THREADS, max_bin=_BINS, ref=like)


def _fit(data: xgb.DMatrix, training: Training, trees: int, judge: xgb.DMatrix | None = None) -> xgb.Booster:
    return xgb.train(
        _parameters(training),
        data,
        trees,
        evals=[(judge, "judge")] if judge else [],
        early_stopping_rounds=_PATIENCE if judge else None,
        verbose_eval=False,
    )


def _count(booster: xgb.Booster) -> int:
    return min(max(booster.best_iteration + 1, _FEWEST_TREES), booster.num_boosted_rounds())


def _parameters(training: Training) -> dict[str, Any]:
    return {
        "objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist", "max_depth": training.depth,
        "learning_rate": training.learning_rate, "subsample": 0.8, "colsample_bytree": 0.4, "min_child_weight": 5,
        "reg_lambda": 5, "max_bin": _BINS, "seed": training.seed, "nthread": THREADS,
    }  # fmt: skip
