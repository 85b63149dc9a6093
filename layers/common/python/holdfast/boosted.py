"""Boosted trees as XGBoost's JSON holds them: nodes, leaves with the tests on their paths, and the base margin."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from holdfast.errors import BundleInvalid


class Test(NamedTuple):
    """What a path asks of one feature: low <= value < high, whether a missing value passes; `share` is its cover."""

    low: float = -math.inf
    high: float = math.inf
    missing: bool = True
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree by node; the root is node 0, and a node without a left child is a leaf."""

    left: list[int]
    right: list[int]
    feature: list[int]
    condition: list[float]
    """The threshold of a split (smaller goes left), the value of a leaf."""
    missing_left: list[int]
    cover: list[float]
    """Sum of the hessians of the training rows that came by."""
    categories: dict[int, tuple[int, ...]]
    """Of a categorical split: what goes right."""

    @classmethod
    def from_xgboost(cls, tree: dict[str, Any]) -> "Tree":
        held = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
        categories = {node: tuple(tree["categories"][start : start + size]) for node, start, size in held}
        return cls(
            tree["left_children"], tree["right_children"], tree["split_indices"], tree["split_conditions"],
            tree["default_left"], tree["sum_hessian"], categories,
        )  # fmt: skip

    def is_leaf(self, node: int) -> bool:
        return self.left[node] < 0

    def share(self, node: int, child: int) -> float:
        """The part of the training rows at a node that went to a child."""
        return self.cover[child] / self.cover[node] if self.cover[node] else 0.0

    def splits_below(self, node: int) -> list[int]:
        """The splits of the part of the tree that begins at a node, the nearest first."""
        found, level = [], [node]
        while level := [each for each in level if not self.is_leaf(each)]:
            found += level
            level = [child for each in level for child in (self.left[each], self.right[each])]
        return found


def learner_of(model: bytes) -> dict[str, Any]:
    """The learner in what `Booster.save_raw("json")` wrote for the objective binary:logistic.

    Raises:
        BundleInvalid: another objective or booster.
    """
    learner: dict[str, Any] = json.loads(model)["learner"]
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]["name"]
    if (objective, booster) != ("binary:logistic", "gbtree"):
        raise BundleInvalid(f"the churn model is {booster} with {objective}; tables need gbtree with binary:logistic")
    return learner


def trees_of(learner: dict[str, Any]) -> list[Tree]:
    """The trees of a learner, in the order in which they were grown."""
    return [Tree.from_xgboost(tree) for tree in learner["gradient_booster"]["model"]["trees"]]


def base_margin(learner: dict[str, Any]) -> float:
    """Log-odds of the base probability, which XGBoost has written as a number, a string and, since 3.1, a string with a list of one.

    Raises:
        BundleInvalid: it is no probability.
    """
    written = learner["learner_model_param"]["base_score"]
    value = json.loads(written) if isinstance(written, str) else written
    probability = float(value[0] if isinstance(value, list) else value)
    if not 0 < probability < 1:
        raise BundleInvalid(f"the churn model's base_score {probability} is no probability")
    return math.log(probability / (1 - probability))


def leaves_of(learner: dict[str, Any]) -> list[tuple[float, dict[int, Test]]]:
    """Value and tests by feature of every leaf of every tree.

    Raises:
        BundleInvalid: a split is categorical, which no interval tells of.
    """
    return [leaf for tree in trees_of(learner) for leaf in _leaves(tree)]


def _leaves(tree: Tree) -> Iterator[tuple[float, dict[int, Test]]]:
    if tree.categories:
        raise BundleInvalid("the churn model has categorical splits, which intervals do not tell of")
    waiting: list[tuple[int, dict[int, Test]]] = [(0, {})]
    while waiting:
        node, tests = waiting.pop()
        if tree.is_leaf(node):
            yield float(tree.condition[node]), tests
            continue
        for child in (tree.right[node], tree.left[node]):
            waiting.append((child, _narrowed(tests, tree, node, child)))


def _narrowed(tests: dict[int, Test], tree: Tree, node: int, child: int) -> dict[int, Test]:
    feature, threshold = int(tree.feature[node]), float(tree.condition[node])
    held, goes_left = tests.get(feature, Test()), child == tree.left[node]
    low = held.low if goes_left else max(held.low, threshold)
    high = min(held.high, threshold) if goes_left else held.high
    missing = held.missing and bool(tree.missing_left[node]) == goes_left
    return tests | {feature: Test(low, high, missing, held.share * tree.share(node, child))}
