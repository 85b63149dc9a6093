"""The tables against XGBoost itself."""

import json

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import BundleInvalid
from holdfast.trees import TreeTables


def world(rows: int, features: int, seed: int, missing: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, features)).astype(np.float32)
    values[draw.random(values.shape) < missing] = np.nan
    drive = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.nan_to_num(values[:, -1])
    return values, drive + draw.normal(size=rows) > 0.4


def data_of(values: np.ndarray, labels: np.ndarray | None = None, categorical: int = 0) -> xgb.DMatrix:
    """Rows for XGBoost, of which the first columns hold categories."""
    kinds = ["c" if column < categorical else "q" for column in range(values.shape[1])]
    return xgb.DMatrix(values, labels, feature_types=kinds, nthread=1)


def booster(
    values: np.ndarray, labels: np.ndarray, trees: int = 20, categorical: int = 0, **parameters: object
) -> xgb.Booster:
    chosen = {"objective": "binary:logistic", "tree_method": "hist", "nthread": 1, "max_depth": 4, **parameters}
    return xgb.train(chosen, data_of(values, labels, categorical), trees)


def assert_equal_to_xgboost(model: xgb.Booster, values: np.ndarray, categorical: int = 0) -> None:
    tables = TreeTables.from_bytes(TreeTables.from_xgboost(bytes(model.save_raw("json"))).to_bytes())
    margin, contributions = tables.explain(values)
    data = data_of(values, categorical=categorical)
    expected = model.predict(data, pred_contribs=True)
    np.testing.assert_allclose(contributions, expected[:, :-1], atol=1e-5)
    np.testing.assert_allclose(tables.base, expected[:, -1], atol=1e-5)
    np.testing.assert_allclose(margin, model.predict(data, output_margin=True), atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6, 7, 8])
def test_contributions_equal_those_of_xgboost_at_every_depth(depth: int) -> None:
    values, labels = world(800, 7, seed=depth)

    assert_equal_to_xgboost(booster(values, labels, max_depth=depth), values)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.2, 0.9]),
    depth=st.integers(1, 6),
    features=st.integers(2, 12),
)
def test_contributions_equal_those_of_xgboost_on_any_data(seed: int, missing: float, depth: int, features: int) -> None:
    values, labels = world(120, features, seed, missing)

    assert_equal_to_xgboost(booster(values, labels, 6, max_depth=depth, seed=seed), values)


