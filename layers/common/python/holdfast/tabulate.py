"""From boosted trees to tables: which splits are asked together, and what every pattern of their answers contributes.

At a leaf whose path tests d features, the value of a coalition S is leaf * prod(s_j for j in S) * prod(r_j for the
rest), where s_j says whether the row passes all that the path asks of feature j and r_j is the product of cover shares
along the path. So the Shapley values of a leaf depend on the row through the answers of the splits on its path alone.
Neighbouring leaves share most of their path: a group holds as large a part of a tree as has, with the path that leads
to it, at most `SPLITS` splits, and its table the sum of its leaves for all 2^b patterns of its b answers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from holdfast.boosted import Tree
from holdfast.errors import BundleInvalid
from holdfast.row_cost import SPLITS

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_ROWS = 1 << 22
"""Rows of tables that are kept: 128 MB."""
_LEAVES = 4_000
"""Leaves tabulated in one go: bounds the memory of it to some 100 MB."""


class Leaf(NamedTuple):
    """One leaf of a group: its value, and of each feature on its path slot, bits asked, bits wanted and cover share."""

    value: float
    tests: tuple[tuple[int, int, int, float], ...]


@dataclass(frozen=True)
class Group:
    """Part of a tree, and the path that leads there."""

    tree: Tree
    splits: tuple[int, ...]
    """Nodes of `tree`; the position of each is its bit."""
    leaves: tuple[Leaf, ...]

    def features(self) -> list[int]:
        """Of each slot the feature that it contributes to: the first split of each feature has a slot; -1 elsewhere."""
        asked = [self.tree.feature[node] for node in self.splits]
        return [feature if asked.index(feature) == slot else -1 for slot, feature in enumerate(asked)]


def groups_of(trees: Sequence[Tree]) -> list[Group]:
    """All groups of all trees.

    Raises:
        BundleInvalid: a path is too long, or there would be too many rows of tables.
    """
    groups = [group for tree in trees for group in _groups(tree)]
    rows = sum(1 << len(group.splits) for group in groups)
    if rows > _MOST_ROWS:
        raise BundleInvalid(f"the churn model's tables would have {rows:,} rows; kept are up to {_MOST_ROWS:,}")
    return groups


def _groups(tree: Tree) -> Iterator[Group]:
    waiting: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while waiting:
        node, path = waiting.pop()
        below = tree.splits_below(node)
        if len(path) + len(below) <= SPLITS:
            yield _group(tree, path, node, below)
        elif len(path) < SPLITS and not tree.is_leaf(node):
            waiting += [(child, (*path, node)) for child in (tree.right[node], tree.left[node])]
        else:
            raise BundleInvalid(f"the churn model's trees are deeper than {SPLITS}, more than tables are kept of")


def _group(tree: Tree, path: tuple[int, ...], top: int, below: list[int]) -> Group:
    splits = (*path, *below)
    bit = {node: 1 << position for position, node in enumerate(splits)}
    slot: dict[int, int] = {}
    for position, node in enumerate(splits):
        slot.setdefault(tree.feature[node], position)
    leaves = []
    for steps in _paths(tree, list(zip(path, (*path[1:], top), strict=True)) if path else [], top):
        tests: dict[int, tuple[int, int, float]] = {}
        for node, child in steps:
            asked, wanted, share = tests.get(tree.feature[node], (0, 0, 1.0))
            left = bit[node] if child == tree.left[node] else 0
            tests[tree.feature[node]] = (asked | bit[node], wanted | left, share * tree.share(node, child))
        leaf = steps[-1][1] if steps else top
        leaves.append(Leaf(tree.condition[leaf], tuple((slot[feature], *test) for feature, test in tests.items())))
    return Group(tree, splits, tuple(leaves))


def _paths(tree: Tree, led: list[tuple[int, int]], top: int) -> Iterator[list[tuple[int, int]]]:
    """Steps (node, child) from the root to each leaf below `top`, where `led` leads."""
    waiting = [(top, led)]
    while waiting:
        node, steps = waiting.pop()
        if tree.is_leaf(node):
            yield steps
        else:
            waiting += [(child, [*steps, (node, child)]) for child in (tree.right[node], tree.left[node])]


def base_of(groups: Sequence[Group]) -> float:
    """What all leaves are worth to a row that nothing is known of: each by its share of the training rows."""
    return math.fsum(
        leaf.value * math.prod(test[3] for test in leaf.tests) for group in groups for leaf in group.leaves
    )


def tables_of(groups: Sequence[Group]) -> Doubles:
    """Contributions [rows, SPLITS] of the slots of each group for each pattern of its answers, group after group."""
    parts, some, leaves = [np.empty((0, SPLITS))], [], 0
    for group in groups:
        some.append(group)
        leaves += len(group.leaves)
        if leaves >= _LEAVES:
            parts.append(_summed(some))
            some, leaves = [], 0
    return np.concatenate([*parts, _summed(some)] if some else parts)


def _summed(groups: list[Group]) -> Doubles:
    depth = max(1, *(len(leaf.tests) for group in groups for leaf in group.leaves))
    tests = np.zeros((sum(len(group.leaves) for group in groups), depth, 4))
    tests[:, :, 3] = 1.0
    values, owner = np.empty(len(tests)), np.empty(len(tests), np.int64)
    for row, (number, leaf) in enumerate(
        (number, leaf) for number, group in enumerate(groups) for leaf in group.leaves
    ):
        values[row], owner[row] = leaf.value, number
        tests[row, : len(leaf.tests)] = leaf.tests
    bits = np.array([len(group.splits) for group in groups])
    patterns = np.arange(1 << bits.max())
    asked, wanted = tests[:, :, 1].astype(np.int64), tests[:, :, 2].astype(np.int64)
    passes = ((patterns ^ wanted[:, :, None]) & asked[:, :, None]) == 0
    own = (passes << np.arange(depth)[None, :, None]).sum(axis=1)
    worth = np.take_along_axis(shapley(values, tests[:, :, 3]), own[:, :, None], axis=1)
    where = (owner[:, None, None] * len(patterns) + patterns[None, :, None]) * SPLITS + tests[:, None, :, 0].astype(
        np.int64
    )
    total: Doubles = np.zeros((len(groups), len(patterns), SPLITS))
    np.add.at(total.reshape(-1), where.ravel(), worth.ravel())
    return total[patterns < (1 << bits)[:, None]]


def shapley(values: Doubles, shares: Doubles) -> Doubles:
    """Contributions [leaves, 2^d, d] of d tests with cover shares [leaves, d], for every pattern of tests that pass.

    A test that always passes, of share 1, contributes nought and leaves the others as they are (the dummy axiom): leaves
    with fewer tests are filled up with those.
    """
    leaves, depth = shares.shape
    passes = (np.arange(1 << depth)[:, None] >> np.arange(depth)) & 1
    phi = np.empty((leaves, 1 << depth, depth))
    for slot in range(depth):
        others = [j for j in range(depth) if j != slot]
        by_size = [np.ones((leaves, 1 << depth))]
        for j in others:
            by_size = _times(by_size, passes[None, :, j], shares[:, j, None])
        weights = [1 / (depth * math.comb(depth - 1, size)) for size in range(depth)]
        worth = sum(weight * sums for weight, sums in zip(weights, by_size, strict=True))
        phi[:, :, slot] = values[:, None] * worth * (passes[None, :, slot] - shares[:, slot, None])
    return phi


def _times(by_size: list[Doubles], passes: NDArray[np.int64], share: Doubles) -> list[Doubles]:
    """Multiply a polynomial in the coalition's size by (passes * z + share): in the coalition, or not."""
    grown = [share * sums for sums in by_size] + [np.zeros_like(by_size[0])]
    for size, sums in enumerate(by_size):
        grown[size + 1] = grown[size + 1] + passes * sums
    return grown
