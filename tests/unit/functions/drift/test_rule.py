"""The rule of drift."""

from dataclasses import replace

import numpy as np
import pytest

from drift.divergence import CALIBRATION, PREDICTION, Shift, shifts
from drift.rule import judged, moved
from holdfast.distribution import described
from holdfast.settings import Drift

FAR = Shift("far", 0.2, 0.03, 0.002, 1e-30, 1.0, 2.0)
RULE = Drift()


@pytest.mark.parametrize(
    ("changed", "over"),
    [
        ({}, True),
        ({"effect": 0.039}, False),
        ({"effect": 0.05, "name": PREDICTION}, False),
        ({"effect": 0.05, "name": CALIBRATION}, False),
        ({"effect": 0.07, "name": CALIBRATION}, True),
        ({"divergence": 0.0021}, False),
        ({"divergence": 0.00211}, True),
        ({"chance": 0.002}, False),
    ],
)
def test_a_column_is_over_when_it_matters_and_is_no_chance_and_is_further_than_the_baseline(
    changed: dict[str, float], over: bool
) -> None:
    assert bool(moved([replace(FAR, **changed)], RULE)) == over


def test_the_more_columns_there_are_the_surer_one_has_to_be() -> None:
    likely = replace(FAR, chance=5e-4)
    others = [replace(FAR, name=f"f{n}", chance=0.5, effect=0.0) for n in range(50)]

    assert moved([likely], RULE)
    assert not moved([likely, *others], RULE)


def test_of_nothing_nothing_is_over() -> None:
    assert moved([], RULE) == []


def test_too_few_rows_are_never_called_drifted() -> None:
    assert judged("2026-06-01", "v1", 200, [FAR], RULE).over == ("far",)
    assert judged("2026-06-01", "v1", 199, [FAR], RULE).over == ()


@pytest.mark.parametrize("rows", [200, 1000, 20_000])
@pytest.mark.parametrize("seed", range(1, 6))
def test_another_sample_of_the_same_customers_is_never_over(rows: int, seed: int) -> None:
    def columns(rows: int, seed: int) -> dict[str, np.ndarray]:
        draw = np.random.default_rng(seed)
        return {f"f{number}": draw.normal(size=rows) for number in range(40)}

    held = {name: described(values) for name, values in columns(3000, 0).items()}
    reference = {"rows": 3000, "features": held, "prediction": held["f0"]}

    found = shifts(columns(rows, seed) | {"churn_probability": columns(rows, seed)["f0"]}, reference, None)

    assert len(found) == 41
    assert moved(found, RULE) == []
