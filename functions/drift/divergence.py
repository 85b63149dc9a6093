"""The rule of drift: how far two distributions lie apart beyond what sampling alone would do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.distribution import mean, shares

_ALPHA = 0.05
_SMOOTHING = 0.5
"""Added to every bin's count (Jeffreys), so that an empty bin is unlikely and not impossible."""


@dataclass(frozen=True)
class Shift:
    """One column, before and now."""

    name: str
    divergence: float
    """KL divergence of now from the reference, in nats, over the level that sampling reaches by itself."""
    before: float | None
    """Mean in the reference."""
    now: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    drifted: list[Shift]
    rows: int
    report: str
    """Key of the page in the artifacts bucket, empty when nothing could be compared."""

    def to_json(self) -> dict[str, Any]:
        return {"drifted": [shift.name for shift in self.drifted], "rows": self.rows, "report": self.report}

    def detail(self) -> dict[str, Any]:
        """The same for an event, which has to stay small: how many, and the furthest of them."""
        return {
            "count": len(self.drifted),
            "rows": self.rows,
            "report": self.report,
            "furthest": [s.to_json() for s in self.drifted[:20]],
        }


def kl_divergence(now: Sequence[float], before: Sequence[float], rows: int, reference_rows: int) -> float:
    """Sum of p * ln(p / q) over bins, p the smoothed shares now and q those of the reference; in nats."""
    p, q = _smoothed(now, rows), _smoothed(before, reference_rows)
    return float((p * np.log(p / q)).sum())


def sampling_level(bins: int, rows: int, reference_rows: int, columns: int) -> float:
    """The KL divergence that two samples of one distribution stay under, in all of `columns` columns at 95 %.

    Under no drift 2 * KL / (1/n + 1/m) is chi-squared with bins - 1 degrees of freedom (Kullback, 1959); its quantile
    is the Wilson-Hilferty approximation, at a level divided by the number of columns (Bonferroni).
    """
    freedom = max(bins - 1, 1)
    z = NormalDist().inv_cdf(1 - _ALPHA / max(columns, 1))
    chi_squared = freedom * (1 - 2 / (9 * freedom) + z * math.sqrt(2 / (9 * freedom))) ** 3
    return 0.5 * chi_squared * (1 / rows + 1 / reference_rows)


def shifts(
    columns: Mapping[str, NDArray[np.floating[Any]]], reference: Mapping[str, dict[str, Any]], reference_rows: int
) -> list[Shift]:
    """Every column that the reference knows, the furthest apart first; within the sampling level is nought."""
    known = {name: values for name, values in columns.items() if name in reference}
    found = [_shift(name, values, reference[name], reference_rows, len(known)) for name, values in known.items()]
    return sorted(found, key=lambda shift: (-shift.divergence, shift.name))


def _shift(
    name: str, values: NDArray[np.floating[Any]], held: dict[str, Any], reference_rows: int, columns: int
) -> Shift:
    now = shares(values, held["edges"])
    apart = kl_divergence(now, held["shares"], len(values), reference_rows)
    level = sampling_level(len(now), len(values), reference_rows, columns)
    return Shift(name, round(max(0.0, apart - level), 6), held["mean"], mean(values))


def _smoothed(held: Sequence[float], rows: int) -> NDArray[np.float64]:
    counts = np.asarray(held) * rows + _SMOOTHING
    return np.asarray(counts / counts.sum())
