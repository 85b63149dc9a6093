"""What is left out of a feature set, and the reason that is written down."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from features.matrix import Matrix
from features.pruning import Today, area, near_duplicates, pruned
from features.synthesis import synthesise
from holdfast.feature_set import Feature
from holdfast.settings import FeatureRules
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings

ROWS = 4_000
DRAW = np.random.default_rng(5)
LABEL = (DRAW.random(ROWS) < 0.15).astype(np.float64)
PLAIN = DRAW.gamma(1.0, 5.0, ROWS)
NOBODY = Today(frozenset(), np.arange(0), np.zeros(0, bool))
RULE = FeatureRules()


def matrix(**columns: np.ndarray) -> Matrix:
    return {Feature(name, name.capitalize()): values.astype(np.float32) for name, values in columns.items()}


def test_constant_and_equal_columns_are_named_with_the_one_that_stays() -> None:
    made = matrix(plain=PLAIN, same=PLAIN.copy(), one=np.ones(ROWS), unknown=np.full(ROWS, np.nan))

    assert pruned(made, LABEL, NOBODY, RULE) == {"same": "equal to plain", "one": "constant", "unknown": "constant"}


def test_of_two_that_go_together_the_earlier_stays_and_the_others_are_held_against_those_that_stay() -> None:
    noisy = PLAIN * np.exp(DRAW.normal(0, 0.06, ROWS))
    opposite, other = -PLAIN, PLAIN + DRAW.gamma(1.0, 5.0, ROWS)

    dropped = pruned(matrix(plain=PLAIN, noisy=noisy, opposite=opposite, other=other), LABEL, NOBODY, RULE)

    assert list(dropped) == ["noisy", "opposite"]
    assert dropped["noisy"].startswith("correlation 0.99")
    assert dropped["opposite"] == "correlation 1.0000 with plain"


def test_a_few_large_values_make_no_duplicates() -> None:
    spike = np.zeros(ROWS)
    spike[:3] = 1e6

    assert (
        near_duplicates({"a": (PLAIN + spike).astype(np.float32), "b": (PLAIN[::-1] + spike).astype(np.float32)}, 0.995)
        == {}
    )


def test_columns_over_many_blocks_are_judged_as_numpy_would() -> None:
    base = DRAW.normal(size=(500, 300)).astype(np.float32)
    columns = np.concatenate([base, base[:, ::-1] + 0.02 * DRAW.normal(size=base.shape).astype(np.float32)], axis=1)

    dropped = near_duplicates({f"c{j}": columns[:, j] for j in range(600)}, 0.995)

    shaped = np.sign(columns) * np.log1p(np.abs(columns))
    pairs = np.abs(np.corrcoef(shaped.T))[300:, :300]
    assert set(dropped) == {f"c{300 + j}" for j in np.flatnonzero((pairs >= 0.995).any(axis=1))}
    assert dropped["c300"].endswith("with c299")


def test_with_few_rows_or_a_limit_of_one_nothing_is_a_near_duplicate() -> None:
    two = {"a": np.arange(50, dtype=np.float32), "b": np.arange(50, dtype=np.float32) * 2}

    assert near_duplicates(two, 0.9) == {}
    assert near_duplicates({name: np.tile(values, 10) for name, values in two.items()}, 1.0) == {}


@pytest.mark.parametrize("levels", [3, 1_000_000])
def test_the_area_is_scikit_learns_with_unknown_values_lowest(levels: int) -> None:
    values = (DRAW.integers(0, levels, ROWS) + LABEL).astype(np.float32)
    holes = np.where(DRAW.random(ROWS) < 0.1, np.nan, values)

    assert area(holes, LABEL > 0) == pytest.approx(roc_auc_score(LABEL, np.nan_to_num(holes, nan=-1.0)), abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_feature_that_is_too_good_is_a_leak_and_names_its_area(sign: int) -> None:
    leak = sign * (LABEL * 10 + DRAW.normal(size=ROWS))

    dropped = pruned(matrix(plain=PLAIN, leak=leak, copy=leak.copy()), LABEL, NOBODY, RULE)

    assert set(dropped) == {"leak", "copy"}
    assert dropped["leak"] == "knows the outcome: tells who will leave by itself, AUC 1.000"
    assert pruned(matrix(leak=leak), LABEL, NOBODY, FeatureRules(keep=("leak",))) == {}


def test_a_good_feature_is_no_leak() -> None:
    good = LABEL * 1.5 + DRAW.normal(size=ROWS)

    assert 0.8 < area(good.astype(np.float32), LABEL > 0) < 0.9
    assert pruned(matrix(good=good), LABEL, NOBODY, RULE) == {}


def test_fields_that_are_written_or_emptied_after_the_outcome_are_leaks_even_if_few_have_them() -> None:
    gone = DRAW.random(ROWS) < 0.2
    survey = np.where(gone & (DRAW.random(ROWS) < 0.1), 3.0, np.nan)
    refund = np.where(gone & (DRAW.random(ROWS) < 0.1), 40.0, 0.0)
    renewal = np.where(gone & (DRAW.random(ROWS) < 0.3), np.nan, DRAW.random(ROWS))
    honest = np.where(DRAW.random(ROWS) < 0.1, 3.0, np.nan)
    made = matrix(survey=survey, refund=refund, renewal=renewal, honest=honest)
    today = Today(frozenset({"survey", "refund", "renewal", "honest"}), np.arange(ROWS), gone)

    dropped = pruned(made, LABEL, today, RULE)

    some = int((~np.isnan(survey)).sum())
    assert dropped["survey"] == f"knows the outcome: filled for {some} customers, of whom 100 % have left"
    assert "filled for" in dropped["refund"]
    assert "empty for" in dropped["renewal"]
    assert "honest" not in dropped
    assert pruned(made, LABEL, NOBODY, RULE) == {}  # what is not of today's state is made of the past alone


def test_planted_leaks_in_the_customers_table_are_found_and_named() -> None:
    """Who leaves stops at a day of their own; the CRM fills a survey, a score and a flag once they are gone."""
    luck = np.random.default_rng(11)
    people, days = 400, 200
    ends = np.where(luck.random(people) < 0.5, luck.uniform(60, days, people), days)
    rows = [
        {"who": f"c{i:03d}", "day": float(day), "kind": "login", "module": "api", "minutes": float(luck.integers(1, 9))}
        for i in range(people)
        for day in np.arange(luck.uniform(0, 3), ends[i], 2.5)
    ]
    gone = ends < days - 14
    held = {
        "customers": customers(
            [f"c{i:03d}" for i in range(people)],
            exit_survey=pa.array(
                [float(luck.integers(1, 6)) if left and luck.random() < 0.8 else None for left in gone]
            ),
            days_silent=pa.array(np.maximum(days - ends, 0.0) + luck.random(people)),
            seats=pa.array(luck.integers(1, 9, people)),
        ),
        "events": activity(rows),
    }

    made = synthesise(held, settings(rest="[training]\ncutoffs = 3"), definitions(SMALL), at(0) + timedelta(days=days))

    dropped = made.feature_set.dropped
    assert dropped["customer_exit_survey"].endswith("100 % have left")
    assert "tells who has left by itself, AUC " in dropped["customer_days_silent"]
    assert set(made.feature_set.leaks) == {"customer_exit_survey", "customer_days_silent"}
    assert "customer_seats" in made.feature_set.names
    assert {"customer_exit_survey", "customer_days_silent"}.isdisjoint(made.examples.column_names)
