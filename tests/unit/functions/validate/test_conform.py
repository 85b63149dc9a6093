"""Identity and conforming: one person, one pseudonym, nothing personal left."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Settings, parse_settings
from validate import conform
from validate.cutoff import as_of
from validate.identity import customer_records, unite

KEY = Pseudonymiser(b"k" * 32)
NOW = datetime(2026, 5, 6, 7, 8, tzinfo=UTC)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
CONTACT = ("id", "external_id", "email", "company_id", "country")
ASKED = ("id", "contact_id", "contact_external_id", "category")


def relation(names: tuple[str, ...], rows: list[tuple], **times: datetime) -> pa.Table:
    columns = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)}
    columns |= {name: pa.array([moment] * len(rows), TIME) for name, moment in times.items()}
    return pa.table({"_source": ["crm"] * len(rows), **columns})


def united(**relations: pa.Table) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, rows in relations.items():
        connection.register(name, rows)
    conform.gather_contacts(connection, list(relations))
    unite(connection, list(relations), KEY)
    return connection


def hubspot(*rows: tuple) -> pa.Table:
    return relation(CONTACT, list(rows), createdate=DAY)


def settings() -> Settings:
    return parse_settings("""
[sources.app]
kind = "events"
prefix = "x/"
fields = { customer = "c", time = "t" }
measures = { minutes = "m" }
[churn]
kind = "usage"
[run]
as_of = "data"
""")


def test_a_customer_is_the_pseudonym_of_the_products_own_id_and_nothing_personal_is_kept():
    connection = united(hubspot_contacts=hubspot(("1", "U-1 ", "ada@x.test", "c1", "SE")))

    customers = conform.customers(connection)

    assert customers.to_pylist() == [
        {"customer_id": KEY.one("u-1"), "company_id": "c1", "created_at": DAY, "country": "SE"}
    ]


def test_one_person_in_two_systems_is_one_customer_with_the_first_value_of_each_attribute():
    desk = relation(
        ("id", "external_id", "email"),
        [("i1", None, "Ada@x.test"), ("i2", "u-2", None)],
        created_at=DAY - timedelta(days=1),
    )
    connection = united(
        hubspot_contacts=hubspot(("1", "u-1", "ada@x.test", None, None), ("2", "u-1", "ada@x.test", "c1", "SE")),
        intercom_contacts=desk,
    )

    customers = {row["customer_id"]: row for row in conform.customers(connection).to_pylist()}

    assert set(customers) == {KEY.one("u-1"), KEY.one("u-2")}
    assert customers[KEY.one("u-1")] == {
        "customer_id": KEY.one("u-1"), "company_id": "c1", "created_at": DAY - timedelta(days=1), "country": "SE"
    }  # fmt: skip


def test_who_has_no_id_is_known_by_the_address():
    connection = united(hubspot_contacts=hubspot(("1", None, "ada@x.test", None, None), ("2", None, None, None, None)))

    assert conform.customers(connection)["customer_id"].to_pylist() == [KEY.one("ada@x.test")]


def test_emails_find_their_person_and_strangers_keep_a_pseudonym():
    mails = relation(
        ("id", "type", "recipient"),
        [("m1", "OPEN", "ADA@x.test"), ("m2", None, "eve@x.test"), ("m1", "OPEN", "ADA@x.test")],
        created=DAY,
    )
    connection = united(hubspot_contacts=hubspot(("1", "u-1", "ada@x.test", None, None)), hubspot_email_events=mails)

    rows = conform.snapshot(connection, "emails").to_pylist()

    assert [(row["event_id"], row["kind"], row["customer_id"]) for row in rows] == [
        ("m1", "OPEN", KEY.one("u-1")), ("m2", "EMAIL", KEY.one("eve@x.test"))
    ]  # fmt: skip


def test_tickets_find_their_person_by_contact_and_say_only_what_was_known_when_they_were_opened():
    desk = relation(("id", "external_id", "email"), [("i1", None, "ada@x.test")], created_at=DAY)
    tickets = relation(ASKED, [("t1", "i1", None, "Customer"), ("t2", "i9", "u-9", None)], created_at=DAY)
    crm = hubspot(("1", "u-1", "ada@x.test", None, None))
    connection = united(hubspot_contacts=crm, intercom_contacts=desk, intercom_tickets=tickets)

    rows = conform.snapshot(connection, "tickets").to_pylist()

    assert rows == [
        {"customer_id": KEY.one("u-1"), "event_id": "t1", "event_time": DAY, "known_at": DAY, "kind": "Customer"},
        {"customer_id": KEY.one("u-9"), "event_id": "t2", "event_time": DAY, "known_at": DAY, "kind": "ticket"},
    ]


def test_a_table_of_customers_keeps_all_its_columns_but_the_address():
    table = pa.table({"_source": ["t"], "customer": ["7"], "Churn": ["Yes"], "Email": ["a@x.test"], "rank": [3.0]})
    connection = united(customers=table)

    assert conform.customers(connection).to_pylist() == [
        {"customer_id": KEY.one("7"), "company_id": None, "created_at": None, "Churn": "Yes", "rank": 3.0}
    ]


def test_without_a_crm_whoever_did_something_is_a_customer():
    acts = pa.table({"customer_id": ["b", "a", "a"], "event_time": pa.array([DAY, NOW, DAY], TIME)})

    rows = conform.customers_of_events(united(), acts).to_pylist()

    assert [(row["customer_id"], row["created_at"]) for row in rows] == [("a", DAY), ("b", DAY)]


class Shelf:
    """The part of a lake that a cutoff is read from."""

    def __init__(self, **tables: pa.Table) -> None:
        self.tables = tables

    def read(self, name, columns):
        return self.tables[name].select(columns) if name in self.tables else None

    def table(self, name):
        return None


@pytest.mark.parametrize(
    ("lake", "expected"),
    [
        (Shelf(events=pa.table({"event_time": pa.array([DAY, NOW], TIME)})), datetime(2026, 5, 7, tzinfo=UTC)),
        (Shelf(emails=pa.table({"event_time": pa.array([DAY], TIME)})), datetime(2026, 1, 2, tzinfo=UTC)),
        (Shelf(), datetime(2026, 5, 6, tzinfo=UTC)),
    ],
)
def test_the_cutoff_is_the_midnight_after_the_last_thing_known_or_that_of_today(lake, expected):
    assert as_of(lake, settings(), NOW) == expected


def test_associations_stay_out_of_the_customers_and_properties_that_a_user_named_go_in():
    crm = hubspot(("1", "u-1", "ada@x.test", "c1", "SE"))
    crm = crm.append_column("companies", [['[{"id": "c1"}]']]).append_column("mrr", [[12.5]])

    (customer,) = conform.customers(united(hubspot_contacts=crm)).to_pylist()

    assert set(customer) == {"customer_id", "company_id", "created_at", "country", "mrr"}
    assert (customer["company_id"], customer["mrr"]) == ("c1", 12.5)


def test_records_of_all_sources_lead_to_their_customers_and_no_id_of_one_is_kept():
    sources = parse_settings("""
[sources.crm]
kind = "hubspot"
[sources.desk]
kind = "intercom"
[churn]
kind = "usage"
""").sources
    ada, again = ("1", "u-1", "ada@x.test", "c1", "SE"), ("2", None, "ada@x.test", "c1", "SE")
    desk = relation(("id", "external_id", "email"), [("1", "u-2", None), ("9", None, None)], created_at=DAY)
    desk = desk.set_column(0, "_source", [["desk", "desk"]])
    connection = united(hubspot_contacts=hubspot(ada, again), intercom_contacts=desk)

    found = customer_records(connection, sources, KEY).to_pylist()

    assert {(row["source"], row["record"]): row["customer_id"] for row in found} == {
        ("crm", KEY.one("crm/contacts/1", "record")): KEY.one("u-1"),
        ("crm", KEY.one("crm/contacts/2", "record")): KEY.one("u-1"),
        ("desk", KEY.one("desk/contacts/1", "record")): KEY.one("u-2"),
    }
