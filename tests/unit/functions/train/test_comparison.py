"""Champion against challenger."""

from dataclasses import replace

import numpy as np
import pytest

from holdfast.errors import TrainingRefused
from holdfast.settings import Promotion
from tests.doubles.models import FEATURES, bundle, training_examples
from train.comparison import Gain, Judgement, decide, judge
from train.examples import HOLDOUT, examples_from

RULE = Promotion(minimum_auc=0.55, minimum_gain=0.01)


def test_the_first_challenger_serves() -> None:
    decision = decide(judge(bundle(), None, None, None, RULE), RULE)

    assert decision.promoted
    assert decision.reason.startswith("the first champion: AUC 0.")


def test_without_a_champion_a_model_without_signal_is_refused() -> None:
    with pytest.raises(
        TrainingRefused, match=r"no signal in the data.*AUC 0\.510 is under promotion\.minimum_auc 0\.55"
    ):
        decide(Judgement(0.51, None, "its holdout"), RULE)


def test_without_a_champion_a_model_that_may_be_chance_is_refused() -> None:
    with pytest.raises(TrainingRefused, match=r"no signal .*AUC 0\.580 may be chance: its interval begins at 0\.490"):
        decide(Judgement(0.58, None, "its folds", low=0.49), RULE)

    assert decide(Judgement(0.58, None, "its folds", low=0.51), RULE).promoted
    assert decide(Judgement(0.58, None, "its folds", low=0.49), Promotion(minimum_auc=0.0)).promoted


@pytest.mark.parametrize(
    ("challenger", "champion", "promoted"),
    [(0.80, 0.79, True), (0.80, 0.795, False), (0.80, 0.85, False), (0.54, 0.5, False)],
)
def test_a_challenger_has_to_gain_what_the_rule_asks_for(challenger: float, champion: float, promoted: bool) -> None:
    decision = decide(Judgement(challenger, champion, "the same rows"), RULE)

    assert decision.promoted is promoted
    assert ("champion stays" in decision.reason) is not promoted


@pytest.mark.parametrize(
    ("low", "days", "promoted"),
    [(0.011, 0, True), (0.009, 0, False), (-0.009, 27, False), (-0.009, 28, True), (-0.02, 400, False)],
)
def test_a_gain_has_to_be_no_chance_and_an_old_champion_also_goes_for_one_that_is_not_worse(
    low: float, days: float, promoted: bool
) -> None:
    judgement = Judgement(0.82, 0.80, "the same rows", gain=Gain(0.02, low, 0.05), serves_days=days)

    decision = decide(judgement, RULE)

    assert decision.promoted is promoted
    assert f"a gain of +0.020 ({low:+.3f} to +0.050)" in decision.reason


def test_both_are_measured_on_the_same_holdout_rows() -> None:
    holdout = examples_from(training_examples(), FEATURES.names).of(HOLDOUT)

    judgement = judge(bundle(8), bundle(), holdout, holdout, RULE)

    assert judgement.where == "the same 500 holdout rows"
    assert judgement.champion == pytest.approx(bundle().json("metrics.json")["churn"]["auc"], abs=1e-4)


def test_in_folds_each_is_measured_by_its_own() -> None:
    none = examples_from(training_examples(), FEATURES.names).of("none")

    assert judge(bundle(8), bundle(), none, none, RULE).where == "each one's own folds"


def test_each_is_measured_by_its_own_features() -> None:
    holdout = examples_from(training_examples(), FEATURES.names).of(HOLDOUT)
    blind = replace(holdout, rows=np.full_like(holdout.rows, np.nan))

    judgement = judge(bundle(8), bundle(), holdout, blind, RULE)

    assert judgement.champion == 0.5
    assert judgement.challenger > 0.7


def test_a_champion_whose_features_are_no_longer_made_leaves_and_the_reason_says_so() -> None:
    holdout = examples_from(training_examples(), FEATURES.names).of(HOLDOUT)

    decision = decide(judge(bundle(8), bundle(), holdout, None, RULE), RULE)

    assert decision.promoted
    assert "its features are no longer made" in decision.reason
