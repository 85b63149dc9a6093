"""How many personas there are: as many as are found again in other samples of the customers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from holdfast.predictors import Doubles
from train.examples import evenly

_COUNTS = range(3, 7)
_ROWS, _RESAMPLES, _STARTS = 1_500, 6, 2
_NEAR = 0.05
"""Numbers of clusters whose agreement is as near as this to the best are as good."""
_SMALLEST = 0.03
"""Share of the customers below which a cluster is no persona."""


class Stability(NamedTuple):
    """How well so many clusters are found again."""

    clusters: int
    agreement: float
    """Adjusted Rand index (Hubert and Arabie, Journal of Classification, 1985) between the clusters of all points and those of a bootstrap
    resample, mean: 1 is the same, 0 is chance."""
    smallest: float
    """Share of the smallest cluster."""


def stabilities(points: Doubles, seed: int) -> list[Stability]:
    """For each number of clusters that points [n, d] may have, how well they are found again in resamples of (some of) them."""
    some = points[evenly(len(points), _ROWS)]
    draw = np.random.default_rng(seed)
    resamples = [draw.integers(0, len(some), len(some)) for _ in range(_RESAMPLES)]
    most = len(np.unique(some, axis=0))
    return [_stability(some, resamples, count, seed) for count in _COUNTS if count < most]


def most_stable(table: list[Stability]) -> int:
    """The largest number of clusters that are found again as well as any, and large enough; one where nothing can be told apart."""
    large = [row for row in table if row.smallest >= _SMALLEST] or table
    best = max((row.agreement for row in large), default=0.0)
    return max((row.clusters for row in large if row.agreement >= best - _NEAR), default=1)


def _stability(points: Doubles, resamples: list[NDArray[np.int64]], count: int, seed: int) -> Stability:
    whole = _clusters(points, count, seed).labels_
    again = [_clusters(points[rows], count, seed).predict(points) for rows in resamples]
    agreement = float(np.mean([adjusted_rand_score(whole, labels) for labels in again]))
    return Stability(count, round(agreement, 6), round(float(np.bincount(whole).min() / len(points)), 6))


def _clusters(points: Doubles, count: int, seed: int) -> KMeans:
    return KMeans(count, random_state=seed, n_init=_STARTS).fit(points)
