"""A column that nobody declared enters when nothing in it is personal; otherwise it waits, and people are told once."""

from typing import Any

import duckdb
import pytest

from holdfast.privacy import Declared
from holdfast.schema import Schema
from holdfast.store import MemoryStore, read_json
from ingest.evolution import Decision
from ingest.undeclared import columns_decided, columns_prefix, columns_seen, look

DECLARED = Declared("crm", "contacts", "hubspot_contacts", {}, {"id": "key"})


def decided(columns: dict[str, Any], before: Schema | None = None, declared: Declared = DECLARED) -> Decision:
    """The decision on columns that are given as SQL of values by name."""
    artifacts, connection = MemoryStore(), duckdb.connect()
    values = ", ".join(f'unnest([{", ".join(each)}]) AS "{name}"' for name, each in columns.items())
    look(artifacts, "r", declared, connection, f"SELECT {values}", 0)
    return columns_decided(
        "r", declared, columns_seen(artifacts, "r").get("crm.contacts", []), before or Schema("crm.contacts")
    )


def enters(name: str, *values: str) -> bool:
    return bool(decided({name: list(values)}).schema.columns)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("seats", ["3.0::DOUBLE", "NULL"]),
        ("jobtitle", ["'Engineer'", "'Head of sales'"]),
        ("renewal", ["TIMESTAMPTZ '2026-01-01'"]),
        ("is_partner", ["true"]),
        ("tier", ["'gold'", "'silver'"]),
        ("company_name", ["'Acme GmbH'"]),
        ("order_number", ["1234567::DOUBLE"]),
    ],
)
def test_what_looks_like_nobody_enters(name: str, values: list[str]) -> None:
    assert enters(name, *values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("firstname", ["'x'"]),
        ("mobilephone", ["'x'"]),
        ("work_email", ["'x'"]),
        ("favourite", ["'blue'", "'ada@example.com'"]),
        ("reach", ["'+49 30 901820'"]),
        ("seen_from", ["'192.168.7.9'"]),
        ("payment", ["'4111111111111111'"]),
        ("payment", ["4111111111111111::DOUBLE"]),
        ("place", ["'12 Long Acre Street'", "'Hauptstraße 7'"]),
        ("said", ["'I would like to know why it does not work when we try to open it on a Monday'"]),
    ],
)
def test_what_may_be_personal_waits(name: str, values: list[str]) -> None:
    decision = decided({name: values})
    assert not decision.schema.columns
    assert list(decision.schema.withheld) == [name]
    assert "declare it under [privacy.columns]" in decision.changes[0].sentence


def test_a_column_without_any_value_is_not_decided_on() -> None:
    assert decided({"x": ["NULL::VARCHAR"]}).schema.columns == ()


def test_parts_are_put_together_and_told_once() -> None:
    artifacts, connection = MemoryStore(), duckdb.connect()
    for part, value in enumerate(("'blue'", "'ada@example.com'")):
        look(artifacts, "r", DECLARED, connection, f"SELECT {value} AS favourite, '1' AS id", part)
    seen = columns_seen(artifacts, "r")["crm.contacts"]
    first = columns_decided("r", DECLARED, seen, Schema("crm.contacts"))
    again = columns_decided("s", DECLARED, seen, first.schema)
    assert list(first.schema.withheld) == ["favourite"]
    assert (again.schema, again.changes) == (first.schema, [])


def test_a_column_waits_no_longer_once_it_is_declared() -> None:
    before = decided({"firstname": ["'x'"]}).schema
    said = Declared("crm", "contacts", "hubspot_contacts", {"firstname": "drop"}, {"id": "key", "firstname": "drop"})
    after = columns_decided("s", said, [], before)
    assert after.schema.withheld == {}


def test_what_is_written_down_holds_no_value() -> None:
    artifacts = MemoryStore()
    look(artifacts, "r", DECLARED, duckdb.connect(), "SELECT 'ada@example.com' AS favourite", 3)
    (item,) = artifacts.list(columns_prefix("r"))
    assert item.key.endswith("crm.contacts/00003.json")
    assert "ada@" not in str(read_json(artifacts, item.key))
