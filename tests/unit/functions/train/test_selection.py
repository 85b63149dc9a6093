"""Of many features the models read those that help, and vectors of another choice are told apart."""

import numpy as np
import pytest

from holdfast.feature_set import Feature, FeatureSet
from train.examples import Examples
from train.selection import narrowed, select

WIDE = FeatureSet(tuple(Feature(f"f{i}", f"Number {i}") for i in range(40)), {"windows_days": [7]})


@pytest.fixture(scope="module")
def examples() -> Examples:
    luck = np.random.default_rng(1)
    rows = luck.normal(size=(1500, 40)).astype(np.float32)
    rows[luck.random(rows.shape) < 0.1] = np.nan
    churned = np.nan_to_num(rows[:, 30]) - np.nan_to_num(rows[:, 7]) + luck.normal(size=1500) > 1
    cutoff = np.full(1500, np.datetime64("2026-01-01", "D"))
    return Examples(rows, churned, np.zeros(1500), cutoff, np.full(1500, "train"))


def test_those_that_tell_who_leaves_are_chosen_in_their_order_and_the_others_have_a_reason(examples):
    chosen = select(examples, WIDE, 4, seed=7)

    assert {"f7", "f30"} <= set(chosen.names)
    assert len(chosen.names) == 4
    assert chosen.names == [name for name in WIDE.names if name in chosen.names]
    assert set(chosen.dropped) == set(WIDE.names) - set(chosen.names)
    assert set(chosen.dropped.values()) == {
        "not among the 4 features that a first model of the training rows gained most from"
    }


def test_the_examples_are_narrowed_to_the_same_columns(examples):
    chosen = select(examples, WIDE, 4, seed=7)

    rows = narrowed(examples, WIDE, chosen).rows

    assert np.array_equal(rows, examples.rows[:, [WIDE.names.index(name) for name in chosen.names]], equal_nan=True)


def test_a_customers_own_money_is_read_whatever_it_says_of_churn(examples):
    units = {3: ("USD", "events"), 5: ("USD", "company"), 6: ("days", "events")}
    features = tuple(Feature(f"f{i}", f"Number {i}", *units.get(i, ("", "events"))) for i in range(40))

    chosen = select(examples, FeatureSet(features, {}), 3, seed=7, currency="USD")

    assert chosen.names == ["f3", "f7", "f30"]


def test_the_same_rows_and_seed_choose_the_same(examples):
    assert select(examples, WIDE, 9, seed=7) == select(examples, WIDE, 9, seed=7)


def test_no_more_features_than_are_read_stay_as_they_are(examples):
    assert select(examples, WIDE, 40, seed=7) is WIDE
    assert narrowed(examples, WIDE, WIDE) is examples


def test_chosen_features_are_of_their_sets_version_and_of_a_layout_of_their_own():
    few, other = WIDE.chosen({"f1", "f2"}, "few"), WIDE.chosen({"f1", "f3"}, "few")

    assert few.version == other.version == WIDE.version == WIDE.layout
    assert len({few.layout, other.layout, WIDE.layout}) == 3
    assert FeatureSet.from_json(few.to_json()) == few