def categories(rows: int, count: int, seed: int, missing: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """A column of categories before two of numbers, and labels that hang on some of the categories."""
    values, _ = world(rows, 3, seed, missing)
    draw = np.random.default_rng(seed)
    values[:, 0] = np.where(np.isnan(values[:, 0]), np.nan, draw.integers(0, count, rows))
    leaning = np.isin(values[:, 0], draw.choice(count, max(1, count // 3), replace=False))
    return values, leaning * 2 + np.nan_to_num(values[:, 1]) + draw.normal(size=rows) > 1


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 70),
    one_against_all=st.sampled_from([1, 100]),
    missing=st.sampled_from([0.0, 0.3]),
    depth=st.integers(1, 7),
)
def test_contributions_equal_those_of_xgboost_where_splits_are_categorical(
    seed: int, count: int, one_against_all: int, missing: float, depth: int
) -> None:
    values, labels = categories(400, count, seed, missing)
    model = booster(values, labels, 6, 1, max_depth=depth, max_cat_to_onehot=one_against_all, min_child_weight=0)

    assert_equal_to_xgboost(model, values, categorical=1)


def test_a_category_that_training_never_met_goes_where_xgboost_sends_it() -> None:
    values, labels = categories(400, 12, seed=1)
    model = booster(values, labels, categorical=1, max_cat_to_onehot=1)
    unknown = values[:4].copy()
    unknown[:, 0] = [12, 31, 32, 400]

    assert_equal_to_xgboost(model, unknown, categorical=1)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    method=st.sampled_from(["hist", "exact", "approx"]),
    policy=st.sampled_from(["depthwise", "lossguide"]),
    gamma=st.sampled_from([0.0, 0.5, 3.0]),
    weight=st.sampled_from([0.0, 1.0, 10.0]),
    forest=st.sampled_from([1, 3]),
)
def test_contributions_equal_those_of_xgboost_whatever_shape_its_trees_have(
    seed: int, method: str, policy: str, gamma: float, weight: float, forest: int
) -> None:
    values, labels = world(200, 5, seed)
    grown = {"max_depth": 7, "tree_method": method, "num_parallel_tree": forest, "subsample": 0.8, "seed": seed}
    leaves = {"grow_policy": policy, "max_leaves": 20} if method != "exact" else {}

    assert_equal_to_xgboost(booster(values, labels, 5, gamma=gamma, min_child_weight=weight, **grown, **leaves), values)


@pytest.mark.parametrize("base", [0.02, 0.5, 0.9])
def test_a_base_score_that_was_set_is_the_start_of_every_margin(base: float) -> None:
    values, labels = world(300, 4, seed=1)

    assert_equal_to_xgboost(booster(values, labels, base_score=base), values)


@pytest.mark.parametrize("written", ["2.5E-1", "[2.5E-1]", 0.25, [0.25]])
def test_reads_a_base_score_in_every_form_that_xgboost_has_written(written: object) -> None:
    values, labels = world(300, 4, seed=1)
    model = json.loads(bytes(booster(values, labels, base_score=0.25).save_raw("json")))
    expected = TreeTables.from_xgboost(json.dumps(model).encode()).base
    model["learner"]["learner_model_param"]["base_score"] = written

    assert TreeTables.from_xgboost(json.dumps(model).encode()).base == expected


def test_a_feature_that_is_never_used_contributes_nothing() -> None:
    values, labels = world(300, 5, seed=2)
    values[:, 3] = 1.0

    _, contributions = TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json"))).explain(values)

    assert not contributions[:, 3].any()


def test_a_model_of_single_leaves_gives_everybody_its_base() -> None:
    values, labels = world(200, 3, seed=3)
    model = booster(values, labels, 3, gamma=1e9)

    margin, contributions = TreeTables.from_xgboost(bytes(model.save_raw("json"))).explain(values)

    assert not contributions.any()
    np.testing.assert_allclose(margin, model.predict(xgb.DMatrix(values), output_margin=True), atol=1e-6)


def test_values_beyond_all_splits_and_infinities_take_the_outermost_leaves() -> None:
    values, labels = world(300, 4, seed=4)
    model = booster(values, labels)
    far = np.array([[1e30] * 4, [-1e30] * 4, [np.inf] * 4, [-np.inf] * 4], dtype=np.float32)

    margin, _ = TreeTables.from_xgboost(bytes(model.save_raw("json"))).explain(far)

    np.testing.assert_allclose(margin[:2], model.predict(xgb.DMatrix(far[:2]), output_margin=True), atol=1e-5)
    np.testing.assert_allclose(margin[2:], margin[:2])


@pytest.mark.parametrize("rows", [1, 60, 700, 1500])
def test_a_row_has_the_same_contributions_to_the_last_bit_alone_and_in_any_batch(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr("holdfast.trees._SIDE_BY_SIDE", 640)
    values, _ = categories(rows, 9, seed=5)
    trained, told = categories(1000, 9, seed=5)
    tables = TreeTables.from_xgboost(bytes(booster(trained, told, categorical=1, max_depth=6).save_raw("json")))

    together = tables.explain(values)
    alone = [tables.explain(row[None, :]) for row in values]

    np.testing.assert_array_equal(together[0], np.concatenate([margin for margin, _ in alone]))
    np.testing.assert_array_equal(together[1], np.vstack([contributions for _, contributions in alone]))


def test_no_rows_have_no_contributions() -> None:
    values, labels = world(100, 4, seed=7)
    margin, contributions = TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json"))).explain(values[:0])

    assert (margin.shape, contributions.shape) == ((0,), (0, 4))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"objective": "reg:squarederror"}, "binary:logistic"),
        ({"booster": "dart"}, "gbtree"),
        ({"max_depth": 9}, "deeper than 8"),
    ],
)
def test_refuses_a_model_that_tables_do_not_hold(parameters: dict[str, object], message: str) -> None:
    values, labels = world(3000, 12, seed=6)
    model = booster(values, labels, **{"min_child_weight": 0, **parameters})

    with pytest.raises(BundleInvalid, match=message):
        TreeTables.from_xgboost(bytes(model.save_raw("json")))


def test_refuses_more_tables_than_a_function_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = world(300, 4, seed=6)
    monkeypatch.setattr("holdfast.tabulate._MOST_ROWS", 100)

    with pytest.raises(BundleInvalid, match="kept are up to 100"):
        TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json")))


@pytest.mark.parametrize("garbage", [b"", b"{}", b'{"learner": 3}', b"not json"])
def test_refuses_what_is_no_model(garbage: bytes) -> None:
    with pytest.raises(BundleInvalid, match="not an XGBoost JSON model"):
        TreeTables.from_xgboost(garbage)


def test_refuses_rows_of_another_width() -> None:
    values, labels = world(100, 4, seed=7)
    tables = TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json")))

    with pytest.raises(BundleInvalid, match="reads 4 features"):
        tables.explain(values[:, :3])
