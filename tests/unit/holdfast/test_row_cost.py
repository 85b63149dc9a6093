"""What a row takes is told from sizes before anything is fitted, and holds for what is fitted then."""

import numpy as np
import pytest
import xgboost as xgb

from holdfast.errors import ConfigurationInvalid
from holdfast.row_cost import most_groups, most_trees, row_ms
from holdfast.settings import parse_settings
from holdfast.trees import TreeTables

ROWS = 4_000


@pytest.fixture(scope="module")
def rows() -> xgb.DMatrix:
    draw = np.random.default_rng(3)
    return xgb.DMatrix(draw.normal(size=(ROWS, 12)).astype(np.float32), draw.random(ROWS) < 0.5)


@pytest.mark.parametrize("depth", range(1, 9))
def test_no_tree_of_a_depth_has_more_groups_than_are_said(depth: int, rows: xgb.DMatrix) -> None:
    model = xgb.train({"objective": "binary:logistic", "max_depth": depth, "min_child_weight": 0}, rows, 20)

    tables = TreeTables.from_xgboost(bytes(model.save_raw("json")))

    assert len(tables.first) <= 20 * most_groups(depth)
    assert tables.row_ms == row_ms(len(tables.first))


def test_a_full_tree_has_as_many_groups_as_are_said() -> None:
    assert [most_groups(depth) for depth in range(1, 9)] == [1, 1, 1, 2, 8, 16, 32, 128]


@pytest.mark.parametrize("depth", [3, 4, 5, 6])
def test_as_many_trees_as_fit_fit_and_one_more_does_not(depth: int) -> None:
    most = most_trees(depth, 0.4)

    assert row_ms(most * most_groups(depth)) <= 0.4 < row_ms((most + 1) * most_groups(depth))
    assert most_trees(depth, 0.01) == 0


def test_trees_that_would_take_too_long_are_refused_with_what_fits() -> None:
    said = '[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"\n[training]\n{}\n'

    parse_settings(said.format("depth = 6\ntrees = 866"))
    with pytest.raises(ConfigurationInvalid, match="no more than 866 trees"):
        parse_settings(said.format("depth = 6\ntrees = 867"))
