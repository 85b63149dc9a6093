"""Sources that disagree on who somebody is are settled by one rule, whatever the key, and counted."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from holdfast.pseudonym import Pseudonymiser
from tests.doubles.stored import stored
from validate import conform
from validate.contradictions import contradictions
from validate.identity import unite

KEYS = [Pseudonymiser(bytes([n]) * 32) for n in range(6)]
"""Under some of them one id sorts before the other, under some behind it."""
TIME = pa.timestamp("us", tz="UTC")
OLD, NEW = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
SCHEMAS = {
    "hubspot_contacts": pa.schema(
        [("_source", pa.string()), ("id", pa.string()), ("external_id", pa.string()), ("email", pa.string()),
         ("companies", pa.string()), ("company_id", pa.string()), ("createdate", TIME)]
    ),
    "intercom_contacts": pa.schema(
        [("_source", pa.string()), ("id", pa.string()), ("external_id", pa.string()), ("email", pa.string()), ("created_at", TIME)]
    ),
    "intercom_tickets": pa.schema(
        [("_source", pa.string()), ("id", pa.string()), ("contact_id", pa.string()), ("contact_external_id", pa.string()),
         ("category", pa.string()), ("created_at", TIME)]
    ),
    "hubspot_email_events": pa.schema([("id", pa.string()), ("recipient", pa.string()), ("type", pa.string()), ("created", TIME)]),
}  # fmt: skip


def united(key: Pseudonymiser, **streams: list[dict[str, Any]]) -> tuple[duckdb.DuckDBPyConnection, dict[str, int]]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, rows in streams.items():
        made = [dict.fromkeys(SCHEMAS[name].names) | {"_source": "src"} | row for row in rows]
        kept = [{column: row[column] for column in SCHEMAS[name].names} for row in made]
        connection.register(name, stored(pa.Table.from_pylist(kept, schema=SCHEMAS[name]), name, key))
    conform.gather_contacts(connection, list(streams))
    unite(connection, list(streams), key, list(streams))
    return connection, contradictions(connection, list(streams))


def hubspot(number: str, external_id: str | None, email: str | None, created: datetime = NEW) -> dict[str, Any]:
    return {"id": number, "external_id": external_id, "email": email, "createdate": created}


def desk(number: str, external_id: str | None, email: str | None, created: datetime = NEW) -> dict[str, Any]:
    return {"id": number, "external_id": external_id, "email": email, "created_at": created}


@pytest.mark.parametrize("key", KEYS)
def test_an_address_with_two_ids_leads_to_the_crms_older_contact_under_any_key(key: Pseudonymiser) -> None:
    connection, counted = united(
        key,
        hubspot_contacts=[hubspot("2", "u-2", "a@x.test", NEW), hubspot("1", "u-1", "a@x.test", OLD)],
        intercom_contacts=[desk("c0", "u-0", "a@x.test", OLD)],
        hubspot_email_events=[{"id": "e", "recipient": "A@x.test", "created": NEW}],
    )
    assert conform.snapshot(connection, "emails")["customer_id"].to_pylist() == [key.one("u-1")]
    assert set(conform.customers(connection)["customer_id"].to_pylist()) == set(key.each(["u-0", "u-1", "u-2"]))
    assert counted["addresses_with_several_ids"] == 1


def test_an_id_with_two_addresses_is_one_person_who_has_both() -> None:
    connection, counted = united(
        KEYS[0],
        hubspot_contacts=[hubspot("1", "u-1", "a@x.test")],
        intercom_contacts=[desk("c1", "U-1", "b@x.test"), desk("c2", None, "b@x.test")],
        hubspot_email_events=[{"id": "e", "recipient": "b@x.test", "created": NEW}],
    )
    assert conform.customers(connection)["customer_id"].to_pylist() == [KEYS[0].one("u-1")]
    assert conform.snapshot(connection, "emails")["customer_id"].to_pylist() == [KEYS[0].one("u-1")]
    assert counted == {
        "addresses_with_several_ids": 0,
        "ids_with_several_addresses": 1,
        "contacts_without_any": 0,
        "records_whose_contact_is_another": 0,
    }


def test_a_ticket_belongs_to_its_contact_even_if_another_id_stands_beside_it() -> None:
    connection, counted = united(
        KEYS[0],
        intercom_contacts=[desk("c1", "u-1", None), desk("c2", None, None)],
        intercom_tickets=[
            {"id": "t1", "contact_id": "c1", "contact_external_id": "u-9", "created_at": NEW},
            {"id": "t2", "contact_id": "c1", "contact_external_id": "u-1", "created_at": NEW},
            {"id": "t3", "contact_id": "gone", "contact_external_id": "u-3", "created_at": NEW},
        ],
    )
    tickets = conform.snapshot(connection, "tickets")
    assert tickets["customer_id"].to_pylist() == [KEYS[0].one(each) for each in ("u-1", "u-1", "u-3")]
    assert counted["records_whose_contact_is_another"] == 1
    assert counted["contacts_without_any"] == 1


def test_one_person_is_one_pseudonym_in_every_source() -> None:
    connection, counted = united(
        KEYS[0],
        hubspot_contacts=[hubspot("1", "u-1", " Ada@X.test ")],
        intercom_contacts=[desk("c1", "U-1", "ada@x.test")],
        intercom_tickets=[{"id": "t1", "contact_id": "c1", "created_at": NEW}],
        hubspot_email_events=[{"id": "e", "recipient": "ADA@x.test", "created": NEW}],
    )
    ids = {name: set(conform.snapshot(connection, name)["customer_id"].to_pylist()) for name in ("emails", "tickets")}
    assert ids == {name: {KEYS[0].one("u-1")} for name in ids}
    assert sum(counted.values()) == 0


def test_custom_attributes_of_a_contact_become_attributes_of_the_customer() -> None:
    connection = duckdb.connect()
    rows = pa.Table.from_pylist([{"_source": "desk"} | desk("c1", "u-1", None) | {"seats": 3.0}],
                                schema=SCHEMAS["intercom_contacts"].append(pa.field("seats", pa.float64())))  # fmt: skip
    connection.register("intercom_contacts", stored(rows, "intercom_contacts", KEYS[0]))
    conform.gather_contacts(connection, ["intercom_contacts"])
    unite(connection, ["intercom_contacts"], KEYS[0], ["intercom_contacts"])
    assert conform.customers(connection)["seats"].to_pylist() == [3.0]
