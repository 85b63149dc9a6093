"""What would lower a risk, and what to aim at."""

import numpy as np
import pytest

from holdfast.bundle import IMPORTANCE, REFERENCE
from holdfast.distribution import described
from holdfast.feature_set import Feature
from holdfast.scoring import Scorer
from holdfast.words import FLAG
from score.levers import Aim, Levers, advised, aims_of
from score.serving import Model
from tests.doubles.models import FEATURES, bundle, population

TICKETS = Feature("tickets_90d", "Support tickets in the last 90 days", "", "tickets")
SHARE = Feature("open_rate", "Share of emails opened", "share", "emails")
EVER = Feature("tickets", "Support tickets so far", "", "tickets")
ALLOWED = Feature("allowed", "May be written to", FLAG, "emails")


def levers_of(top: int = 3) -> tuple[np.ndarray, list[list[dict]]]:
    model = Model(bundle(), Scorer.from_bundle(bundle()))
    rows = np.column_stack([population()[name].to_numpy() for name in FEATURES.names]).astype(np.float32)
    scores = model.scorer.score(rows)
    return scores.contributions, list(model.levers.of(scores, model.scorer.points(scores), top))


def test_levers_are_the_strongest_contributions_that_raise_the_risk_and_can_be_acted_on() -> None:
    contributions, found = levers_of()

    assert any(len(levers) == 3 for levers in found)
    for row, levers in enumerate(found):
        strengths = [lever["contribution_log_odds"] for lever in levers]
        assert strengths == sorted(strengths, reverse=True)
        assert all(strength > 0 for strength in strengths)
        assert "employees" not in {lever["feature"] for lever in levers}
        for lever in levers:
            mine = contributions[row, FEATURES.names.index(lever["feature"])]
            assert lever["contribution_log_odds"] == pytest.approx(mine, abs=1e-6)


def test_no_lever_that_has_an_aim_is_left_out_for_a_weaker_one() -> None:
    _, few = levers_of(1)
    _, all_of_them = levers_of(9)

    assert [levers[:1] for levers in all_of_them] == few


def test_an_aim_is_named_only_towards_less_risk() -> None:
    _, found = levers_of()
    tickets = [lever for levers in found for lever in levers if lever["feature"] == "tickets_90d"]
    events = [lever for levers in found for lever in levers if lever["feature"] == "events_30d"]

    assert tickets
    assert events
    assert all(lever["aim"] <= lever["value"] for lever in tickets)
    assert all(lever["aim"] > lever["value"] for lever in events)


@pytest.mark.parametrize("values", [[0, 0, 0, 0, 0, 0, 1, 2, 3, 9], list(range(100)), [1.0], [0.2, 0.4, 0.4, 0.4, 0.9]])
def test_half_of_the_customers_have_what_is_aimed_at(values: list[float]) -> None:
    numbers = np.array(values)
    aims = aims_of([{"feature": "f", "higher": "lowers the risk"}], {"features": {"f": described(numbers)}})

    aim = aims["f"]
    assert aim.up
    if aim.reached is not None:
        assert (numbers >= aim.reached).mean() >= 0.5
    if aim.kept_under is not None:
        assert (numbers < aim.kept_under).mean() >= 0.5


@pytest.mark.parametrize(
    ("feature", "value", "aim", "told"),
    [
        (TICKETS, 9.0, Aim(False, 1, 3), (3, "Aim at under 3, as at least half of the customers have.")),
        (SHARE, 0.05, Aim(True, 0.25, 0.4), (0.25, "Aim at 25 % or more, as at least half of the customers have.")),
        (SHARE, None, Aim(True, 0.25, 0.4), (0.25, "Aim at 25 % or more, as at least half of the customers have.")),
        (ALLOWED, 0.0, Aim(True, 1, None), (1, "Aim at yes: such customers leave less often.")),
        (ALLOWED, 1.0, Aim(True, 1, None), None),
        (TICKETS, None, Aim(False, 1, 3), None),
        (TICKETS, 2.0, Aim(False, 1, 3), None),
        (SHARE, 0.9, Aim(True, 0.25, 0.4), None),
        (TICKETS, 2.0, None, None),
        (EVER, 90.0, Aim(False, 1, 3), None),
    ],
)
def test_advice_names_a_value_where_there_is_one(
    feature: Feature, value: float | None, aim: Aim | None, told: tuple[float, str] | None
) -> None:
    assert advised(feature, value, aim) == told


def test_every_feature_that_a_model_was_judged_by_has_an_aim_or_matters_only_when_missing() -> None:
    aims = aims_of(bundle().json(IMPORTANCE), bundle().json(REFERENCE))

    assert aims["tickets_90d"].up is False
    assert aims["events_30d"].up is True
    assert isinstance(Model(bundle(), Scorer.from_bundle(bundle())).levers, Levers)
