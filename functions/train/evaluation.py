"""How well probabilities tell churners from the rest, in numpy alone."""

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from train.examples import evenly

Truth = NDArray[np.bool_]
Doubles = NDArray[np.float64]

_RANKED_ROWS = 10_000
CALIBRATION_BINS = 10
_THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8)


class Costs(NamedTuple):
    """What a contact costs, and what it saves, on average, of one who would have left."""

    contact: float
    saved: float


def auc(churned: Truth, score: Doubles) -> float:
    """Area under the ROC curve, ties counted half; NaN when only one class is there."""
    return auc_interval(churned, score)[0]


def auc_interval(churned: Truth, score: Doubles) -> tuple[float, float, float]:
    """AUC with its 95 % interval by DeLong, in the fast form of Sun and Xu (IEEE Signal Processing Letters, 2014)."""
    above, below = _placements(churned, score)
    if not len(above):
        return float("nan"), float("nan"), float("nan")
    area, spread = float(above.mean()), 1.96 * _deviation(above, below)
    return area, max(0.0, area - spread), min(1.0, area + spread)


def auc_gain(churned: Truth, score: Doubles, other: Doubles, confidence: float = 0.95) -> tuple[float, float, float]:
    """By how much `score` [n] has more AUC than `other` [n] on the same rows, with what it is above, and below, with a confidence.

    DeLong, DeLong and Clarke-Pearson's test for correlated curves (Biometrics, 1988), each side by itself.
    """
    ours, theirs = _placements(churned, score), _placements(churned, other)
    above, below = ours[0] - theirs[0], ours[1] - theirs[1]
    gain, spread = float(above.mean()), NormalDist().inv_cdf(confidence) * _deviation(above, below)
    return gain, gain - spread, gain + spread


def average_precision(churned: Truth, score: Doubles) -> float:
    """Area under precision over recall, as a sum of steps at distinct scores."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.nonzero(np.diff(score[order]))[0], len(order) - 1)
    hits = np.cumsum(churned[order])[ends]
    return float((hits / (ends + 1) * np.diff(hits, prepend=0)).sum() / max(hits[-1], 1))


def brier(churned: Truth, probability: Doubles) -> float:
    """Mean squared distance between probability and outcome."""
    return float(((probability - churned) ** 2).mean())


def log_loss(churned: Truth, probability: Doubles) -> float:
    """Mean negative log-likelihood."""
    safe = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(-np.where(churned, np.log(safe), np.log1p(-safe)).mean())


def calibration(churned: Truth, probability: Doubles, bins: int = CALIBRATION_BINS) -> list[dict[str, float]]:
    """Predicted beside observed churn, in bins of equally many customers, from low to high."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return [
        {
            "from": float(probability[part].min()),
            "to": float(probability[part].max()),
            "customers": len(part),
            "predicted": float(probability[part].mean()),
            "observed": float(churned[part].mean()),
        }
        for part in parts
        if len(part)
    ]


