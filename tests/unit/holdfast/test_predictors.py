"""Calibrators, value and personas as they are applied."""

import numpy as np
import pytest

from holdfast.errors import BundleInvalid
from holdfast.predictors import Isotonic, Persona, Personas, Sigmoid, ValueModel, calibrator_from_json


@pytest.mark.parametrize("calibrator", [Sigmoid(1.2, -0.3), Isotonic([-2.0, 0.0, 3.0], [0.1, 0.4, 0.9])])
def test_a_calibrator_survives_json_and_never_falls(calibrator: Sigmoid | Isotonic) -> None:
    margins = np.linspace(-30, 30, 101)

    read = calibrator_from_json(calibrator.to_json())

    np.testing.assert_array_equal(read(margins), calibrator(margins))
    assert np.all(np.diff(read(margins)) >= 0)


def test_a_calibrator_that_falls_is_refused() -> None:
    with pytest.raises(BundleInvalid, match="falls"):
        calibrator_from_json({"kind": "sigmoid", "slope": -1.0, "intercept": 0.0})


def test_a_calibrator_of_unknown_kind_is_refused() -> None:
    with pytest.raises(BundleInvalid, match="beta"):
        calibrator_from_json({"kind": "beta"})


def a_value_model(target: str = "money", **changed: float) -> ValueModel:
    fields = {
        "intercept": 10.0,
        "smearing": 1.0,
        "ceiling": 500.0,
        "residual_low": -5.0,
        "residual_high": 8.0,
        **changed,
    }
    return ValueModel(target, ["a"], [2.0], [0.0], [100.0], [0.0], [1.0], [3.0], **fields)  # type: ignore[arg-type]


def rows(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


def test_value_is_a_line_with_the_median_in_place_of_what_is_missing() -> None:
    amount, low, high = a_value_model().predict(rows(4, np.nan))

    assert (amount.tolist(), low.tolist(), high.tolist()) == ([22.0, 16.0], [17.0, 11.0], [30.0, 24.0])


def test_value_is_not_followed_beyond_what_training_saw() -> None:
    amount, _, _ = a_value_model().predict(rows(1e9, -1e9))

    assert amount.tolist() == [310.0, 10.0]


def test_value_never_exceeds_the_largest_ever_seen() -> None:
    amount, _, high = a_value_model("log1p", intercept=20.0).predict(rows(1))

    assert amount[0] == high[0] == 500.0


def test_a_company_that_tells_nothing_about_money_gets_no_value() -> None:
    amount, _, _ = a_value_model("none").predict(rows(1, 2))

    assert np.isnan(amount).all()


def test_personas_take_the_nearest_centroid_and_missing_counts_as_the_mean() -> None:
    mean = float(np.log1p(9.0))
    people = [Persona("Light", "", 0.5), Persona("Middle", "", 0.3), Persona("Heavy", "", 0.2)]
    personas = Personas(["a"], [mean], [1.0], [[-2.0], [0.0], [2.0]], people)

    assert personas.nearest(rows(0, 9, 500, np.nan)).tolist() == [0, 1, 2, 1]
    assert Personas.from_json(personas.to_json()) == personas
