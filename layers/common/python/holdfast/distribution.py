"""The distribution of one column as shares of bins: what a bundle remembers, and what drift is measured on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

_BINS = 10


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
