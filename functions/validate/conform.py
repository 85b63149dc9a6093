"""From landing relations to the lake's tables: which rows, in which order, with which columns."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from holdfast.privacy import shipped
from holdfast.sql import quoted
from holdfast.tables import ACTIVITY_BASE, CUSTOMERS_BASE, STATES
from validate.statements import (
    CONTACTS,
    CUSTOMERS,
    CUSTOMERS_OF_EVENTS,
    FIRST,
    NOBODY,
    SNAPSHOTS,
    WRITTEN,
)
from validate.text import PREFIX


def gather_contacts(connection: duckdb.DuckDBPyConnection, relations: Sequence[str]) -> None:
    """Make the relation `contacts` from whatever says who the customers are; empty where nothing does."""
    parts = [CONTACTS[name].format(more=_named(connection, name)) for name in sorted(CONTACTS) if name in relations]
    if "customers" in relations:
        parts.append(_table_contacts(connection))
    united = " UNION ALL BY NAME ".join(f"({part})" for part in [NOBODY, *parts])
    connection.execute(f"CREATE TEMP TABLE contacts AS {united}")


def customers(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row per person, with the first value of each attribute: CRM, support desk, tables; oldest contact first."""
    extra = [name for name in columns_of(connection, "people") if not name.startswith("_")]
    attributes = ["company_id", *(name for name in extra if name not in CUSTOMERS_BASE.names)]
    first = ", ".join(FIRST.format(name=quoted(name)) for name in attributes)
    return _shaped(connection.sql(CUSTOMERS.format(attributes=first)).to_arrow_table(), CUSTOMERS_BASE)


def customers_of_events(connection: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Table:
    """Whoever did anything is a customer, since the first thing done."""
    connection.register("lake_events", events)
    return _shaped(connection.sql(CUSTOMERS_OF_EVENTS).to_arrow_table(), CUSTOMERS_BASE)


def snapshot(connection: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    """One of the small tables, each record once and in the order of its key."""
    schema = STATES.get(name, ACTIVITY_BASE)
    key = "event_id" if schema is ACTIVITY_BASE else schema.names[0]
    said = _with_texts(connection, *SNAPSHOTS[name]) if name in WRITTEN else SNAPSHOTS[name][1]
    query = f"SELECT DISTINCT ON ({key}) * FROM ({said}) ORDER BY ALL"
    return _shaped(connection.sql(query).to_arrow_table().sort_by(key), schema)


def _with_texts(connection: duckdb.DuckDBPyConnection, relation: str, query: str) -> str:
    """A statement with the numbers that were made of what somebody wrote, where there are any."""
    there = [name for name in columns_of(connection, relation) if name.startswith(PREFIX)]
    return query.format(texts="".join(f", {quoted(name)}" for name in there))


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Column names of a relation, in order."""
    return [row[0] for row in connection.execute(f"SELECT column_name FROM (DESCRIBE {relation})").fetchall()]


def _named(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Columns of a relation beside those that the product declares."""
    known = shipped()[relation]
    others = (name for name in columns_of(connection, relation) if name not in known and not name.startswith("_"))
    return "".join(f", {quoted(name)}" for name in others)


def _table_contacts(connection: duckdb.DuckDBPyConnection) -> str:
    """Contacts of a customer table: all its columns, but `email` only says who somebody is, and is not kept."""
    typed = {
        "company_id": "company_id::VARCHAR AS company_id",
        "created_at": "try_cast(created_at AS TIMESTAMPTZ) AS created_at",
        "email": "email::VARCHAR AS _email",
    }
    columns = [name for name in columns_of(connection, "customers") if name not in ("_source", "customer")]
    kept = "".join(", " + typed.get(name.casefold(), quoted(name)) for name in columns)
    return f"SELECT 3 AS _rank, _source, customer AS _contact, customer AS _external{kept} FROM customers"


def _shaped(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The schema's columns first and as it types them, then the others."""
    others = [name for name in rows.column_names if name not in schema.names]
    wanted = pa.schema([*schema, *(rows.schema.field(name) for name in others)])
    return rows.select(wanted.names).cast(wanted).combine_chunks()
