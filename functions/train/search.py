"""Search for hyperparameters within a budget that is counted in work and not by the clock: the same rows and seed find the same."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import xgboost as xgb

from holdfast.predictors import Doubles, Floats
from holdfast.row_cost import most_trees
from holdfast.settings import Search, Training
from train.boosting import BINS, FEWEST_TREES, best_count, binned, configured, fit, judged_loss
from train.evaluation import auc
from train.examples import Examples

_CELLS_PER_SECOND = 2e9
"""Cells (a row's feature on a level of a tree) that XGBoost adds up in a second on two cores; measured, see ADR 19."""
_CELLS_PER_BIN, _CELLS_PER_TREE = 10, 850_000
"""What a bin of a leaf's histograms, and a tree, cost besides, in cells; measured likewise."""
_USD_PER_HOUR = 4 * 0.03238 + 16 * 0.00356
"""Of the training task: 4 vCPU and 16 GB on Fargate, ARM, us-east-1, on demand."""
_UNLIMITED_DEPTH, _MOST_TREES = 8, 600
_FOR_UNLIMITED = 0.25
"""Share of the budget that is kept for the one fit without the limits of scoring."""
_STARTUP, _WARMUP, _EVERY = 5, 20, 5


@dataclass(frozen=True)
class Trial:
    """One fit on the inner rows, judged on rows that it had not seen."""

    hyperparameters: dict[str, Any]
    trees: int
    log_loss: float
    auc: float
    seconds: float
    """What its work takes, by the budget's own measure."""
    pruned: bool
    """Stopped early, because it did worse than half of those before it."""
    within: bool
    """Whether a model of this kind may serve: its size is within the scoring budget."""
    booster: xgb.Booster = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        told = {"hyperparameters": {k: _short(v) for k, v in self.hyperparameters.items()}, "trees": self.trees}
        figures = {"log_loss": _short(self.log_loss), "auc": _short(self.auc), "seconds": _short(self.seconds)}
        return told | figures | {"pruned": self.pruned, "within": self.within}


@dataclass(frozen=True)
class Found:
    """All trials, the configured one first."""

    trials: list[Trial]
    budget_seconds: float
    bins: xgb.DMatrix = field(repr=False)
    """The inner rows, in the bins that other rows may be put into."""

    @property
    def best(self) -> Trial:
        """Lowest log loss of those that may serve."""
        return min((trial for trial in self.trials if trial.within and not trial.pruned), key=lambda t: t.log_loss)

    def to_json(self) -> dict[str, Any]:
        spent = sum(trial.seconds for trial in self.trials)
        return {
            "budget_seconds": _short(self.budget_seconds), "budget_usd": _short(self.budget_seconds * _USD_PER_HOUR / 3600),
            "spent_seconds": _short(spent), "spent_usd": _short(spent * _USD_PER_HOUR / 3600),
            "chosen": self.trials.index(self.best), "trials": [trial.to_json() for trial in self.trials],
        }  # fmt: skip


def searched(inner: Examples, judge: Examples, training: Training, share: float = 1.0) -> Found:
    """Try the configured hyperparameters, then others while a `share` of the budget lasts, then one fit without the scoring budget's limits.

    Sampling is Optuna's TPE, pruning its median rule; both are seeded, and a trial's cost is known from its size.
    """
    data = binned(inner)
    tried = partial(_tried, data, binned(judge, like=data), judge, training.seed)
    found = [tried(configured(training), training.trees)]
    budget = share * _seconds(training.search)
    if budget > 0:
        found += _others(tried, data, training, (1 - _FOR_UNLIMITED) * budget)
        best = Found(found, budget, data).best.hyperparameters | {"max_depth": _UNLIMITED_DEPTH}
        left = budget - sum(trial.seconds for trial in found[1:])
        if (most := _affordable(data, best, left, _MOST_TREES)) >= FEWEST_TREES:
            found.append(tried(best, most, within=False))
    return Found(found, budget, data)


def _others(tried: Any, data: xgb.DMatrix, training: Training, budget: float) -> list[Trial]:
    import optuna  # heavy, and only wanted where something is looked for

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=training.seed, n_startup_trials=_STARTUP),
        pruner=optuna.pruners.MedianPruner(_STARTUP, _WARMUP, _EVERY),
    )
    found: list[Trial] = []
    while len(found) < training.search.trials:
        trial = study.ask()
        drawn = _drawn(trial, training.search)
        left = budget - sum(each.seconds for each in found)
        most = _affordable(data, drawn, left, min(_MOST_TREES, most_trees(drawn["max_depth"], training.row_ms)))
        if most < FEWEST_TREES:
            break
        found.append(tried(drawn, most, trial=trial))
        pruned = optuna.trial.TrialState.PRUNED if found[-1].pruned else None
        study.tell(trial, None if pruned else found[-1].log_loss, state=pruned)
    return found


def _drawn(trial: Any, search: Search) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 2, search.depth),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0),
        "min_child_weight": trial.suggest_float("min_child_weight", 1, 50, log=True),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.5, 50, log=True),
    }


class _Watch(xgb.callback.TrainingCallback):
    """Tells the study how a fit goes, and stops it where it goes badly."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial
        self.stopped = False

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._trial.report(judged_loss(evals_log), epoch)
        self.stopped = bool(self._trial.should_prune())
        return self.stopped


def _tried(
    data: xgb.DMatrix, judging: xgb.DMatrix, judge: Examples, seed: int, hyperparameters: dict[str, Any], trees: int,
    trial: Any = None, within: bool = True,
) -> Trial:  # fmt: skip
    watch = [_Watch(trial)] if trial else []
    booster = fit(data, hyperparameters, seed, trees, judge=judging, callbacks=watch)
    count = best_count(booster)
    return Trial(
        hyperparameters, count, float(booster.best_score), auc(judge.churned, margin(booster[:count], judge.rows)),
        booster.num_boosted_rounds() * _seconds_of_tree(data, hyperparameters),
        pruned=any(each.stopped for each in watch), within=within, booster=booster[:count],
    )  # fmt: skip


def margin(booster: xgb.Booster, rows: Floats) -> Doubles:
    """Log-odds [n]."""
    return np.asarray(booster.inplace_predict(rows, predict_type="margin"), dtype=np.float64)


def _seconds(search: Search) -> float:
    """The smaller of what the stated time and the stated money buy."""
    return min(search.seconds, search.cost_usd / _USD_PER_HOUR * 3600)


def _affordable(data: xgb.DMatrix, hyperparameters: dict[str, Any], seconds: float, most: int) -> int:
    return min(most, int(seconds / _seconds_of_tree(data, hyperparameters)))


def _seconds_of_tree(data: xgb.DMatrix, hyperparameters: dict[str, Any]) -> float:
    """Levels of a tree, each of which looks at every row of the features that it may use; and its leaves, each with its histograms."""
    depth, features = hyperparameters["max_depth"], hyperparameters["colsample_bytree"] * data.num_col()
    cells = depth * data.num_row() * features + _CELLS_PER_BIN * 2**depth * features * BINS + _CELLS_PER_TREE
    return float(cells) / _CELLS_PER_SECOND


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.6g}")
