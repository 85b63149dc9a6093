"""The value model: linear regression for the money a customer brings within the horizon."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from holdfast.predictors import Doubles, Floats, ValueModel, signed_log
from train.examples import usable

_PENALTIES = (10.0, 1000.0)
Target = Literal["log1p", "money"]
_TARGETS: tuple[Target, ...] = ("log1p", "money")


def nothing_known() -> ValueModel:
    """The model of a company that says nothing about money."""
    return ValueModel("none", [], [], [], [], [], [], [], 0.0, 1.0, 0.0, 0.0, 0.0)


def fit_value(rows: Floats, value: Doubles, judge: NDArray[np.bool_], names: list[str]) -> ValueModel:
    """Fit on rows [n, features] and money [n]; `judge` [n] marks those that choose scale, penalty and interval."""
    known = np.isfinite(value)
    judge = judge & known
    inner = known & ~judge
    if not inner.any() or not judge.any() or np.ptp(value[inner]) == 0:
        return nothing_known()
    columns = np.nonzero(usable(rows[inner]))[0]
    rows, names = rows[:, columns], [names[j] for j in columns]
    trials = [trial for target in _TARGETS for trial in _fits(rows[inner], value[inner], names, target, _PENALTIES)]
    losses = [float(((trial.model.predict(rows[judge])[0] - value[judge]) ** 2).mean()) for trial in trials]
    best = trials[int(np.argmin(losses))]
    low, high = np.quantile(_scale(value[judge], best.target) - best.model.line(rows[judge]), [0.1, 0.9])
    [final] = _fits(rows[known], value[known], names, best.target, (best.penalty,))
    return replace(final.model, residual_low=round(float(low), 9), residual_high=round(float(high), 9))


class _Trial(NamedTuple):
    target: Target
    penalty: float
    model: ValueModel


def _fits(
    rows: Floats, value: Doubles, names: list[str], target: Target, penalties: Sequence[float]
) -> Iterator[_Trial]:
    """One model per penalty, all on the same scaled matrix."""
    raw = rows.astype(np.float64)
    impute = np.nanmedian(raw, axis=0)
    filled = np.where(np.isnan(raw), impute, raw)
    shaped = signed_log(filled) if target == "log1p" else filled
    mean, deviation = shaped.mean(axis=0), shaped.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    scaled, aim = (shaped - mean) / scale, _scale(value, target)
    low, high = _kept(filled.min(axis=0)), _kept(filled.max(axis=0))
    for penalty in penalties:
        ridge = Ridge(alpha=penalty, solver="cholesky", copy_X=False).fit(scaled, aim)
        smearing = _smearing(ridge.predict(scaled), value) if target == "log1p" else 1.0
        intercept, ceiling = round(float(ridge.intercept_), 9), float(value.max())
        model = ValueModel(
            target,
            names,
            _kept(impute),
            low,
            high,
            _kept(mean),
            _kept(scale),
            _kept(ridge.coef_),
            intercept,
            smearing,
            ceiling,
            0.0,
            0.0,
        )
        yield _Trial(target, penalty, model)


def _smearing(line: Doubles, value: Doubles) -> float:
    total = float(np.clip(np.expm1(np.minimum(line, 50.0)), 0, value.max()).sum())
    return round(float(value.sum()) / total, 9) if total > 0 else 1.0


def _scale(value: Doubles, target: Target) -> Doubles:
    return np.log1p(np.maximum(value, 0)) if target == "log1p" else value


def _kept(values: Doubles) -> list[float]:
    return [float(f"{value:.9g}") for value in values]
