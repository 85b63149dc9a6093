"""The model judged by parts of the customers."""

import numpy as np
import pyarrow as pa
import pytest

from train.slices import OTHERS, UNKNOWN, groups_of, sliced

COMPANIES = pa.table(
    {
        "company_id": ["a", "b", "c"],
        "country": ["DE", None, "FR"],
        "employees": [10.0, 11.0, 5000.0],
    }
)
EXAMPLES = pa.table({"customer_id": ["1", "2", "3", "4"], "company_id": ["c", "a", "b", None]})


def test_each_row_belongs_to_its_companys_part_and_numbers_become_bands() -> None:
    groups = groups_of(EXAMPLES, {"companies": COMPANIES, "customers": None}, ["country", "employees", "shoe_size"])

    assert {name: parts.tolist() for name, parts in groups.items()} == {
        "country": ["FR", "DE", UNKNOWN, UNKNOWN],
        "employees": ["over 1000", "up to 10", "11 to 50", UNKNOWN],
    }


def test_what_the_customer_says_goes_before_what_the_company_says() -> None:
    customers = pa.table({"customer_id": ["2", "1"], "country": ["AT", "CH"]})

    assert groups_of(EXAMPLES, {"companies": COMPANIES, "customers": customers}, ["country"])["country"].tolist() == [
        "CH", "AT", UNKNOWN, UNKNOWN,
    ]  # fmt: skip


def test_small_parts_are_told_together_and_a_part_that_is_off_is_marked() -> None:
    draw = np.random.default_rng(3)
    parts = np.array(["big"] * 400 + ["off"] * 300 + ["tiny"] * 30 + ["small"] * 40)
    probability = draw.random(len(parts))
    churned = draw.random(len(parts)) < np.where(parts == "off", probability / 3, probability)

    told = sliced({"plan": parts}, churned, probability, 0.35)

    assert [(each["part"], each["customers"]) for each in told] == [("big", 400), ("off", 300), (OTHERS, 70)]
    assert [each["calibrated"] for each in told] == [True, False, True]
    assert told[0]["selection_rate"] == pytest.approx((probability[:400] >= 0.35).mean())
    assert 0.6 < told[0]["auc_low"] < told[0]["auc"] < told[0]["auc_high"]


def test_of_a_part_with_hardly_any_churn_no_auc_is_claimed() -> None:
    churned = np.zeros(100, dtype=bool)
    churned[:5] = True

    [told] = sliced({"plan": np.array(["free"] * 100)}, churned, np.full(100, 0.05), 0.35)

    assert told["auc"] is None
    assert told["calibrated"]
