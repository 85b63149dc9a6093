"""What would lower a customer's risk: contributions that raise it and can be acted on, and a value to aim at.

A direction and a value come from the bundle: whether customers with a higher value were at more risk, and what half of the
customers have on whom the model was judged. The model knows what goes together with leaving, not what causes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any

import numpy as np

from holdfast.feature_set import Feature
from holdfast.predictors import Doubles
from holdfast.scoring import Scorer, Scores
from holdfast.words import FLAG, quantity

_LOOKED_AT = 12
"""So many of the strongest contributions are looked through for some that a value can be aimed at of."""


@dataclass(frozen=True)
class Aim:
    """Where a feature should go. `reached` is a value that at least half of the customers have or exceed; `kept_under` one that
    at least half stay under; None where there is no such value."""

    up: bool
    reached: float | None
    kept_under: float | None


@dataclass(frozen=True, eq=False)
class Levers:
    """What can be acted on of one model's features."""

    scorer: Scorer
    aims: dict[str, Aim]
    _actionable: Any = field(init=False)

    def __post_init__(self) -> None:
        mask = np.array([feature.actionable for feature in self.scorer.feature_set.features], dtype=bool)
        object.__setattr__(self, "_actionable", mask)

    def of(self, scores: Scores, points: Doubles, top: int) -> Iterator[list[dict[str, Any]]]:
        """For each row at most `top` levers, strongest first. `points` are the contributions in probability, [n, features]."""
        raising = np.where(self._actionable, scores.contributions, 0.0)
        strongest = np.argsort(-raising, axis=1, kind="stable")[:, :_LOOKED_AT]
        for row, columns in enumerate(strongest):
            found = (self._lever(scores, points, row, int(j)) for j in columns if raising[row, j] > 0)
            yield list(islice((lever for lever in found if lever), top))

    def _lever(self, scores: Scores, points: Doubles, row: int, column: int) -> dict[str, Any] | None:
        feature, number = self.scorer.feature_set.features[column], float(scores.rows[row, column])
        value = None if np.isnan(number) else float(f"{number:.6g}")
        advice = advised(feature, value, self.aims.get(feature.name))
        if advice is None:
            return None
        return {
            "feature": feature.name,
            "sentence": feature.sentence,
            "value": value,
            "unit": feature.unit,
            "contribution_log_odds": round(float(scores.contributions[row, column]), 6),
            "contribution_points": round(float(points[row, column]), 6),
            "aim": advice[0],
            "advice": advice[1],
        }


def aims_of(importance: list[dict[str, Any]], reference: dict[str, Any]) -> dict[str, Aim]:
    """By feature, from a bundle's `importance.json` and `reference.json`; features that matter only when missing have none."""
    return {
        entry["feature"]: Aim(entry["higher"] == "lowers the risk", *_halves(reference["features"][entry["feature"]]))
        for entry in importance
        if entry["higher"] != "matters when missing"
    }


def advised(feature: Feature, value: float | None, aim: Aim | None) -> tuple[float, str] | None:
    """A value to aim at and how to say so; None where there is none that goes with less risk than what is there."""
    if aim is None or (not aim.up and (value is None or _stays(feature))):
        return None
    if feature.unit == FLAG:
        flag = float(aim.up)
        return None if value == flag else (flag, f"Aim at {quantity(flag, FLAG)}: such customers leave less often.")
    to = aim.reached if aim.up else aim.kept_under
    if to is None or (value is not None and (value >= to) == aim.up):
        return None
    said = f"{quantity(to, feature.unit)} or more" if aim.up else f"under {quantity(to, feature.unit)}"
    return float(f"{to:.6g}"), f"Aim at {said}, as at least half of the customers have."


def _stays(feature: Feature) -> bool:
    """Whether it can grow and not shrink, as what is counted from the beginning."""
    return feature.sentence.endswith("so far") and feature.type != "ratio"


def _halves(described: dict[str, Any]) -> tuple[float | None, float | None]:
    """The edges of the bin in which the median of the values lies: at least half are not below the one and under the other."""
    edges, present = described["edges"], described["shares"][:-1]
    so_far = list(accumulate(present))
    if not so_far or not so_far[-1]:
        return None, None
    middle = next(at for at, share in enumerate(so_far) if share >= so_far[-1] / 2)
    return (edges[middle - 1] if middle else None), (edges[middle] if middle < len(edges) else None)
