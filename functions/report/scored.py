"""Everybody who was scored, as columns, and the segments that each one is in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

BANDS = ("high", "medium", "low")
VALUES = ("most valuable fifth", "next three tenths", "other half")
ADOPTION = ("broad", "partial", "narrow")
"""How much of the product somebody uses: by thirds of all customers."""
UNKNOWN = -1
ADOPTED = "feature_adoption_score"
"""The feature that says it."""
_FIFTH, _HALF = 0.8, 0.5


@dataclass(frozen=True, eq=False)
class Scored:
    """Table `scores` with what the feature matrix adds to it: adoption, and what is usual."""

    table: pa.Table
    adoption: Doubles
    """NaN where unknown."""
    usual: dict[str, float]
    """Median of each feature over all customers; none where there is none."""

    @classmethod
    def of(cls, scores: pa.Table, features: pa.Table | None, names: Sequence[str]) -> "Scored":
        """From both tables; of the matrix the columns `names`. Without it nothing is known of adoption or of what is usual."""
        if features is None or not scores.num_rows:
            return cls(scores, np.full(scores.num_rows, np.nan), {})
        held = [name for name in dict.fromkeys([*names, ADOPTED]) if name in features.column_names]
        usual = {name: _median(features[name]) for name in held}
        return cls(scores, _adoption(scores, features), {name: each for name, each in usual.items() if each == each})

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def probability(self) -> Doubles:
        return np.asarray(self.table["probability"].to_numpy(), dtype=np.float64)

    @cached_property
    def value(self) -> Doubles:
        """NaN where unknown."""
        return np.asarray(self.table["value"].cast(pa.float64()).to_numpy(), dtype=np.float64)

    @cached_property
    def at_risk(self) -> Doubles:
        """Probability of leaving times value; nothing where the value is unknown."""
        return np.nan_to_num(self.probability * self.value)

    @property
    def valued(self) -> bool:
        """Whether anything is known about money."""
        return bool(np.isfinite(self.value).any())

    @cached_property
    def band(self) -> Indices:
        """Index into `BANDS`."""
        return _codes(self.table["band"], BANDS)

    @cached_property
    def high(self) -> Mask:
        return np.asarray(self.band == BANDS.index("high"))

    @cached_property
    def worth(self) -> Indices:
        """Index into `VALUES`, by rank; who is worth nothing is in the last, as is everybody where nothing is known."""
        held = np.nan_to_num(self.value, nan=-1.0)
        rank = (np.argsort(np.argsort(held, kind="stable"), kind="stable") + 0.5) / max(len(self), 1)
        made = np.select([rank >= _FIFTH, rank >= _HALF], [0, 1], 2)
        return np.asarray(np.where(held > 0, made, len(VALUES) - 1), dtype=np.intp)

    @cached_property
    def adopted(self) -> Indices:
        """Index into `ADOPTION`, or `UNKNOWN`."""
        known = np.isfinite(self.adoption)
        if not known.any():
            return np.full(len(self), UNKNOWN, dtype=np.intp)
        low, high = np.quantile(self.adoption[known], [1 / 3, 2 / 3])
        made = np.select([self.adoption > high, self.adoption < low], [0, 2], 1)
        return np.asarray(np.where(known, made, UNKNOWN), dtype=np.intp)

    @cached_property
    def usual_adoption(self) -> float:
        """The median; NaN where nothing is known."""
        known = self.adoption[np.isfinite(self.adoption)]
        return float(np.median(known)) if len(known) else float("nan")


def _codes(column: pa.ChunkedArray, words: Sequence[str]) -> Indices:
    return np.asarray(pc.index_in(column, pa.array(words)).to_numpy(), dtype=np.intp)


def _adoption(scores: pa.Table, features: pa.Table) -> Doubles:
    if ADOPTED not in features.column_names:
        return np.full(scores.num_rows, np.nan)
    at = pc.index_in(scores["customer_id"], features["customer_id"].combine_chunks())
    return np.asarray(features[ADOPTED].take(at).cast(pa.float64()).to_numpy(), dtype=np.float64)


def _median(column: pa.ChunkedArray) -> float:
    held = column.cast(pa.float64()).to_numpy()
    known = held[np.isfinite(held)]
    return float(np.median(known)) if len(known) else float("nan")
