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


def booster(values: np.ndarray, labels: np.ndarray, trees: int = 20, **parameters: object) -> xgb.Booster:
    chosen = {"objective": "binary:logistic", "tree_method": "hist", "nthread": 1, "max_depth": 4, **parameters}
    return xgb.train(chosen, xgb.DMatrix(values, labels), trees)


def assert_equal_to_xgboost(model: xgb.Booster, values: np.ndarray) -> None:
    tables = TreeTables.from_xgboost(bytes(model.save_raw("json")))
    margin, contributions = tables.explain(values)
    expected = model.predict(xgb.DMatrix(values), pred_contribs=True)
    np.testing.assert_allclose(contributions, expected[:, :-1], atol=1e-5)
    np.testing.assert_allclose(tables.base, expected[:, -1], atol=1e-5)
    np.testing.assert_allclose(margin, model.predict(xgb.DMatrix(values), output_margin=True), atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
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


def test_a_batch_in_chunks_equals_its_rows_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels = world(60, 5, seed=5)
    tables = TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json")))
    whole = tables.explain(values)[1]

    monkeypatch.setattr("holdfast.trees._CELLS", tables.tested.size * 7)

    np.testing.assert_array_equal(tables.explain(values)[1], whole)
    np.testing.assert_array_equal(np.vstack([tables.explain(row[None, :])[1] for row in values]), whole)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"objective": "reg:squarederror"}, "binary:logistic"),
        ({"booster": "dart"}, "gbtree"),
        ({"max_depth": 8}, "up to 6"),
    ],
)
def test_refuses_a_model_that_tables_do_not_hold(parameters: dict[str, object], message: str) -> None:
    values, labels = world(3000, 12, seed=6)
    model = booster(values, labels, **{"min_child_weight": 0, **parameters})

    with pytest.raises(BundleInvalid, match=message):
        TreeTables.from_xgboost(bytes(model.save_raw("json")))


@pytest.mark.parametrize("garbage", [b"", b"{}", b'{"learner": 3}', b"not json"])
def test_refuses_what_is_no_model(garbage: bytes) -> None:
    with pytest.raises(BundleInvalid, match="not an XGBoost JSON model"):
        TreeTables.from_xgboost(garbage)


def test_refuses_rows_of_another_width() -> None:
    values, labels = world(100, 4, seed=7)
    tables = TreeTables.from_xgboost(bytes(booster(values, labels).save_raw("json")))

    with pytest.raises(BundleInvalid, match="reads 4 features"):
        tables.explain(values[:, :3])
