"""A boosted tree model's margins and exact contributions (TreeSHAP) from tables: a few look-ups per tree and row.

The value function is the path-dependent one of Lundberg et al., "Consistent individualized feature attribution for
tree ensembles" (arXiv:1802.03888); tabulating it by patterns is the idea of Fast TreeSHAP v2 (Yang, arXiv:2109.09847);
`holdfast.tabulate` tells how. Contributions are whole multiples of one small power of two, so that their sums are
exact in any order: a row's answer is the same to the last bit alone or in a batch, on any processor.
"""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.boosted import Tree, base_margin, learner_of, trees_of
from holdfast.errors import BundleInvalid
from holdfast.row_cost import SPLITS, row_ms
from holdfast.tabulate import Group, base_of, groups_of, tables_of
from holdfast.zipped import restored

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Places = NDArray[np.intp]

_SMALLEST = float(np.finfo(np.float32).min)
_FEW = 512
"""Rows up to which one after the other is faster than all side by side."""
_SIDE_BY_SIDE = 8_192
"""Rows looked up in one go: bounds the memory of a batch, and keeps what is worked on near the processor."""
_AT_ONCE = 8
"""Groups whose splits are asked in one go."""

_NO_TABLES = (
    AttributeError, EOFError, KeyError, MemoryError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What numpy raises of files that are no archive of arrays."""


@dataclass(frozen=True, eq=False)
class TreeTables:
    """A boosted tree model as tables of groups of splits; every group has `SPLITS` slots, unused ones at the end."""

    base: float
    """The margin of the average training row: log-odds."""
    width: int
    """How many columns a row has."""
    unit: float
    """Log-odds of one in `phi`: a power of two."""
    asked: Places
    """What each split looks at, [groups * SPLITS]: a column; from `width` on the same, where a missing value goes right; from twice
    `width` on a set of categories."""
    threshold: Floats
    """What is smaller goes left, [groups * SPLITS]."""
    first: Places
    """Where in `phi` each group begins, [groups]."""
    features: Places
    """To which feature each slot contributes, [groups * SPLITS]; `width` where to none."""
    phi: NDArray[np.int32]
    """Contributions by group, pattern and slot, [rows, SPLITS], in units."""
    members: NDArray[np.bool_]
    """Of each set of categories which are in it, [sets, categories]: a row's category that is goes right."""
    member_column: Places
    """The column that holds its category, [sets]."""
    member_missing: NDArray[np.bool_]
    """Whether a missing category goes right, [sets]."""

    @classmethod
    def from_xgboost(cls, model: bytes) -> "TreeTables":
        """Read what `Booster.save_raw("json")` wrote for the objective binary:logistic.

        Raises:
            BundleInvalid: another objective or booster, trees too deep or too many, or no such file.
        """
        try:
            learner = learner_of(model)
            width = int(learner["learner_model_param"]["num_feature"])
            return _tabulated(groups_of(trees_of(learner)), base_margin(learner), width)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise BundleInvalid(
                f"the churn model is not an XGBoost JSON model: {type(error).__name__}: {error}"
            ) from error

    @classmethod
    def from_bytes(cls, held: bytes) -> "TreeTables":
        """Read what `to_bytes` wrote; nothing in it is run.

        Raises:
            BundleInvalid: no such file.
        """
        try:
            with np.load(io.BytesIO(held), allow_pickle=False) as arrays:
                read = {each.name: arrays[each.name] for each in fields(cls)}
        except _NO_TABLES as error:
            raise BundleInvalid(f"the churn model's tables cannot be read: {error}") from error
        plain = {"base": float(read["base"]), "width": int(read["width"]), "unit": float(read["unit"])}
        return cls(**read | plain)

    def to_bytes(self) -> bytes:
        """The arrays in numpy's own format: reading them is all that a scorer has to do."""
        written = io.BytesIO()
        arrays: dict[str, Any] = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        np.savez(written, **arrays)
        return restored(written.getvalue())

    def explain(self, rows: Floats) -> tuple[Doubles, Doubles]:
        """Margins [n] and contributions [n, width] of float32 rows [n, width], NaN where missing; both in log-odds.

        Raises:
            BundleInvalid: the rows do not have the width that the model was trained on.
        """
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise BundleInvalid(f"the churn model reads {self.width} features, not rows of shape {rows.shape}")
        contributions = np.zeros((len(rows), self.width))
        if len(rows) <= _FEW:
            for found, answers in zip(contributions, self._looked_at(rows), strict=True):
                found[:] = self._of_one(answers)
        else:
            for start in range(0, len(rows), _SIDE_BY_SIDE):
                part = slice(start, start + _SIDE_BY_SIDE)
                contributions[part] = self._of_many(np.ascontiguousarray(self._looked_at(rows[part]).T)).T
        contributions *= self.unit
        return self.base + contributions.sum(axis=1), contributions

    def _looked_at(self, rows: Floats) -> Floats:
        """What splits look at [n, 2 * width + sets]: a missing value is smaller than all in the one half and larger in the other."""
        missing_left, missing_right = np.fmax(rows, np.float32(-np.inf)), np.fmin(rows, np.float32(np.inf))
        return np.concatenate([missing_left, missing_right, *self._memberships(rows)], axis=1)

    def _memberships(self, rows: Floats) -> list[Floats]:
        """One where a row's category is in a set, and else nought, [n, sets]. A category that nobody knew is in no set, as XGBoost has it."""
        if not len(self.members):
            return []
        held = rows[:, self.member_column]
        known = (held >= 0) & (held < self.members.shape[1])
        inside = self.members[np.arange(len(self.members)), np.where(known, held, 0).astype(np.intp)] & known
        return [np.where(np.isnan(held), self.member_missing, inside).astype(np.float32)]

    def _of_one(self, row: Floats) -> Doubles:
        answers = row.take(self.asked, mode="clip") < self.threshold
        found = self.phi.take(self.first + np.packbits(answers, bitorder="little"), axis=0, mode="clip")
        return np.bincount(self.features, found.ravel(), self.width + 1)[:-1].astype(np.float64)

    def _of_many(self, columns: Floats) -> NDArray[np.int32]:
        """Contributions [width, n] of what splits look at, [2 * width + sets, n]."""
        total = np.zeros((self.width + 1, columns.shape[1]), np.int32)
        found = np.empty(columns.shape[1], np.int32)
        for start in range(0, len(self.first), _AT_ONCE):
            for group, pattern in enumerate(self._patterns(columns, start), start):
                for feature, table in self._slots(group):
                    np.add(total[feature], table.take(pattern, mode="wrap", out=found), out=total[feature])
        return total[:-1]

    def _patterns(self, columns: Floats, start: int) -> Places:
        these = slice(start * SPLITS, (start + _AT_ONCE) * SPLITS)
        answers = (columns[self.asked[these]] < self.threshold[these, None]).view(np.uint8)
        bits = answers.reshape(-1, SPLITS, columns.shape[1]) << np.arange(SPLITS, dtype=np.uint8)[:, None]
        return np.asarray(np.bitwise_or.reduce(bits, axis=1), np.intp)

    def _slots(self, group: int) -> list[tuple[int, NDArray[np.int32]]]:
        features = self.features[group * SPLITS : (group + 1) * SPLITS]
        tables = np.ascontiguousarray(self.phi[self.first[group] : self._ends[group]].T)
        return [(feature, tables[slot]) for slot, feature in enumerate(features.tolist()) if feature < self.width]

    @property
    def row_ms(self) -> float:
        """Milliseconds that one row takes on one core, as measured (docs/results.md): what depth and number of trees cost a score."""
        return row_ms(len(self.first))

    @cached_property
    def _ends(self) -> Places:
        return np.append(self.first[1:], len(self.phi))


def _tabulated(every: Sequence[Group], base: float, width: int) -> TreeTables:
    groups = [group for group in every if group.splits]
    exact, sizes = tables_of(groups), np.array([1 << len(group.splits) for group in groups], np.intp)
    first = np.cumsum(sizes) - sizes
    features = np.array([_filled(group.features(), width) for group in groups], np.intp).reshape(-1)
    unit = _unit(exact, first, features)
    sets = _Sets(width)
    asked = [sets.asked(group.tree, node) for group in groups for node in _filled(group.splits, -1)]
    return TreeTables(
        base=base + base_of(every),
        width=width,
        unit=unit,
        asked=np.array([column for column, _ in asked], np.intp),
        threshold=np.array([threshold for _, threshold in asked], np.float32),
        first=first,
        features=features,
        phi=np.rint(exact / unit).astype(np.int32),
        **sets.arrays(),
    )


def _filled(held: Sequence[int], filler: int) -> list[int]:
    return [*(filler if each < 0 else each for each in held), *[filler] * (SPLITS - len(held))]


def _unit(exact: Doubles, first: Places, features: Places) -> float:
    """The power of two that keeps every sum of contributions to one feature in 31 bits, with half of that to spare."""
    if not len(first):
        return 1.0
    most = np.bincount(features, np.maximum.reduceat(np.abs(exact), first, axis=0).ravel()).max()
    return 2.0 ** math.ceil(math.log2(most or 1.0) - 30)


class _Sets:
    """Numbers the sets of categories that splits send right."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._known: dict[tuple[int, tuple[int, ...], bool], int] = {}

    def asked(self, tree: Tree, node: int) -> tuple[int, float]:
        """Column and threshold of a split; where there is none (-1), what nothing is smaller than."""
        if node < 0:
            return 0, -math.inf
        feature, missing_right = tree.feature[node], not tree.missing_left[node]
        if node in tree.categories:
            told = (feature, tree.categories[node], missing_right)
            return 2 * self._width + self._known.setdefault(told, len(self._known)), 0.5
        return feature + self._width * missing_right, max(tree.condition[node], _SMALLEST)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """`members` and what belongs to them."""
        members = np.zeros((len(self._known), 1 + max((max(held) for _, held, _ in self._known), default=-1)), np.bool_)
        for row, (_, held, _) in enumerate(self._known):
            members[row, list(held)] = True
        return {
            "members": members,
            "member_column": np.array([column for column, _, _ in self._known], np.intp),
            "member_missing": np.array([missing for _, _, missing in self._known], np.bool_),
        }
