"""Exact TreeSHAP by tables: a boosted tree model's margins and contributions from one look-up per leaf.

At a leaf whose path tests d features, the value of a coalition S is leaf * prod(s_j for j in S) * prod(r_j for the
rest), where s_j says whether the row passes feature j's merged interval and r_j is the product of cover shares along
the path. So the Shapley values of a leaf depend on the row through the d bits s alone, and all 2^d patterns are
tabulated once, when the model is read. The value function is the path-dependent one of Lundberg et al., "Consistent
individualized feature attribution for tree ensembles" (arXiv:1802.03888); tabulating it by pattern is the idea of Fast
TreeSHAP v2 (Yang, arXiv:2109.09847).
"""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from holdfast.errors import BundleInvalid

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

MAXIMUM_DEPTH = 6
_CELLS = 2_000_000
"""How many (leaf, feature) cells are looked at in one go: bounds the memory of a batch to some 50 MB."""


class Test(NamedTuple):
    """What a path asks of one feature: low <= value < high, whether a missing value passes; `share` is its cover."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class TreeTables:
    """A boosted tree model as tables.

    A slot is one feature tested on the way to one leaf. Leaves with fewer slots than the deepest are filled up with
    slots that always pass: by the dummy axiom these contribute nought and leave the others as they are.
    """

    base: float
    """The margin of the average training row: log-odds."""
    width: int
    """How many columns a row has."""
    tested: NDArray[np.intp]
    """Feature of each slot, [depth, leaves]."""
    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    phi: Floats
    """Contributions by leaf, pattern and slot, flat."""
    leaf_of: NDArray[np.intp]
    """Leaf of each real slot, slots ordered by feature, [slots]."""
    first: NDArray[np.intp]
    """Where in `phi` the pattern nought of each real slot lies, [slots]."""
    features: NDArray[np.intp]
    """The features that any tree tests, ascending."""
    starts: NDArray[np.intp]
    """Where each of them starts among the real slots."""

    @classmethod
    def from_xgboost(cls, model: bytes) -> "TreeTables":
        """Read what `Booster.save_raw("json")` wrote for the objective binary:logistic.

        Raises:
            BundleInvalid: another objective, booster or split type, deeper than `MAXIMUM_DEPTH`, or no such file.
        """
        try:
            learner = json.loads(model)["learner"]
            _check_kind(learner)
            width = int(learner["learner_model_param"]["num_feature"])
            leaves = leaves_of(learner)
            return _tabulate(leaves, _base_margin(learner["learner_model_param"]["base_score"]), width)
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
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise BundleInvalid(f"the churn model's tables cannot be read: {error}") from error
        return cls(**read | {"base": float(read["base"]), "width": int(read["width"])})

    def to_bytes(self) -> bytes:
        """The arrays in numpy's own format: reading them is all that a scorer has to do."""
        written = io.BytesIO()
        arrays: dict[str, Any] = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        np.savez(written, **arrays)
        return written.getvalue()

    def explain(self, rows: Floats) -> tuple[Doubles, Doubles]:
        """Margins [n] and contributions [n, width] of float32 rows [n, width], NaN where missing; both in log-odds.

        Raises:
            BundleInvalid: the rows do not have the width that the model was trained on.
        """
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise BundleInvalid(f"the churn model reads {self.width} features, not rows of shape {rows.shape}")
        contributions = np.zeros((len(rows), self.width))
        if len(self.features):
            step = max(1, _CELLS // self.tested.size)
            for start in range(0, len(rows), step):
                contributions[start : start + step, self.features] = self._contributions(rows[start : start + step])
        return self.base + contributions.sum(axis=1), contributions

    def _contributions(self, rows: Floats) -> Doubles:
        largest = np.finfo(np.float32).max
        columns = np.clip(np.ascontiguousarray(rows.T, dtype=np.float32), -largest, largest)
        patterns = self._patterns(columns)
        found = self.phi[self.first[:, None] + (patterns * len(self.tested))[self.leaf_of]]
        return np.add.reduceat(found, self.starts, axis=0, dtype=np.float64).T

    def _patterns(self, columns: Floats) -> NDArray[np.intp]:
        absent = np.isnan(columns)
        patterns = np.zeros((self.tested.shape[1], columns.shape[1]), dtype=np.intp)
        for slot, tested in enumerate(self.tested):
            values = columns[tested]
            passes = (values >= self.low[slot][:, None]) & (values < self.high[slot][:, None])
            passes |= absent[tested] & self.missing[slot][:, None]
            patterns |= passes.astype(np.intp) << slot
        return patterns


def _check_kind(learner: dict[str, Any]) -> None:
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]["name"]
    if (objective, booster) != ("binary:logistic", "gbtree"):
        raise BundleInvalid(f"the churn model is {booster} with {objective}; tables need gbtree with binary:logistic")


def _base_margin(written: Any) -> float:
    """XGBoost has written the base probability as a number, a string and, since 3.1, a string with a list of one."""
    value = json.loads(written) if isinstance(written, str) else written
    probability = float(value[0] if isinstance(value, list) else value)
    if not 0 < probability < 1:
        raise BundleInvalid(f"the churn model's base_score {probability} is no probability")
    return math.log(probability / (1 - probability))


