"""Nothing is stored but what was declared or found harmless, and of that what the declaration leaves."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from holdfast.privacy import Declared, shipped
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Treatment
from validate import text
from validate.protect import past, protected

KEY = Pseudonymiser(b"k" * 32)
UPDATED = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))


def contacts(**own: Treatment) -> Declared:
    said = shipped()["hubspot_contacts"]
    return Declared("crm", "contacts", "hubspot_contacts", own, {**said, **own})


def held(declared: Declared, clear: tuple[str, ...] = (), **columns: list) -> pa.Table:
    return protected(pa.table(columns), declared, frozenset(clear), KEY)


def test_what_nobody_declared_does_not_enter_unless_it_was_found_harmless() -> None:
    rows = held(contacts(), ("seats",), id=["1"], seats=[3.0], nickname=["ada"], _updated_at=UPDATED)
    assert rows.column_names == ["id", "seats", "_updated_at"]


def test_a_declared_column_that_is_dropped_stays_empty_where_a_statement_needs_it() -> None:
    rows = held(contacts(country="drop", jobtitle="drop"), id=["1"], country=["DE"], jobtitle=["CTO"])
    assert rows.to_pylist() == [{"id": "1", "country": None}]


@pytest.mark.parametrize(
    ("treatment", "values", "left"),
    [
        ("age_band", ["34", "1985-03-01", "old", None], ["30-39", "1980s", None, None]),
        ("age_band", [34.0, 0.0, 130.0, 999.0], ["30-39", "0-9", "130-139", None]),
        ("year", ["1985-03-01", "2026-01-01T10:00:00Z", "x", None], ["1985", "2026", None, None]),
        ("region", ["SW1A 1AA", " 10115", "", None], ["SW", "10", None, None]),
        ("region", [10115.0, 94107.0], ["10", "94"]),
        ("network", ["192.168.7.9", "2001:DB8:1::2", "x", None], ["192.168.0.0/16", "2001:db8::/32", None, None]),
        ("domain", ["ada@Example.com", "https://x.test/ada?e=1", "ada", None], ["example.com", "x.test", None, None]),
    ],
)
def test_a_value_is_generalised(treatment: Treatment, values: list, left: list) -> None:
    assert held(contacts(x=treatment), x=values)["x"].to_pylist() == left


def test_a_column_of_times_has_its_years() -> None:
    assert held(contacts(born="year"), born=UPDATED)["born"].to_pylist() == ["2026"]


def test_a_property_that_the_user_declares_to_name_somebody_is_a_pseudonym() -> None:
    rows = held(contacts(phone="pseudonymise"), phone=["+49 30 1", None, "+49 30 1"])
    assert rows["phone"].to_pylist() == [KEY.one("+49 30 1"), None, KEY.one("+49 30 1")]


def test_a_file_of_customers_keeps_who_is_who_until_that_is_settled() -> None:
    said = shipped()["customers"]
    rows = held(
        Declared("f", "customers", "customers", {}, said), ("plan",), customer=["7"], Email=["a@b.c"], plan=["x"]
    )
    assert rows.to_pylist() == [{"customer": "7", "Email": "a@b.c", "plan": "x"}]


def test_texts_leave_numbers_and_no_word() -> None:
    declared = contacts(subject="text", body="text")
    rows = held(declared, id=["1", "2"], subject=["Invoice is wrong", None], body=["<p>This is URGENT!</p>", None])
    assert rows.column_names == ["id", *text.names()]
    first, second = rows.to_pylist()
    assert (first["text_urgent"], first["text_topic_billing"], first["text_topic_access"]) == (1.0, 1.0, 0.0)
    assert second == dict.fromkeys(text.names()) | {"id": "2"}
    assert "wrong" not in str(rows.to_pylist())


def test_past_values_are_treated_as_the_property_that_they_are_of() -> None:
    properties = ["lifecyclestage", "email", "nickname", "seats", None]
    rows: dict[str, Any] = {"id": list("12345"), "property": properties, "value": ["lead", "a@b.c", "ada", "7", "x"]}
    made = past(pa.table(rows), contacts(), frozenset({"seats"}), KEY)
    assert made["value"].to_pylist() == ["lead", KEY.one("a@b.c"), None, "7", "x"]