def calibration_error(table: list[dict[str, float]]) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): distance of predicted and observed churn, mean over bins weighted by customers."""
    total = sum(row["customers"] for row in table)
    return sum(row["customers"] * abs(row["predicted"] - row["observed"]) for row in table) / total


def held_by_top(churned: Truth, score: Doubles, share: float) -> float:
    """Share of all churners among the `share` of customers with the highest scores; ties in row order."""
    top = np.argsort(-score, kind="stable")[: max(1, round(share * len(score)))]
    return float(churned[top].sum() / max(churned.sum(), 1))


def lift(churned: Truth, score: Doubles, share: float) -> float:
    """How many times the base rate churns among the top `share`."""
    count = max(1, round(share * len(score)))
    return held_by_top(churned, score, share) * len(score) / count


def thresholds(
    churned: Truth, probability: Doubles, chosen: float, costs: Costs | None = None
) -> list[dict[str, float]]:
    """For each threshold: the share of customers above it, of churn that they hold, and what contacting them earns."""
    return [above(churned, probability, threshold, costs) for threshold in sorted({*_THRESHOLDS, chosen})]


def above(churned: Truth, probability: Doubles, threshold: float, costs: Costs | None = None) -> dict[str, float]:
    """The share of customers at or above a threshold, of churn that they hold, and what contacting just them would have earned."""
    over = probability >= threshold
    held = float(churned[over].sum() / max(churned.sum(), 1))
    told = {"threshold": threshold, "share_of_customers": float(over.mean()), "share_of_churn": held}
    if costs is None:
        return told
    return told | {"profit": float(costs.saved * churned[over].sum() - costs.contact * over.sum())}


def best_single_feature(
    rows: NDArray[np.float32], churned: Truth, judged: NDArray[np.float32], truth: Truth
) -> tuple[int, float]:
    """The column that ranks churners best on (some of) the first rows, and its AUC on the second: a rule of thumb."""
    some = evenly(len(rows), _RANKED_ROWS)
    rows, churned = rows[some], churned[some]
    filled = [np.nan_to_num(column, nan=-1.0).astype(np.float64) for column in rows.T]
    areas = np.array([auc(churned, column) for column in filled])
    best = int(np.argmax(np.abs(areas - 0.5)))
    sign = 1.0 if areas[best] >= 0.5 else -1.0
    return best, auc(truth, sign * np.nan_to_num(judged[:, best], nan=-1.0).astype(np.float64))


def churn_metrics(churned: Truth, probability: Doubles, threshold: float, costs: Costs | None = None) -> dict[str, Any]:
    """Everything that a bundle says about its churn model, on rows that the model has not seen."""
    area, low, high = auc_interval(churned, probability)
    table, rate = calibration(churned, probability), float(churned.mean())
    return {
        "rows": len(churned), "churners": int(churned.sum()), "base_rate": rate,
        "auc": area, "auc_low": low, "auc_high": high,
        "average_precision": average_precision(churned, probability),
        "brier": brier(churned, probability), "brier_of_base_rate": rate * (1 - rate),
        "log_loss": log_loss(churned, probability), "calibration_error": calibration_error(table), "calibration": table,
        "lift_10": lift(churned, probability, 0.1), "lift_21": lift(churned, probability, 0.21),
        "churn_in_top_21": held_by_top(churned, probability, 0.21),
        "above_threshold": above(churned, probability, threshold, costs),
        "thresholds": thresholds(churned, probability, threshold, costs),
    }  # fmt: skip


def value_metrics(actual: Doubles, predicted: Doubles, mean: float) -> dict[str, float]:
    """Errors of the value model in money, beside predicting the training mean and predicting nothing."""
    return {
        "rows": len(actual), "total_actual": float(actual.sum()), "total_predicted": float(predicted.sum()),
        "correlation": _correlation(actual, predicted),
        **_errors(actual, predicted, ""), **_errors(actual, np.full(len(actual), mean), "_of_mean"),
        **_errors(actual, np.zeros(len(actual)), "_of_zero"),
    }  # fmt: skip


def _errors(actual: Doubles, predicted: Doubles, suffix: str) -> dict[str, float]:
    wrong = predicted - actual
    return {f"mae{suffix}": float(np.abs(wrong).mean()), f"rmse{suffix}": float(np.sqrt((wrong**2).mean()))}


def _correlation(actual: Doubles, predicted: Doubles) -> float:
    if actual.std() == 0 or predicted.std() == 0:
        return 0.0
    return float(np.corrcoef(actual, predicted)[0, 1])


def _placements(churned: Truth, score: Doubles) -> tuple[Doubles, Doubles]:
    """For each churner the share of stayers below it, and for each stayer the share of churners above it; nothing for one class."""
    positive, negative = score[churned], score[~churned]
    if not len(positive) or not len(negative):
        return np.empty(0), np.empty(0)
    everyone = _midranks(np.concatenate([positive, negative]))
    above = (everyone[: len(positive)] - _midranks(positive)) / len(negative)
    return above, 1 - (everyone[len(positive) :] - _midranks(negative)) / len(positive)


def _deviation(above: Doubles, below: Doubles) -> float:
    if not len(above) or not len(below):
        return float("nan")
    return float(np.sqrt(_variance(above) / len(above) + _variance(below) / len(below)))


def _midranks(values: Doubles) -> Doubles:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def _variance(values: Doubles) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0
