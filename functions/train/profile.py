"""What a bundle remembers of its rows: the reference that drift is measured from, and which features matter."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from holdfast.distribution import apart, described, shares
from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles, Floats
from train.examples import Examples


def reference(
    judged: Examples, said: Doubles, train: Examples, fitted: Doubles, feature_set: FeatureSet
) -> dict[str, Any]:
    """What drift is measured from: of the judged rows and of what was `said` of them [n], the distribution of every feature, of the
    prediction and of the outcome, each with the `level` that it reached between cutoffs by itself.

    The level is in nats, beyond what sampling alone makes: the furthest of any training cutoff. That of the prediction is between training
    cutoffs (`fitted` [n] is what the model says of rows that it was trained on, which is bolder than what it says of others).
    """
    parts = [train.cutoff == day for day in np.unique(train.cutoff) if day not in judged.cutoff]
    columns = {
        name: _described(judged.rows[:, j], [train.rows[part, j] for part in parts])
        for j, name in enumerate(feature_set.names)
    }
    outcomes = _described(judged.churned.astype(float), [train.churned[part].astype(float) for part in parts])
    prediction = described(said)
    between = [fitted[part] for part in parts]
    return {
        "rows": len(judged), "features": columns, "outcome": outcomes,
        "prediction": prediction | {"level": _described(between[-1], between[:-1])["level"] if parts else 0.0},
    }  # fmt: skip


def _described(values: Floats | Doubles, others: Sequence[Floats | Doubles]) -> dict[str, Any]:
    held = described(values)
    found = [apart(shares(each, held["edges"]), held["shares"], len(each), len(values)).beyond for each in others]
    # The furthest of k days says too little of the furthest of all: its distance, the root of KL, is short by k / (k + 1).
    return held | {"level": _kept(max(found) * (1 + 1 / len(found)) ** 2 if found else 0.0)}


def _kept(nats: float) -> float:
    return round(nats, 9)


def importance(rows: Floats, contributions: Doubles, feature_set: FeatureSet) -> list[dict[str, Any]]:
    """Features by their share of all mean absolute contributions, largest first, with what a higher value does."""
    weight = np.abs(contributions).mean(axis=0)
    shares = weight / weight.sum() if weight.sum() else weight
    order = [int(j) for j in np.argsort(-shares, kind="stable") if shares[j] > 0]
    return [
        {
            "feature": feature_set.features[j].name,
            "sentence": feature_set.features[j].sentence,
            "importance": round(float(shares[j]), 6),
            "higher": _effect(rows[:, j], contributions[:, j]),
        }
        for j in order
    ]


def _effect(values: Floats, contributions: Doubles) -> str:
    present = ~np.isnan(values)
    some, what = values[present].astype(np.float64), contributions[present]
    if len(some) < 2 or some.std() == 0 or what.std() == 0:
        return "matters when missing"
    return "raises the risk" if np.corrcoef(some, what)[0, 1] > 0 else "lowers the risk"


def dependence(values: Floats, contributions: Doubles, bins: int = 10) -> list[dict[str, float | int | None]]:
    """How a feature's contribution in log-odds [n] goes with its value [n]: means over parts of equally many customers, missing ones last."""
    present = np.nonzero(~np.isnan(values))[0]
    ordered = present[np.argsort(values[present], kind="stable")]
    edges = np.unique(np.searchsorted(values[ordered], np.quantile(values[ordered], np.linspace(0, 1, bins + 1)[1:-1])))
    parts = [part for part in np.split(ordered, edges) if len(part)] if len(ordered) else []
    told = [_part(values[part], contributions[part]) for part in parts]
    absent = np.isnan(values)
    if absent.any():
        told.append({"from": None, "to": None, "customers": int(absent.sum()), "mean": _mean(contributions[absent])})
    return told


def _part(values: Floats, contributions: Doubles) -> dict[str, float | int | None]:
    low, high = float(f"{values.min():.6g}"), float(f"{values.max():.6g}")
    return {"from": low, "to": high, "customers": len(values), "mean": _mean(contributions)}


def _mean(contributions: Doubles) -> float:
    return round(float(contributions.mean()), 6)
