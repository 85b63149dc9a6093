"""Segments and work lists that customers are in."""

import numpy as np
import pyarrow as pa
import pytest

from report.lists import OUTREACH, UPSELL, bits, outreach, upsell
from report.scored import Scored

NAN = float("nan")


def scored(rows: list[tuple[float, str, float | None, float]]) -> Scored:
    """Customers as (probability, band, value, adoption)."""
    probability, band, value, adoption = zip(*rows, strict=True)
    table = pa.table({"probability": probability, "band": band, "value": pa.array(value, pa.float64())})
    return Scored(table, np.array(adoption), {})


def test_value_is_told_by_rank_and_nothing_is_never_much() -> None:
    everybody = scored([(0.1, "low", float(worth), 1.0) for worth in range(10)])
    assert everybody.worth.tolist() == [2, 2, 2, 2, 2, 1, 1, 1, 0, 0]

    poor = scored([(0.1, "low", 0.0, 1.0)] * 3 + [(0.1, "low", None, 1.0)])
    assert poor.worth.tolist() == [2, 2, 2, 2]


def test_use_of_the_product_is_told_by_thirds_and_unknown_where_it_is() -> None:
    some = scored([(0.1, "low", 1.0, each) for each in (0.0, 1.0, 5.0, 5.0, 9.0, 10.0, NAN)])

    assert some.adopted.tolist() == [2, 2, 1, 1, 0, 0, -1]
    assert scored([(0.1, "low", 1.0, 3.0)] * 3).adopted.tolist() == [1, 1, 1]
    assert scored([(0.1, "low", 1.0, NAN)]).adopted.tolist() == [-1]


def test_who_is_at_high_risk_and_worth_keeping_is_called() -> None:
    four = scored(
        [(0.9, "high", 100.0, 1.0), (0.9, "high", 1.0, 1.0), (0.4, "medium", 99.0, 1.0), (0.1, "low", 2.0, 9.0)]
    )

    assert outreach(four).tolist() == [True, False, False, False]


def test_where_nothing_is_known_of_money_everybody_at_high_risk_is_called() -> None:
    assert outreach(scored([(0.9, "high", None, 1.0), (0.1, "low", None, 1.0)])).tolist() == [True, False]


@pytest.mark.parametrize(("adoption", "offered"), [
    ((1.0, 5.0, 9.0, 1.0), [True, False, False, False]), ((NAN, 5.0, 9.0, 1.0), [False] * 4), ((4.0,) * 4, [False] * 4),
])  # fmt: skip
def test_more_is_offered_to_who_is_well_worth_it_and_uses_little(
    adoption: tuple[float, ...], offered: list[bool]
) -> None:
    worth, bands = (90.0, 80.0, 2.0, 1.0), ("low", "low", "low", "high")
    people = scored([(0.1, band, value, each) for band, value, each in zip(bands, worth, adoption, strict=True)])

    assert upsell(people).tolist() == offered


def test_lists_are_bits_of_one_number() -> None:
    made = bits(
        scored([(0.9, "high", 9.0, 1.0), (0.1, "low", 8.0, 1.0), (0.1, "low", 1.0, 9.0), (0.1, "low", 1.0, 9.0)])
    )

    assert made.tolist() == [OUTREACH, UPSELL, 0, 0]


def test_what_is_usual_is_the_middle_of_those_of_whom_it_is_known() -> None:
    scores = pa.table({"customer_id": ["b", "a"], "value": [1.0, 2.0]})
    features = pa.table(
        {"customer_id": ["a", "b", "c"], "feature_adoption_score": [1.0, 2.0, 9.0], "nothing": [NAN] * 3}
    )

    made = Scored.of(scores, features, ["nothing", "absent"])

    assert made.usual == {"feature_adoption_score": 2.0}
    assert made.adoption.tolist() == [2.0, 1.0]
