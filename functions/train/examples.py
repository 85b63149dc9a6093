"""Training examples as arrays: what was known of a customer at a cutoff, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from holdfast.errors import TrainingRefused
from holdfast.matrix import floats, matrix

TRAIN, HOLDOUT, FOLD = "train", "holdout", "fold"
_BLOCK = 16_384
"""Rows that are looked at in one go, so that no second matrix is made."""
NO_GROUPS: Mapping[str, NDArray[np.str_]] = MappingProxyType({})
NEEDED = ("customer_id", "cutoff", "split", "label", "value")


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
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    """Which part of the customers each row belongs to, by attribute."""

    def __len__(self) -> int:
        return len(self.churned)

    def where(self, mask: NDArray[np.bool_] | NDArray[np.intp]) -> "Examples":
        """The rows that a mask [n] or row numbers pick; a run of neighbours is not copied."""
        picked = _run(np.nonzero(mask)[0]) if mask.dtype == np.bool_ else mask
        return Examples(
            self.rows[picked], self.churned[picked], self.value[picked], self.cutoff[picked], self.split[picked],
            {name: parts[picked] for name, parts in self.groups.items()},
        )  # fmt: skip

    def with_columns(self, columns: Sequence[int]) -> "Examples":
        """All rows, with some of the features."""
        return replace(self, rows=self.rows[:, columns])

    def of(self, split: str) -> "Examples":
        """The rows of one split."""
        return self.where(self.split == split)


def _run(picked: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    if len(picked) and picked[-1] - picked[0] == len(picked) - 1:
        return slice(int(picked[0]), int(picked[-1]) + 1)
    return picked


def examples_from(
    table: pa.Table, names: Sequence[str], groups: Mapping[str, NDArray[np.str_]] = NO_GROUPS
) -> Examples:
    """Read table `training_examples`, features `names` in that order; rows without a label are left out.

    `groups` are given for the rows of the table as they are.

    Raises:
        TrainingRefused: a column that training needs is not there.
    """
    if missing := [name for name in NEEDED if name not in table.column_names]:
        raise TrainingRefused(f"training_examples has no column {', '.join(missing)}")
    order = pc.sort_indices(table, [("cutoff", "ascending"), ("customer_id", "ascending")])
    order = order.filter(table["label"].is_valid().take(order))
    known = table.select(NEEDED).take(order)
    return Examples(
        rows=matrix(table, names, np.asarray(order)),
        churned=floats(known["label"]) > 0,
        value=floats(known["value"]),
        cutoff=_days(known["cutoff"]),
        split=np.asarray(known["split"].to_pylist(), dtype=np.str_),
        groups={name: parts[np.asarray(order)] for name, parts in groups.items()},
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
    absent = np.zeros(rows.shape[1], dtype=np.intp)
    for start in range(0, len(rows), _BLOCK):
        absent += np.isnan(rows[start : start + _BLOCK]).sum(axis=0)
    low, high = np.fmin.reduce(rows, axis=0), np.fmax.reduce(rows, axis=0)
    return np.asarray((low < high) | ((absent > 0) & (absent < len(rows))))


def evenly(total: int, most: int) -> NDArray[np.intp]:
    """Numbers of at most so many rows of `total`, spread evenly: a sample that needs no seed."""
    return np.unique(np.linspace(0, total - 1, min(total, most)).astype(np.intp))
