"""Training examples as arrays: what was known of a customer at a cutoff, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from holdfast.errors import TrainingRefused
from holdfast.matrix import floats, matrix

TRAIN, HOLDOUT, FOLD = "train", "holdout", "fold"
_NEEDED = ("customer_id", "cutoff", "split", "label", "value")


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows in the order of cutoff and customer."""

    rows: NDArray[np.float32]
    """Feature matrix, [n, features], NaN where missing."""
    churned: NDArray[np.bool_]
    value: NDArray[np.float64]
    """Money within the horizon, NaN where unknown."""
    cutoff: NDArray[np.datetime64]
    """The day of the cutoff."""
    split: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.churned)

    def where(self, mask: NDArray[np.bool_]) -> "Examples":
        """The rows that a mask [n] picks."""
        return Examples(self.rows[mask], self.churned[mask], self.value[mask], self.cutoff[mask], self.split[mask])

    def with_columns(self, columns: Sequence[int]) -> "Examples":
        """All rows, with some of the features."""
        return replace(self, rows=self.rows[:, columns])

    def of(self, split: str) -> "Examples":
        """The rows of one split."""
        return self.where(self.split == split)


def examples_from(table: pa.Table, names: Sequence[str]) -> Examples:
    """Read table `training_examples`, features `names` in that order; rows without a label are left out.

    Raises:
        TrainingRefused: a column that training needs is not there.
    """
    if missing := [name for name in _NEEDED if name not in table.column_names]:
        raise TrainingRefused(f"training_examples has no column {', '.join(missing)}")
    known = table.filter(pc.is_valid(table["label"])).sort_by([("cutoff", "ascending"), ("customer_id", "ascending")])
    return Examples(
        rows=matrix(known, names),
        churned=floats(known["label"]) > 0,
        value=floats(known["value"]),
        cutoff=_days(known["cutoff"]),
        split=np.asarray(known["split"].to_pylist(), dtype=np.str_),
    )


def _days(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    return np.asarray(column.cast(pa.timestamp("us")).to_numpy(), dtype="datetime64[D]")


def check_enough(examples: Examples, minimum: int) -> None:
    """Hold examples to what a model needs.

    Raises:
        TrainingRefused: with a sentence that says what is short.
    """
    churners = int(examples.churned.sum())
    stayers = len(examples) - churners
    if not churners or not stayers:
        only = "churned" if churners else "stayed"
        raise TrainingRefused(
            f"every one of the {len(examples)} training examples {only}: there is nothing to tell apart"
        )
    if min(churners, stayers) < minimum:
        few, kind = (churners, "churned") if churners < stayers else (stayers, "stayed")
        raise TrainingRefused(
            f"only {few} training examples {kind}; training.minimum_churners asks for {minimum} of each kind"
        )
    if not usable(examples.rows).any():
        raise TrainingRefused("no feature varies between the training examples: check that the sources deliver")


def usable(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which columns of [n, features] take more than one value, missing counted as one."""
    absent = np.isnan(rows)
    low, high = np.where(absent, np.inf, rows).min(axis=0), np.where(absent, -np.inf, rows).max(axis=0)
    return np.asarray((low < high) | (absent.any(axis=0) & ~absent.all(axis=0)))