def leaves_of(learner: dict[str, Any]) -> list[tuple[float, dict[int, Test]]]:
    """Value and tests by feature of every leaf of every tree, of XGBoost's `learner`."""
    return [leaf for tree in learner["gradient_booster"]["model"]["trees"] for leaf in _leaves(tree)]


def _leaves(tree: dict[str, Any]) -> Iterator[tuple[float, dict[int, Test]]]:
    """Those of one tree; the root comes first in XGBoost's arrays."""
    if any(tree.get("split_type", ())):
        raise BundleInvalid("the churn model has categorical splits, which the tables do not hold")
    left, right, covers = tree["left_children"], tree["right_children"], tree["sum_hessian"]
    waiting: list[tuple[int, dict[int, Test]]] = [(0, {})]
    while waiting:
        node, tests = waiting.pop()
        if left[node] < 0:
            yield float(tree["split_conditions"][node]), tests
            continue
        for child in (right[node], left[node]):
            share = covers[child] / covers[node] if covers[node] else 0.0
            waiting.append((child, _narrowed(tests, tree, node, child == left[node], share)))


def _narrowed(
    tests: dict[int, Test], tree: dict[str, Any], node: int, goes_left: bool, share: float
) -> dict[int, Test]:
    feature, threshold = int(tree["split_indices"][node]), float(tree["split_conditions"][node])
    held = tests.get(feature, Test())
    low = held.low if goes_left else max(held.low, threshold)
    high = min(held.high, threshold) if goes_left else held.high
    missing = held.missing and bool(tree["default_left"][node]) == goes_left
    return tests | {feature: Test(low, high, missing, held.share * share)}


def _tabulate(leaves: list[tuple[float, dict[int, Test]]], base: float, width: int) -> TreeTables:
    depth = max((len(tests) for _, tests in leaves), default=0)
    if depth > MAXIMUM_DEPTH:
        raise BundleInvalid(f"the churn model's paths test {depth} features; tables are kept up to {MAXIMUM_DEPTH}")
    filler = (-1, Test())
    slots = [[*tests.items(), *[filler] * (depth - len(tests))] for _, tests in leaves]
    tested = np.array([[feature for feature, _ in row] for row in slots], dtype=np.intp).reshape(len(leaves), depth).T
    tests = np.array([[tuple(test) for _, test in row] for row in slots], dtype=np.float64).reshape(
        len(leaves), depth, 4
    )
    values = np.array([value for value, _ in leaves])
    leaf_of, first, features, starts = _ordered(tested, depth)
    return TreeTables(
        base=base + float(values @ tests[:, :, 3].prod(axis=1)),
        width=width,
        tested=np.maximum(tested, 0),
        low=np.ascontiguousarray(tests[:, :, 0].T, dtype=np.float32),
        high=np.ascontiguousarray(tests[:, :, 1].T, dtype=np.float32),
        missing=np.ascontiguousarray(tests[:, :, 2].T > 0),
        phi=_shapley_tables(values, tests[:, :, 3]),
        leaf_of=leaf_of,
        first=first,
        features=features,
        starts=starts,
    )


def _ordered(tested: NDArray[np.intp], depth: int) -> tuple[NDArray[np.intp], ...]:
    slot, leaf = np.nonzero(tested >= 0)
    order = np.argsort(tested[slot, leaf], kind="stable")
    slot, leaf = slot[order], leaf[order]
    features, starts = np.unique(tested[slot, leaf], return_index=True)
    return leaf, leaf * (depth << depth) + slot, features, starts


def _shapley_tables(values: Doubles, shares: Doubles) -> Floats:
    """Contributions [leaves * 2^d * d] of d slots with shares [leaves, d], for every pattern of slots that pass."""
    leaves, depth = shares.shape
    passes = (np.arange(1 << depth)[:, None] >> np.arange(depth)) & 1
    phi = np.empty((leaves, 1 << depth, depth), dtype=np.float32)
    for slot in range(depth):
        others = [j for j in range(depth) if j != slot]
        by_size = [np.ones((leaves, 1 << depth))]
        for j in others:
            by_size = _times(by_size, passes[None, :, j], shares[:, j, None])
        weights = [1 / (depth * math.comb(depth - 1, size)) for size in range(depth)]
        worth = sum(weight * sums for weight, sums in zip(weights, by_size, strict=True))
        phi[:, :, slot] = values[:, None] * worth * (passes[None, :, slot] - shares[:, slot, None])
    return phi.reshape(-1)


def _times(by_size: list[Doubles], passes: NDArray[np.int64], share: Doubles) -> list[Doubles]:
    """Multiply a polynomial in the coalition's size by (passes * z + share): in the coalition, or not."""
    grown = [share * sums for sums in by_size] + [np.zeros_like(by_size[0])]
    for size, sums in enumerate(by_size):
        grown[size + 1] = grown[size + 1] + passes * sums
    return grown
