"""Hyperparameters are looked for within a budget of work, and the same are found again."""

import re
from functools import lru_cache

import numpy as np

from holdfast.bundle import CARD, SETTINGS, TRIALS
from holdfast.row_cost import most_groups, row_ms
from holdfast.settings import Search, Training
from tests.doubles.models import FEATURES, small_settings, training_examples
from train.examples import TRAIN, Examples, examples_from
from train.search import Found, searched
from train.splits import inner_holdout
from train.trainer import train_bundle

SECONDS = 0.15


def rows() -> tuple[Examples, Examples]:
    train = examples_from(training_examples(), FEATURES.names).of(TRAIN)
    later = inner_holdout(train, 7)
    return train.where(~later), train.where(later)


@lru_cache
def found(seconds: float = SECONDS, seed: int = 7, **limits: float) -> Found:
    return searched(*rows(), Training(trees=40, depth=3, seed=seed, search=Search(seconds=seconds, **limits)))


def test_without_a_budget_the_configured_hyperparameters_are_the_only_trial() -> None:
    [trial] = found(0.0).trials

    assert trial.hyperparameters["max_depth"] == 3
    assert trial.trees <= 40


def test_the_same_rows_and_seed_find_the_same() -> None:
    again = searched(*rows(), Training(trees=40, depth=3, search=Search(seconds=SECONDS)))

    assert again.to_json() == found().to_json()
    assert again.best.booster.save_raw() == found().best.booster.save_raw()


def test_another_seed_tries_others() -> None:
    assert found(seed=8).trials[1].hyperparameters != found().trials[1].hyperparameters


def test_the_configured_hyperparameters_are_tried_first_and_the_chosen_are_no_worse() -> None:
    assert found().trials[0].hyperparameters == found(0.0).trials[0].hyperparameters
    assert found().best.log_loss <= found().trials[0].log_loss
    assert len(found().trials) > 3


def test_what_is_spent_on_others_stays_within_the_budget() -> None:
    told = found().to_json()

    assert sum(trial["seconds"] for trial in told["trials"][1:]) <= SECONDS
    assert found(0.05).to_json()["spent_seconds"] < told["spent_seconds"]


def test_money_bounds_as_time_does() -> None:
    told = found(cost_usd=0.000005).to_json()

    assert told["budget_usd"] <= 0.000005
    assert told["budget_seconds"] < SECONDS
    assert told["spent_usd"] > 0


def test_no_more_trials_than_are_allowed() -> None:
    assert len([trial for trial in found(trials=2).trials if trial.within]) == 3


def test_trials_that_do_badly_are_stopped_early_and_never_chosen() -> None:
    many = found(2.0, trials=40)

    assert any(trial.pruned for trial in many.trials)
    assert not many.best.pruned


def test_a_model_that_is_too_large_to_serve_is_tried_and_not_chosen() -> None:
    few = searched(*rows(), Training(trees=40, depth=3, row_ms=0.02, search=Search(seconds=1.0, depth=6)))
    *others, unlimited = few.trials

    assert not unlimited.within
    assert unlimited.hyperparameters["max_depth"] == 8
    for trial in others[1:]:
        assert row_ms(trial.trees * most_groups(trial.hyperparameters["max_depth"])) <= 0.02
    assert max(trial.hyperparameters["max_depth"] for trial in others) >= 5
    assert few.best is not unlimited


def test_the_bundle_keeps_the_trials_and_the_card_tells_of_them() -> None:
    settings = small_settings()
    training = settings.training.model_copy(update={"search": Search(seconds=SECONDS)})
    settings = settings.model_copy(update={"training": training})

    made = [train_bundle(examples_from(training_examples(), FEATURES.names), FEATURES, settings) for _ in range(2)]

    trials = made[0].json(TRIALS)
    chosen = trials["trials"][trials["chosen"]]["hyperparameters"]
    assert made[0].version == made[1].version
    assert made[0].json(SETTINGS)["learning_rate"] == chosen["learning_rate"]
    card = made[0].files[CARD].decode()
    assert "| without the limits of scoring | 8 |" in card
    assert re.search(r"0\.4 are allowed\. Without that limit, at depth 8 with \d+ trees, .* the limit cost ", card)


def test_each_fold_searches_for_itself() -> None:
    training = Training(trees=30, depth=3, search=Search(seconds=1.2))
    settings = small_settings().model_copy(update={"training": training})

    made = train_bundle(examples_from(training_examples(600, ("fold",)), FEATURES.names), FEATURES, settings)

    assert np.isclose(made.json(TRIALS)["budget_seconds"], 1.2 / 6)
