"""Where the training examples look from."""

import pytest

from features.cutoffs import Cutoff, plan
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import ContractChurn, LabelChurn, Training, UsageChurn

USAGE = UsageChurn(kind="usage", horizon_days=56, inactive_days=28, active_days=28)


def test_labels_of_every_training_cutoff_end_before_the_holdout_begins():
    cutoffs = plan(USAGE, Training(cutoffs=3, step_days=28), first=0, as_of=400)

    assert cutoffs == [Cutoff(232, "train"), Cutoff(260, "train"), Cutoff(288, "train"), Cutoff(344, "holdout")]
    assert all(c.day + USAGE.horizon_days <= 344 for c in cutoffs if c.split == "train")


def test_cutoffs_without_enough_history_before_them_are_left_out():
    cutoffs = plan(USAGE, Training(cutoffs=6, step_days=28), first=240, as_of=400)

    assert [c.day for c in cutoffs] == [288, 344]


def test_too_short_a_history_says_how_many_days_it_takes():
    with pytest.raises(ConfigurationInvalid, match=r'reaches back 139 days .* takes 140 days .*validation = "folds"'):
        plan(USAGE, Training(), first=261, as_of=400)


def test_folds_look_from_one_horizon_before_the_end():
    assert plan(USAGE, Training(validation="folds"), first=300, as_of=400) == [Cutoff(344, "fold")]


def test_folds_need_history_too():
    with pytest.raises(ConfigurationInvalid, match=r"takes 84 days of history: shorten churn.horizon_days$"):
        plan(USAGE, Training(validation="folds"), first=330, as_of=400)


def test_a_label_column_looks_from_now():
    assert plan(LabelChurn(kind="label", column="Churn"), Training(), first=400, as_of=400) == [Cutoff(400, "fold")]


def test_a_contract_needs_as_much_history_as_its_horizon():
    churn = ContractChurn(kind="contract", horizon_days=30, event="cancelled")

    assert [c.day for c in plan(churn, Training(cutoffs=9, step_days=10), first=300, as_of=400)] == [330, 340, 370]
