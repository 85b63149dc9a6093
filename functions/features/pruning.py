"""Which features are left out, and why: those that say nothing, that repeat another, or that know the outcome already."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.matrix import Matrix, Singles
from features.rows import Floats, Ints
from holdfast.feature_set import LEAK
from holdfast.settings import FeatureRules

Bools = npt.NDArray[np.bool_]

_ROWS = 20_000
"""Correlations are taken over at most so many rows, evenly spread."""
_FEW = 100
"""Over fewer rows than these a correlation says nothing."""
_BLOCK = 256
_SCREENED, _NEAR = 4_000, 0.05
"""A feature is ranked on so many rows first, and on all of them only if it comes within `_NEAR` of the limit."""


@dataclass(frozen=True)
class Today:
    """What attributes are held against: their tables hold today's state, whatever day an example is of.

    `rows` are the examples of the latest cutoff, `gone` says for each whether that customer has left by now.
    """

    names: frozenset[str]
    rows: Ints
    gone: Bools


def pruned(examples: Matrix, label: Floats, today: Today, rule: FeatureRules) -> dict[str, str]:
    """Names of features to leave out with the reason, judged on training rows and their labels (0 or 1) only.

    Of features that repeat each other the first stays: named ones precede all others, and simple ones those made of them.
    """
    named = {feature.name: values for feature, values in examples.items()}
    dropped = {name: "constant" for name, values in named.items() if _constant(values)}
    dropped |= _leaks(_without(named, {*dropped, *rule.keep}), label > 0, today, rule)
    dropped |= _repeated(_without(named, dropped))
    dropped |= near_duplicates(_without(named, dropped), rule.maximum_correlation)
    return {name: dropped[name] for name in named if name in dropped}


def near_duplicates(columns: dict[str, Singles], most: float) -> dict[str, str]:
    """Columns whose correlation with an earlier one that stays is at least `most`; of logarithms, so that no few large values decide."""
    if most >= 1 or not columns or len(next(iter(columns.values()))) < _FEW:
        return {}
    names, scaled = list(columns), _scaled(list(columns.values()))
    kept, dropped = np.zeros(len(names), dtype=bool), {}
    for start in range(0, len(names), _BLOCK):
        block = scaled[:, start : start + _BLOCK]
        together = np.abs(scaled[:, : start + block.shape[1]].T @ block)
        for column in range(block.shape[1]):
            here = start + column
            same = np.where(kept[:here], together[:here, column], 0.0)
            nearest = int(same.argmax()) if here else 0
            kept[here] = not here or same[nearest] < most
            if not kept[here]:
                dropped[names[here]] = f"correlation {same[nearest]:.4f} with {names[nearest]}"
    return dropped


def area(values: Singles, label: Bools) -> float:
    """Area under the ROC curve of values as they are, unknown ones lowest, ties counted half; 0.5 when only one class is there."""
    known = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(known)
    starts = np.flatnonzero(np.append(True, known[order][1:] != known[order][:-1]))
    positive = np.add.reduceat(label[order].astype(np.float64), starts)
    negative = np.diff(np.append(starts, len(order))) - positive
    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / pairs) if pairs else 0.5


def _leaks(columns: dict[str, Singles], label: Bools, today: Today, rule: FeatureRules) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in columns.items():
        reason = _too_good(values, label, rule) or (
            _written_later(values[today.rows], today.gone, rule) if name in today.names else None
        )
        if reason:
            found[name] = reason
    return found


def _too_good(values: Singles, label: Bools, rule: FeatureRules, of: str = "who will leave") -> str | None:
    step = max(1, len(label) // _SCREENED)
    if min(label.sum(), (~label).sum()) < rule.leak_customers:
        return None
    if _apart(area(values[::step], label[::step])) < rule.leak_auc - _NEAR:
        return None
    reached = _apart(area(values, label))
    return f"{LEAK}tells {of} by itself, AUC {reached:.3f}" if reached >= rule.leak_auc else None


def _apart(auc: float) -> float:
    return max(auc, 1 - auc)


def _written_later(values: Singles, gone: Bools, rule: FeatureRules) -> str | None:
    """Why an attribute seems to be written or emptied after the outcome: hardly anybody else has it, or lacks it."""
    if gone.mean() >= 0.5:
        return None
    unknown = np.isnan(values)
    for chosen, what in ((~unknown & (values != 0), "filled"), (unknown, "empty")):
        left, some = int(gone[chosen].sum()), int(chosen.sum())
        if left >= rule.leak_customers and left >= rule.leak_share * some:
            return f"{LEAK}{what} for {some:,} customers, of whom {left / some:.0%} have left".replace("%", " %")
    return _too_good(values, gone, rule, "who has left")


def _constant(values: Singles) -> bool:
    return np.array_equal(values, np.broadcast_to(values[:1], values.shape), equal_nan=True)


def _repeated(columns: dict[str, Singles]) -> dict[str, str]:
    first: dict[str, str] = {}
    same = {
        name: first.setdefault(hashlib.sha256(values.tobytes()).hexdigest(), name) for name, values in columns.items()
    }
    return {name: f"equal to {other}" for name, other in same.items() if other != name}


def _scaled(columns: Sequence[Singles]) -> Singles:
    """Columns as unit vectors around their mean, so that products are correlations; what is unknown stands at the mean."""
    rows = len(columns[0])
    scaled = np.empty((len(range(0, rows, _step(rows))), len(columns)), np.float32, order="F")
    for position, values in enumerate(columns):
        spread = values[:: _step(rows)]
        spread = np.sign(spread) * np.log1p(np.abs(spread))
        unknown = np.isnan(spread)
        mean = spread[~unknown].mean(dtype=np.float64) if not unknown.all() else 0.0
        centred = np.where(unknown, 0.0, spread - mean)
        length = np.sqrt((centred**2).sum())
        scaled[:, position] = centred / length if length else 0.0
    return scaled


def _step(rows: int) -> int:
    return max(1, -(-rows // _ROWS))


def _without(columns: dict[str, Singles], names: set[str] | dict[str, str]) -> dict[str, Singles]:
    return {name: values for name, values in columns.items() if name not in names}
