"""Parts of conversations in the lake: whose conversation they belong to, and that they go with it."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from holdfast.pseudonym import Pseudonymiser
from holdfast.tables import ACTIVITY_BASE
from tests.doubles.stored import stored
from validate import conform
from validate.expectations import Expectation
from validate.identity import unite
from validate.suites import suite_for

KEY = Pseudonymiser(b"k" * 32)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
COLUMNS = {
    "intercom_contacts": {"external_id": pa.string(), "email": pa.string(), "created_at": TIME},
    "intercom_conversations": {"contact_id": pa.string(), "contact_external_id": pa.string(), "created_at": TIME},
    "intercom_conversation_parts": {
        "conversation_id": pa.string(),
        "part_type": pa.string(),
        "author_type": pa.string(),
        "created_at": TIME,
    },
}


def held(relation: str, *rows: dict[str, Any]) -> pa.Table:
    """Rows as Transform has them: typed, under pseudonyms."""
    schema = pa.schema([("_source", pa.string()), ("id", pa.string()), *COLUMNS[relation].items()])
    made = [dict.fromkeys(schema.names) | {"_source": "desk", "created_at": DAY} | row for row in rows]
    return stored(pa.Table.from_pylist(made, schema=schema), relation, KEY)


@pytest.fixture
def replies() -> list[dict[str, Any]]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    contacts = held("intercom_contacts", {"id": "c1", "external_id": "U-1", "email": "ada@x.test"})
    talks = held("intercom_conversations", {"id": "t1", "contact_id": "c1"},
                 {"id": "t2", "contact_id": "gone", "contact_external_id": "U-2"})  # fmt: skip
    parts = held(
        "intercom_conversation_parts",
        {"id": "p1", "conversation_id": "t1", "part_type": "comment", "author_type": "user"},
        {"id": "p2", "conversation_id": "t1", "part_type": "close", "author_type": "admin"},
        {"id": "p3", "conversation_id": "t2", "part_type": None, "author_type": None},
        {"id": "p4", "conversation_id": "deleted", "part_type": "comment", "author_type": "user"},
        {"id": "p5", "conversation_id": "t1", "part_type": "comment", "author_type": "user", "_source": "another"},
    )
    relations = [*COLUMNS]
    for name, rows in zip(relations, (contacts, talks, parts), strict=True):
        connection.register(name, rows)
    conform.gather_contacts(connection, relations)
    unite(connection, relations, KEY, relations)
    made = conform.snapshot(connection, "replies")
    assert made.schema.names[: len(ACTIVITY_BASE)] == ACTIVITY_BASE.names
    return list(made.to_pylist())


def test_a_part_belongs_to_the_person_whose_conversation_it_is(replies: list[dict[str, Any]]) -> None:
    assert {row["event_id"]: row["customer_id"] for row in replies} == {
        "p1": KEY.one("u-1"), "p2": KEY.one("u-1"), "p3": KEY.one("u-2")
    }  # fmt: skip


def test_a_part_says_who_did_what_and_is_known_since_then(replies: list[dict[str, Any]]) -> None:
    assert [row["kind"] for row in replies] == ["user comment", "admin close", "part"]
    assert {(row["event_time"], row["known_at"]) for row in replies} == {(DAY, DAY)}
    assert [row["conversation_id"] for row in replies] == ["t1", "t1", "t2"]


def test_of_conversations_that_are_gone_there_are_no_replies(replies: list[dict[str, Any]]) -> None:
    assert {"p4", "p5"}.isdisjoint(row["event_id"] for row in replies)


@pytest.mark.parametrize(
    ("stream", "owner"), [("conversation_parts", "conversation_id"), ("data_events", "contact_id")]
)
def test_what_is_read_one_by_one_is_held_to_whose_it_is_and_when(stream: str, owner: str) -> None:
    expected: tuple[Expectation, ...] = suite_for("desk", "intercom", stream).expectations

    assert {each.column for each in expected if each.severity == "quarantine"} >= {owner, "created_at"}
    assert [each.column for each in expected if each.severity == "halt"] == ["id"]


def test_ids_of_customers_in_data_events_are_pseudonyms() -> None:
    rows = pa.table({"id": ["e1"], "external_id": ["U-1"], "contact_id": ["c1"]})

    assert stored(rows, "intercom_data_events", KEY)["external_id"].to_pylist() == [KEY.one("u-1")]
