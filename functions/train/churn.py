"""The churn model: boosted trees by XGBoost, of the kind and as many as an inner judge wants, and their calibration."""

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
from train.boosting import binned, fit
from train.evaluation import log_loss
from train.examples import Examples, evenly
from train.search import Found, margin, searched
from train.splits import fifth, folds_of, inner_holdout

_INNER_ROWS = 50_000
"""So many rows say well enough how many trees are wanted, and of which kind."""
_ISOTONIC_CHURNERS = 1000
"""Isotonic regression overfits on fewer (Niculescu-Mizil and Caruana, 2005)."""


@dataclass(frozen=True, eq=False)
class ChurnModel:
    """A fitted model, and what it said of rows that it had not seen while its size was found."""

    booster: xgb.Booster
    calibrator: Calibrator
    trees: int
    trials: dict[str, Any]
    """What was tried to find its hyperparameters and its size, and which trial was chosen: see `Found.to_json`."""

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Those of the chosen trial."""
        return dict(self.trials["trials"][self.trials["chosen"]]["hyperparameters"])

    def to_bytes(self) -> bytes:
        """The open JSON format of XGBoost."""
        return bytes(self.booster.save_raw("json"))

    def probability(self, rows: Floats) -> Doubles:
        """Calibrated probability [n]."""
        return self.calibrator(margin(self.booster, rows))


def fit_in_time(train: Examples, training: Training) -> ChurnModel:
    """Fit on all training cutoffs; the latest one, held out of first fits, gives hyperparameters and number of trees, the two latest calibration."""
    later = inner_holdout(train, training.seed)
    earlier, judge = train.where(~later), train.where(later)
    found = searched(_some(earlier), judge, training)
    margins, churned = margin(found.best.booster, judge.rows), judge.churned
    if len(np.unique(earlier.cutoff)) > 1:
        # One cutoff's churn is a matter of luck by a tenth and more, and the calibration would keep it.
        before, held = _held_out(earlier, found, training)
        margins, churned = np.concatenate([before, margins]), np.concatenate([held, churned])
    return _fitted(train, found, found.best.trees, fit_calibrator(margins, churned, training.seed), training)


def _held_out(examples: Examples, found: Found, training: Training) -> tuple[Doubles, NDArray[np.bool_]]:
    """Margins of the latest cutoff by a model of those before it, and who churned."""
    later = inner_holdout(examples, training.seed)
    held, best = examples.where(later), found.best
    booster = fit(binned(_some(examples.where(~later)), found.bins), best.hyperparameters, training.seed, best.trees)
    return margin(booster, held.rows), held.churned


def _some(examples: Examples) -> Examples:
    """All rows, or as many as say well enough what is wanted."""
    if len(examples) <= _INNER_ROWS:
        return examples
    return examples.where(evenly(len(examples), _INNER_ROWS))


def fit_in_folds(examples: Examples, training: Training) -> tuple[ChurnModel, Doubles]:
    """Fit on all rows, and say for each row the probability [n] of models that had not seen it (for judging).

    Each fold does what is done with all rows: a search of its own, and a fit to all of its rows. So the budget is shared.
    """
    unseen, counts, share = np.empty(len(examples)), [], 1 / (training.folds + 1)
    folds = list(folds_of(examples.churned, training.folds, training.seed))
    for inside, outside in folds:
        fold = examples.where(inside)
        best = _searched_by_fifth(fold, training, share).best
        counts.append(best.trees)
        booster = fit(binned(fold), best.hyperparameters, training.seed, best.trees)
        unseen[outside] = margin(booster, examples.rows[outside])
    found = _searched_by_fifth(examples, training, share)
    trees = found.best.trees if found.budget_seconds else int(np.median(counts))
    calibrator = fit_calibrator(unseen, examples.churned, training.seed)
    model = _fitted(examples, found, trees, calibrator, training)
    return model, _calibrated_by_fold(unseen, examples.churned, folds, training.seed)


def _searched_by_fifth(examples: Examples, training: Training, share: float) -> Found:
    judged = fifth(examples.churned, training.seed)
    return searched(examples.where(~judged), examples.where(judged), training, share)


def _fitted(examples: Examples, found: Found, trees: int, calibrator: Calibrator, training: Training) -> ChurnModel:
    booster = fit(binned(examples, like=found.bins), found.best.hyperparameters, training.seed, trees)
    return ChurnModel(booster, calibrator, trees, found.to_json())


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
