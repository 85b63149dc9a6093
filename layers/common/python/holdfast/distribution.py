"""The distribution of one column as shares of bins: what a bundle remembers, and what drift is measured on."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

DRIFT_MEMORY = "drift/memory.json"
"""Among the artifacts, where Drift keeps what its checks found; Report says what the last one did."""
_BINS = 10
_SMOOTHING = 0.5
"""Added to every bin's count (Jeffreys), so that an empty bin is unlikely and not impossible."""


class Apart(NamedTuple):
    """How far two samples lie apart."""

    divergence: float
    """KL divergence in nats."""
    sampling: float
    """What two samples of one distribution reach on average."""
    chi_squared: float
    """2 * KL / (1/n + 1/m), of so many degrees of freedom if both are samples of one distribution (Kullback, 1959)."""
    freedom: int

    @property
    def beyond(self) -> float:
        """The divergence without what sampling makes of none."""
        return max(0.0, self.divergence - self.sampling)


def described(values: Values) -> dict[str, Any]:
    """Deciles of [n] as inner edges (fewer where values repeat), shares by bin with the missing last, and the mean."""
    present = values[~np.isnan(values)].astype(np.float64)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(present) else np.empty(0)
    kept = [float(f"{edge:.9g}") for edge in edges]
    return {"edges": kept, "shares": [round(share, 9) for share in shares(values, kept)], "mean": mean(values)}


def shares(values: Values, edges: Sequence[float]) -> list[float]:
    """Share of [n] in each bin between `edges`, and of the missing ones last; they add up to one."""
    present = values[~np.isnan(values)].astype(np.float64)
    counts = np.bincount(np.searchsorted(np.asarray(edges), present, side="right"), minlength=len(edges) + 1)
    return [float(share) for share in np.append(counts, len(values) - len(present)) / max(len(values), 1)]


def mean(values: Values) -> float | None:
    """Mean of those that are not missing, None when all are."""
    present = values[~np.isnan(values)].astype(np.float64)
    return float(f"{present.mean():.9g}") if len(present) else None


def apart(now: Sequence[float], before: Sequence[float], rows: int, reference_rows: int) -> Apart:
    """KL divergence of the shares of bins now, of so many rows, from those of a reference: sum of p * ln(p / q), smoothed."""
    held = np.asarray(now), np.asarray(before)
    used = (held[0] > 0) | (held[1] > 0)
    p, q = (_smoothed(shares[used], n) for shares, n in zip(held, (rows, reference_rows), strict=True))
    return _apart(float((p * np.log(p / q)).sum()), int(used.sum()) - 1, 1 / rows + 1 / reference_rows)


def miscalibrated(said: Values, happened: NDArray[np.bool_], edges: Sequence[float]) -> Apart:
    """KL divergence of what happened [n] from the probabilities said of it [n], in bins of these; taken as known, they add no noise."""
    where = np.searchsorted(np.asarray(edges), said, side="right")
    rows = np.bincount(where)
    there = rows > 0
    expected, seen = (np.bincount(where, weights=w)[there] / rows[there] for w in (said, happened))
    nats = _bernoulli(seen, expected) + _bernoulli(1 - seen, 1 - expected)
    return _apart(float((rows[there] * nats).sum() / len(said)), int(there.sum()), 1 / len(said))


def _apart(nats: float, freedom: int, noise: float) -> Apart:
    nats = max(nats, 0.0)  # the sum of a distribution held to itself may end a hair below nought
    return Apart(nats, freedom / 2 * noise, 2 * nats / noise, freedom)


def _bernoulli(seen: Values, expected: Values) -> Values:
    safe = np.clip(expected, 1e-9, 1.0)
    return seen * np.log(np.where(seen > 0, seen, 1.0) / safe)


def _smoothed(held: Values, rows: int) -> Values:
    counts = held * rows + _SMOOTHING
    return np.asarray(counts / counts.sum())
