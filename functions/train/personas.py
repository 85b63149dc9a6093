"""Personas: k-means over behaviour, each cluster named by what sets it apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from holdfast.feature_set import Feature, FeatureSet
from holdfast.predictors import Doubles, Floats, Persona, Personas, signed_log, standardised
from holdfast.tables import ACTIVITIES
from holdfast.words import FLAG, lowered, quantity
from train.examples import evenly, usable
from train.stability import most_stable, stabilities

_MOST_ROWS = 10_000
_STARTS = 4
_APART = 0.3
"""Standard deviations from the average customer that are worth a word."""
_NOUNS = {"emails": "emails", "conversations": "support conversations", "tickets": "tickets"}


@dataclass(frozen=True)
class _Clusters:
    features: list[Feature]
    levels: Doubles
    """Mean of each cluster in standard deviations from the average customer, [clusters, features]."""
    mean: Doubles
    scale: Doubles


def fit_personas(rows: Floats, feature_set: FeatureSet, count: int | None, seed: int) -> Personas:
    """Find `count` personas (fewer when there are fewer distinct rows; of None, as many as are stable) in rows [n, features], heaviest users first."""
    columns = _behaviour(rows, feature_set)
    features = [feature_set.features[j] for j in columns]
    sample = rows[evenly(len(rows), _MOST_ROWS), :][:, columns]
    mean, scale = _moments(sample)
    points = standardised(sample, mean, scale * _weights(features))
    table = stabilities(points, seed) if count is None else []
    count = min(
        count or most_stable(table), len(np.unique(points @ np.random.default_rng(seed).random(points.shape[1])))
    )
    found = KMeans(count, random_state=seed, n_init=_STARTS).fit(points)
    shares = np.bincount(found.labels_, minlength=count) / len(points)
    levels = found.cluster_centers_ * _weights(features)
    order = np.lexsort((-shares, -np.round(_usage(features, levels), 6)))
    clusters = _Clusters(features, levels[order], mean, scale)
    return Personas(
        features=[f.name for f in features],
        mean=_kept(mean),
        scale=_kept(scale * _weights(features)),
        centroids=[_kept(centroid) for centroid in found.cluster_centers_[order]],
        personas=[
            Persona(name, _sentence(clusters, k), round(float(shares[order][k]), 6))
            for k, name in enumerate(_names(clusters))
        ],
        stability=[row._asdict() for row in table],
    )


def _behaviour(rows: Floats, feature_set: FeatureSet) -> NDArray[np.intp]:
    varies = usable(rows)
    behaves = np.array([feature.group in ACTIVITIES for feature in feature_set.features])
    return np.nonzero(varies & behaves if (varies & behaves).any() else varies)[0]


def _moments(rows: Floats) -> tuple[Doubles, Doubles]:
    logs = signed_log(rows.astype(np.float64))
    present = ~np.isnan(logs)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, logs, 0).sum(axis=0) / count
    scale = np.sqrt(np.where(present, (logs - mean) ** 2, 0).sum(axis=0) / count)
    return mean, np.where(scale > 1e-9, scale, 1.0)


def _weights(features: list[Feature]) -> Doubles:
    """Square root of each feature's group size: so every group counts the same, however many features it has."""
    groups = [feature.group for feature in features]
    return np.sqrt([float(groups.count(group)) for group in groups])


def _counts(features: list[Feature], group: str) -> list[int]:
    return [j for j, feature in enumerate(features) if feature.group == group and not feature.unit]


def _usage(features: list[Feature], levels: Doubles) -> Doubles:
    counts = _counts(features, "events") or [0]
    return np.asarray(levels[:, counts].mean(axis=1))


def _names(clusters: _Clusters) -> list[str]:
    heads = _heads(clusters)
    phrases = [_phrases(clusters, k) for k in range(len(heads))]
    for words in range(1, 4):
        names = [_joined(head, said[:words]) for head, said in zip(heads, phrases, strict=True)]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({names[:k].count(name) + 1})" if names.count(name) > 1 else name for k, name in enumerate(names)]


def _heads(clusters: _Clusters) -> list[str]:
    if not _counts(clusters.features, "events"):
        return ["Customers"] * len(clusters.levels)
    usage = _usage(clusters.features, clusters.levels)
    return [
        "Heavy users" if level > _APART else "Light users" if level < -_APART else "Regular users" for level in usage
    ]


def _joined(head: str, phrases: list[str]) -> str:
    return f"{head} with {' and '.join(phrases)}" if phrases else head


def _phrases(clusters: _Clusters, cluster: int) -> list[str]:
    """What there is much or little of, most striking first: first by source, then by single feature."""
    said = []
    for group, noun in _NOUNS.items():
        if counts := _counts(clusters.features, group):
            said.append((float(clusters.levels[cluster, counts].mean()), noun, ("many", "few")))
    apart = sorted((item for item in said if abs(item[0]) > _APART), key=lambda item: -abs(item[0]))
    grouped = [f"{words[level < 0]} {noun}" for level, noun, words in apart]
    return [*grouped, *(_single(clusters, cluster, j) for j in _striking(clusters, cluster))]


def _single(clusters: _Clusters, cluster: int, j: int) -> str:
    feature, more = clusters.features[j], clusters.levels[cluster, j] > 0
    if feature.unit == FLAG:
        return f"“{feature.sentence}” {'mostly' if more else 'rarely'} true"
    return f"{'above' if more else 'below'}-average {lowered(feature.sentence)}"


def _striking(clusters: _Clusters, cluster: int) -> list[int]:
    return [int(j) for j in np.argsort(-np.abs(clusters.levels[cluster]), kind="stable")[:2]]


def _sentence(clusters: _Clusters, cluster: int) -> str:
    parts = [_comparison(clusters, cluster, j) for j in _striking(clusters, cluster)]
    return f"Typical: {'; '.join(parts)}."


def _comparison(clusters: _Clusters, cluster: int, j: int) -> str:
    mean, level = float(clusters.mean[j]), float(clusters.levels[cluster, j] * clusters.scale[j])
    feature = clusters.features[j]
    if feature.unit == FLAG:
        return f"{feature.sentence}: {'more' if level > 0 else 'less'} often than others"
    here, overall = (quantity(float(np.sign(log) * np.expm1(abs(log))), feature.unit) for log in (mean + level, mean))
    return f"{feature.sentence}: {here} (all customers {overall})"


def _kept(values: Doubles) -> list[float]:
    return [float(f"{value:.9g}") for value in values]
