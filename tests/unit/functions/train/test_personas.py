"""Personas are named by what sets them apart."""

import numpy as np

from holdfast.feature_set import Feature, FeatureSet
from train.personas import fit_personas
from train.stability import Stability, most_stable


def two_kinds(seed: int = 0) -> np.ndarray:
    """Heavy users without tickets, and light ones with many."""
    draw = np.random.default_rng(seed)
    heavy = np.column_stack([draw.poisson(60, 300), draw.poisson(0.2, 300)])
    light = np.column_stack([draw.poisson(2, 100), draw.poisson(9, 100)])
    return np.vstack([light, heavy]).astype(np.float32)


BEHAVIOUR = FeatureSet(
    (
        Feature("events_30d", "Events in the last 30 days", "", "events"),
        Feature("tickets_30d", "Tickets in the last 30 days", "", "tickets"),
    ),
    {},
)


def test_heavy_users_come_first_and_the_light_ones_have_their_tickets_in_the_name() -> None:
    found = fit_personas(two_kinds(), BEHAVIOUR, 2, seed=7)

    assert [persona.name for persona in found.personas] == [
        "Heavy users with few tickets",
        "Light users with many tickets",
    ]
    assert [persona.share for persona in found.personas] == [0.75, 0.25]
    assert "all customers" in found.personas[0].sentence


def test_the_same_rows_give_the_same_personas() -> None:
    assert fit_personas(two_kinds(), BEHAVIOUR, 3, seed=7) == fit_personas(two_kinds(), BEHAVIOUR, 3, seed=7)


def test_personas_have_names_of_their_own_however_many_there_are() -> None:
    found = fit_personas(two_kinds(), BEHAVIOUR, 9, seed=7)

    assert len({persona.name for persona in found.personas}) == len(found.personas) == 9


def test_there_are_never_more_personas_than_different_customers() -> None:
    rows = np.repeat(np.array([[0, 1], [30, 0]], dtype=np.float32), 5, axis=0)

    assert len(fit_personas(rows, BEHAVIOUR, 4, seed=7).personas) == 2


def test_without_behaviour_the_features_themselves_name_the_personas() -> None:
    described = FeatureSet(
        (Feature("charges", "Monthly charges", "USD", "customer"), Feature("tenure", "Months", "", "customer")), {}
    )

    found = fit_personas(two_kinds(), described, 2, seed=7)

    names = [persona.name for persona in found.personas]
    assert all(name.startswith("Customers with ") for name in names)
    assert any(name.endswith(("-average monthly charges", "-average months")) for name in names)


def test_as_many_personas_are_chosen_as_are_found_again_in_other_samples() -> None:
    draw = np.random.default_rng(3)
    kinds = [(60, 0.2), (2, 9), (60, 30)]
    rows = np.vstack([np.column_stack([draw.poisson(e, 200), draw.poisson(t, 200)]) for e, t in kinds])

    found = fit_personas(rows.astype(np.float32), BEHAVIOUR, None, seed=7)

    agreement = {row["clusters"]: row["agreement"] for row in found.stability}
    assert len(found.personas) == 3
    assert agreement[3] > 0.95 > agreement[5]


def test_without_any_structure_the_number_that_does_best_is_taken() -> None:
    table = [Stability(2, 0.4, 0.4), Stability(3, 0.6, 0.3), Stability(4, 0.5, 0.2)]

    assert most_stable(table) == 3
    assert most_stable([]) == 1


def test_a_stable_handful_of_customers_is_no_persona() -> None:
    assert most_stable([Stability(2, 0.99, 0.4), Stability(3, 0.97, 0.3), Stability(4, 0.96, 0.01)]) == 3
