"""How numbers are said."""

import math

import pytest

from holdfast.words import FLAG, counted, lowered, quantity


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (33.94, "days", "33.9 days"),
        (1.0, "days", "1 day"),
        (0.1575, "ratio", "0.16 times"),
        (0.118, "share", "12 %"),
        (1.0, FLAG, "yes"),
        (0.0, FLAG, "no"),
        (14.0, "", "14"),
        (1234.56, "USD", "1,235 USD"),
        (None, "days", "unknown"),
        (math.nan, "days", "unknown"),
    ],
)
def test_a_quantity_is_said_with_its_unit(value: float | None, unit: str, said: str) -> None:
    assert quantity(value, unit) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (2_000, "2,000 rows")])
def test_one_is_said_without_an_s(number: int, said: str) -> None:
    assert counted(number, "row") == said


def test_only_the_first_letter_becomes_small() -> None:
    assert lowered("Contract is Month-to-month") == "contract is Month-to-month"
