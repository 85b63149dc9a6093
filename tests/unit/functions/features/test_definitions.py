"""A wrong definition is refused with its place."""

from typing import get_args

import pytest

from features.activity import PRIMITIVES
from features.definitions import Split, Whole, shipped
from features.splits import SPLITS
from features.wording import humanised, slug
from holdfast.errors import ConfigurationInvalid
from tests.unit.functions.features.builders import SMALL, definitions


@pytest.mark.parametrize(("old", "new", "message"), [
    ("weeks = 4", "weeks = 0", r"definitions.toml:6: weeks: .*greater than or equal to 2"),
    ("weeks = 4", "weaks = 4", r"definitions.toml:6: weaks: there is no such key; there are categories, .*, weeks, windows_days"),
    ("[7, 14, 30]", "[30, 7]", r"definitions.toml:2: windows_days: .*ascend"),
    ('table = "emails"\nmany', 'table = "mails"\nmany', r"entities: .*email.table: there is no mails: there are .*emails"),
    ('of = "company"', 'of = "firm"', r"entities: .*customer.of: there is no firm: there are company, customer, event"),
    ('primitives = ["count"]', 'primitives = ["cuont"]', r"entities.email.primitives.0: Input should be 'count', 'active_days'"),
    ('by.kind = ["count"]', 'by.kind = ["used", "cuont"]', r"entities.email.by.kind.1: Input should be 'count', 'share'"),
    ("weeks = 4", "weeks =", r"definitions.toml: not TOML"),
])  # fmt: skip
def test_a_mistake_is_named_with_its_place(old, new, message):
    with pytest.raises(ConfigurationInvalid, match=message):
        definitions(SMALL.replace(old, new, 1))


def test_every_primitive_that_may_be_declared_is_there_and_the_shipped_definitions_use_all():
    entities = shipped().activities().values()

    assert set(PRIMITIVES) == set(get_args(Whole)) == {name for entity in entities for name in entity.primitives}
    assert (
        set(SPLITS) == set(get_args(Split)) == {name for entity in entities for by in entity.by.values() for name in by}
    )


def test_windows_grow_with_the_horizon():
    assert shipped().windows(56) == (7, 14, 30, 60, 90)
    assert shipped().windows(273) == (7, 14, 30, 60, 90, 180, 365)


@pytest.mark.parametrize(("text", "name"), [
    ("MonthlyCharges", "monthly_charges"), ("Month-to-month", "month_to_month"),
    ("Credit card (automatic)", "credit_card_automatic"),
    ("購入", "xa78fd5"),
])  # fmt: skip
def test_any_text_makes_a_stable_name(text, name):
    assert slug(text) == name


def test_a_column_name_reads_like_words():
    assert humanised("MonthlyCharges") == "Monthly charges"
