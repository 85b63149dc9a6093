"""How far each column has moved from the reference, and how likely chance would have moved it so far."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from holdfast.distribution import Apart, apart, mean, miscalibrated, shares

PREDICTION, OUTCOME, CALIBRATION = "churn_probability", "churned", "calibration"
"""Columns beside the features: what is said, what happened to whom it was said of earlier, and the two held together."""

Column = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Shift:
    """One column, before and now."""

    name: str
    effect: float
    """Standard deviations, of a normal distribution that moves as far: sqrt(2 * KL), less what the baseline moves by itself."""
    divergence: float
    """KL divergence of now from the reference, in nats."""
    level: float
    """What the baseline reaches by itself: by sampling, and between its own cutoffs."""
    chance: float
    """Probability of so large a divergence between two samples of one distribution."""
    before: float | None
    """Mean in the reference."""
    now: float | None
    missing_before: float = 0.0
    """Share of rows."""
    missing_now: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of customers by now: whether each churned [n], and the probability that had been said of it [n], or None where nothing had."""

    churned: NDArray[np.bool_]
    said: NDArray[np.float64] | None


def shifts(columns: Mapping[str, Column], reference: Mapping[str, Any], outcomes: Outcomes | None) -> list[Shift]:
    """Every column that the reference knows, the furthest apart first; one that is not there any more is all missing.

    `reference` is the bundle's own: `rows`, and by column edges, shares, mean and level.
    """
    held = {**reference["features"], PREDICTION: reference["prediction"]}
    rows = max((len(values) for values in columns.values()), default=0)
    gone = np.full(rows, np.nan)
    found = [_shift(name, columns.get(name, gone), each, reference["rows"]) for name, each in held.items()]
    found += _of_outcomes(outcomes, reference) if outcomes is not None and len(outcomes.churned) else []
    return sorted(found, key=lambda shift: (-shift.effect, shift.name))


def _shift(name: str, values: Column, held: Mapping[str, Any], reference_rows: int) -> Shift:
    now = shares(values, held["edges"])
    moved = apart(now, held["shares"], len(values), reference_rows)
    means = held["mean"], mean(values)
    return _told(name, moved, held, means, (held["shares"][-1], now[-1]))


def _of_outcomes(outcomes: Outcomes, reference: Mapping[str, Any]) -> list[Shift]:
    """Of the calibration no level is taken off: a probability has to come true, however wrong it was in the baseline already."""
    found = []
    if "outcome" in reference:
        found.append(_shift(OUTCOME, outcomes.churned.astype(float), reference["outcome"], reference["rows"]))
    if outcomes.said is not None:
        moved = miscalibrated(outcomes.said, outcomes.churned, reference["prediction"]["edges"])
        means = float(outcomes.said.mean()), float(outcomes.churned.mean())
        found.append(_told(CALIBRATION, moved, {}, means))
    return found


def _told(
    name: str,
    moved: Apart,
    held: Mapping[str, Any],
    means: tuple[float | None, float | None],
    missing: tuple[float, float] = (0.0, 0.0),
) -> Shift:
    level = held.get("level", 0.0)
    effect = math.sqrt(2 * moved.beyond) - math.sqrt(2 * level)
    return Shift(
        name, round(max(0.0, effect), 6), moved.divergence, moved.sampling + level,
        float(chdtrc(max(moved.freedom, 1), moved.chi_squared)), *means, *missing,
    )  # fmt: skip
