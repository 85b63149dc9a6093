"""The rule of drift: which columns have moved further than the baseline does by itself, by more than a trifle, and by no chance."""

from collections.abc import Sequence

from scipy.stats import false_discovery_control

from drift.divergence import CALIBRATION, PREDICTION, Shift
from drift.memory import Check
from holdfast.settings import Drift


def judged(day: str, bundle: str, rows: int, shifts: Sequence[Shift], rule: Drift) -> Check:
    """One day's check: the columns that are over the rule's bounds; none is where there are too few rows."""
    over = moved(shifts, rule) if rows >= rule.minimum_rows else []
    return Check(day, bundle, tuple(shift.name for shift in over))


def moved(shifts: Sequence[Shift], rule: Drift) -> list[Shift]:
    """Those that are over by themselves, whatever was found earlier.

    False discoveries are controlled under any dependence of the columns (Benjamini and Yekutieli, Annals of Statistics, 2001).
    """
    if not shifts:
        return []
    sure = false_discovery_control([shift.chance for shift in shifts], method="by") <= rule.false_discovery
    return [shift for shift, certain in zip(shifts, sure, strict=True) if certain and _matters(shift, rule)]


def _matters(shift: Shift, rule: Drift) -> bool:
    """What the model says, and whether it comes true, moves with the model's own error too, which no level of the baseline holds."""
    least = rule.minimum_model_effect if shift.name in (PREDICTION, CALIBRATION) else rule.minimum_effect
    return shift.divergence > (1 + rule.maximum_shift) * shift.level and shift.effect >= least
