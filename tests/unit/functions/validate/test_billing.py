"""Subscriptions and invoices in the lake: whose they are, and since when that is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from holdfast.connector import connector
from holdfast.pseudonym import Pseudonymiser
from holdfast.tables import INVOICES, SUBSCRIPTIONS
from tests.doubles.stored import stored
from validate import conform
from validate.identity import unite
from validate.suites import suite_for

KEY = Pseudonymiser(b"k" * 32)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = {"text": pa.string(), "time": pa.timestamp("us", tz="UTC"), "number": pa.float64(), "flag": pa.bool_()}


def held(stream: str, *rows: dict[str, Any]) -> pa.Table:
    """Rows as Transform has them: typed as the connector says, under pseudonyms."""
    columns = {column.name: TYPES[column.kind] for column in connector("subscriptions").streams[stream].columns}
    schema = pa.schema([("_source", pa.string()), ("id", pa.string()), *columns.items()])
    made = [dict.fromkeys(schema.names) | {"_source": "billing", "id": f"{stream}-1"} | row for row in rows]
    return stored(pa.Table.from_pylist(made, schema=schema), f"subscriptions_{stream}", KEY)


def united(**streams: pa.Table) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    relations = [f"subscriptions_{name}" for name in streams]
    for name, rows in zip(relations, streams.values(), strict=True):
        connection.register(name, rows)
    conform.gather_contacts(connection, relations)
    unite(connection, relations, KEY, relations)
    return connection


def test_a_subscription_belongs_to_the_person_whom_its_customer_names() -> None:
    connection = united(
        customers=held("customers", {"id": "c1", "external_id": "U-1", "email": "ada@x.test", "created": DAY},
                       {"id": "c2", "email": "eve@x.test", "created": DAY}),
        subscriptions=held("subscriptions", {"id": "s1", "customer": "c1"}, {"id": "s2", "customer": "c2"},
                           {"id": "s3", "customer": "gone"}),
    )  # fmt: skip

    rows = conform.snapshot(connection, "subscriptions")

    assert rows.schema == SUBSCRIPTIONS
    assert dict(zip(rows["subscription_id"].to_pylist(), rows["customer_id"].to_pylist(), strict=True)) == {
        "s1": KEY.one("u-1"), "s2": KEY.one("eve@x.test"), "s3": None
    }  # fmt: skip
    assert conform.customers(connection)["customer_id"].to_pylist() == sorted([KEY.one("u-1"), KEY.one("eve@x.test")])


def test_a_subscription_says_its_plan_its_amount_and_its_end() -> None:
    end = DAY + timedelta(days=30)
    row = {"customer": "c1", "price": "price_1", "unit_amount": 4900.0, "quantity": 3.0, "currency": "usd",
           "interval": "month", "status": "canceled", "started": DAY, "canceled": DAY, "ended": end, "known": end}  # fmt: skip
    connection = united(customers=held("customers"), subscriptions=held("subscriptions", row))

    found = conform.snapshot(connection, "subscriptions").to_pylist()[0]

    assert found | {"customer_id": None} == {
        "subscription_id": "subscriptions-1", "customer_id": None, "plan": "price_1", "amount_minor": 14700.0,
        "currency": "usd", "interval": "month", "status": "canceled", "started_at": DAY, "cancelled_at": DAY,
        "ended_at": end, "known_at": end,
    }  # fmt: skip


def test_an_invoice_keeps_its_subscription_and_when_it_was_paid() -> None:
    paid = DAY + timedelta(hours=1)
    row = {"customer": "c1", "subscription": "s1", "status": "paid", "amount_due": 4900.0, "amount_paid": 4900.0,
           "currency": "usd", "created": DAY, "paid": paid, "known": paid}  # fmt: skip
    connection = united(customers=held("customers", {"id": "c1", "external_id": "u-1"}), invoices=held("invoices", row))

    rows = conform.snapshot(connection, "invoices")

    assert rows.schema == INVOICES
    assert rows.to_pylist() == [
        {"invoice_id": "invoices-1", "customer_id": KEY.one("u-1"), "subscription_id": "s1", "status": "paid",
         "amount_due_minor": 4900.0, "amount_paid_minor": 4900.0, "currency": "usd", "created_at": DAY, "paid_at": paid,
         "known_at": paid}
    ]  # fmt: skip


def test_each_stream_has_a_suite_whose_columns_the_connector_lands() -> None:
    for name, stream in connector("subscriptions").streams.items():
        suite = suite_for("billing", "subscriptions", name)

        assert suite.name == f"subscriptions_{name}"
        assert {each.column for each in suite.expectations} <= {"id", *(column.name for column in stream.columns)}
