"""Which two features work together: exact Shapley interactions from the model's leaves."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np

from holdfast.boosted import Test, leaves_of
from holdfast.feature_set import FeatureSet
from holdfast.predictors import Doubles, Floats

Pair = tuple[int, int]


def interactions(model: bytes, rows: Floats, among: Iterable[int]) -> dict[Pair, Doubles]:
    """What each pair of some features adds to the margin [n] of rows [n, features] beyond what each of the two adds by itself.

    The Shapley interaction values of Lundberg et al. (arXiv:1802.03888, equation 4), both halves of a pair together, of the
    path-dependent value function that `holdfast.trees` tells of: at a leaf whose path tests d features, a pair is worth
    (s_a - r_a)(s_b - r_b) * leaf, times the weighted products of s or r of the others.
    """
    wanted = set(among)
    found: dict[Pair, Doubles] = defaultdict(lambda: np.zeros(len(rows)))
    for value, tests in leaves_of(json.loads(model)["learner"]):
        pairs = list(combinations(sorted(wanted & tests.keys()), 2))
        passes = {feature: _passes(rows[:, feature], test) for feature, test in tests.items()} if pairs else {}
        for a, b in pairs:
            others = [feature for feature in tests if feature not in (a, b)]
            apart = (passes[a] - tests[a].share) * (passes[b] - tests[b].share)
            found[a, b] += (
                value * apart * _others([passes[f] for f in others], [tests[f].share for f in others], len(tests))
            )
    return dict(found)


def strongest(found: dict[Pair, Doubles], feature_set: FeatureSet, top: int) -> list[dict[str, Any]]:
    """The `top` pairs by mean absolute value, strongest first."""
    strength = {pair: float(np.abs(worth).mean()) for pair, worth in found.items()}
    ranked = sorted(strength, key=lambda pair: (-strength[pair], pair))[:top]
    named = [[feature_set.features[j] for j in pair] for pair in ranked]
    return [
        {
            "features": [feature.name for feature in both],
            "sentences": [feature.sentence for feature in both],
            "strength": round(strength[pair], 6),
        }
        for pair, both in zip(ranked, named, strict=True)
    ]


def _passes(values: Floats, test: Test) -> Doubles:
    inside = (values >= np.float32(test.low)) & (values < np.float32(test.high))
    return np.where(np.isnan(values), test.missing, inside).astype(np.float64)


def _others(passes: list[Doubles], shares: list[float], depth: int) -> Doubles | float:
    """Sum over coalitions T of the others of |T|! (d - |T| - 2)! / (d - 1)! times the product of s in T and r outside."""
    by_size: list[Any] = [1.0]
    for passed, share in zip(passes, shares, strict=True):
        grown = [share * each for each in by_size] + [0.0]
        for size, each in enumerate(by_size):
            grown[size + 1] = grown[size + 1] + passed * each
        by_size = grown
    weights = [1 / ((depth - 1) * math.comb(depth - 2, size)) for size in range(len(by_size))]
    total: Doubles | float = sum(weight * each for weight, each in zip(weights, by_size, strict=True))
    return total
