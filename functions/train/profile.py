"""What a bundle remembers of its rows: the reference that drift is measured from, and which features matter."""

from typing import Any

import numpy as np

from holdfast.distribution import described
from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles, Floats


def reference(rows: Floats, probability: Doubles, feature_set: FeatureSet) -> dict[str, Any]:
    """Distribution of every feature [n, features] and of the prediction [n]: bin edges, shares, mean."""
    columns = {name: described(rows[:, j]) for j, name in enumerate(feature_set.names)}
    return {"rows": len(rows), "features": columns, "prediction": described(probability)}


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
