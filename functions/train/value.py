"""The value model: linear regression for the money a customer brings within the horizon."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from holdfast.predictors import Doubles, Floats, ValueModel, signed_log
from train.examples import evenly, usable

_TRIAL_ROWS = 20_000
"""So many say which scale and penalty are best, and where the median is."""
_BLOCK = 8192
_PENALTIES = (10.0, 1000.0)
Target = Literal["log1p", "money"]
_TARGETS: tuple[Target, ...] = ("log1p", "money")


def nothing_known() -> ValueModel:
    """The model of a company that says nothing about money."""
    return ValueModel("none", [], [], [], [], [], [], [], 0.0, 1.0, 0.0, 0.0, 0.0)


def fit_value(rows: Floats, value: Doubles, judge: NDArray[np.bool_], names: list[str]) -> ValueModel:
    """Fit on rows [n, features] and money [n]; `judge` [n] marks those that choose scale, penalty and interval."""
    known = np.isfinite(value)
    inner, judged = _some(known & ~judge), _some(known & judge)
    if not len(inner) or not len(judged) or np.ptp(value[inner]) == 0:
        return nothing_known()
    columns = np.nonzero(usable(rows[inner]))[0]
    names = [names[j] for j in columns]
    trials = [
        trial
        for target in _TARGETS
        for trial in _fits(_Part(rows, inner, columns), value[inner], names, target, _PENALTIES)
    ]
    unseen = rows[judged[:, None], columns]
    losses = [float(((trial.model.predict(unseen)[0] - value[judged]) ** 2).mean()) for trial in trials]
    best = trials[int(np.argmin(losses))]
    low, high = np.quantile(_scale(value[judged], best.target) - best.model.line(unseen), [0.1, 0.9])
    everyone = _Part(rows, np.nonzero(known)[0], columns)
    [final] = _fits(everyone, value[known], names, best.target, (best.penalty,))
    return replace(final.model, residual_low=round(float(low), 9), residual_high=round(float(high), 9))


def _some(wanted: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.nonzero(wanted)[0][evenly(int(wanted.sum()), _TRIAL_ROWS)]


class _Trial(NamedTuple):
    target: Target
    penalty: float
    model: ValueModel


class _Part(NamedTuple):
    """Some rows and columns of a matrix, taken a block at a time: there is never a second copy of it all."""

    rows: Floats
    picked: NDArray[np.intp]
    columns: NDArray[np.intp]

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        for start in range(0, len(self.picked), _BLOCK):
            taken = slice(start, start + _BLOCK)
            yield taken, self.rows[self.picked[taken, None], self.columns]

    def sample(self) -> Floats:
        return self.rows[self.picked[evenly(len(self.picked), _TRIAL_ROWS)][:, None], self.columns]


class _Scaled(NamedTuple):
    """A part without gaps, in standard deviations from the mean, and what brings another row there."""

    values: Floats
    impute: Floats
    low: Floats
    high: Floats
    mean: Doubles
    scale: Doubles


def _scaled(part: _Part, target: Target) -> _Scaled:
    impute = np.nan_to_num(np.nanmedian(part.sample(), axis=0))
    values = np.empty((len(part.picked), len(part.columns)), dtype=np.float32)
    low, high = impute.copy(), impute.copy()
    for taken, block in part.blocks():
        filled = np.where(np.isnan(block), impute, block)
        np.minimum(low, filled.min(axis=0), out=low)
        np.maximum(high, filled.max(axis=0), out=high)
        values[taken] = signed_log(filled) if target == "log1p" else filled
    return _Scaled(values, impute, low, high, *_standardise(values))


def _standardise(values: Floats) -> tuple[Doubles, Doubles]:
    """Standardise in place; mean and standard deviation of each column, 1 where it is nought."""
    blocks = [values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK)]
    mean = np.sum([block.sum(axis=0, dtype=np.float64) for block in blocks], axis=0) / len(values)
    for block in blocks:
        block -= mean.astype(np.float32)
    deviation = np.sqrt(np.sum([(block.astype(np.float64) ** 2).sum(axis=0) for block in blocks], axis=0) / len(values))
    scale = np.where(deviation > 0, deviation, 1.0)
    values /= scale.astype(np.float32)
    return mean, scale


def _fits(
    part: _Part, value: Doubles, names: list[str], target: Target, penalties: Sequence[float]
) -> Iterator[_Trial]:
    """One model per penalty, all on the same scaled matrix."""
    scaled, aim = _scaled(part, target), _scale(value, target)
    centre, ceiling = float(aim.mean()), float(value.max())
    for penalty in penalties:
        ridge = Ridge(alpha=penalty, solver="cholesky", copy_X=False, fit_intercept=False)
        ridge.fit(scaled.values, (aim - centre).astype(np.float32))
        line = scaled.values @ ridge.coef_ + centre
        smearing = _smearing(line.astype(np.float64), value) if target == "log1p" else 1.0
        model = ValueModel(
            target, names, _kept(scaled.impute), _kept(scaled.low), _kept(scaled.high), _kept(scaled.mean),
            _kept(scaled.scale), _kept(ridge.coef_), round(centre, 9), smearing, ceiling, 0.0, 0.0,
        )  # fmt: skip
        yield _Trial(target, penalty, model)


def _smearing(line: Doubles, value: Doubles) -> float:
    total = float(np.clip(np.expm1(np.minimum(line, 50.0)), 0, value.max()).sum())
    return round(float(value.sum()) / total, 9) if total > 0 else 1.0


def _scale(value: Doubles, target: Target) -> Doubles:
    return np.log1p(np.maximum(value, 0)) if target == "log1p" else value


def _kept(values: Doubles | Floats) -> list[float]:
    return [float(f"{value:.9g}") for value in values]
