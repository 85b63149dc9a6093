"""The lake's tables: names, columns and types, said once."""

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
TEXT = pa.string()
NUMBER = pa.float64()

_ACTIVITY = [("customer_id", TEXT), ("event_id", TEXT), ("event_time", TIME), ("known_at", TIME), ("kind", TEXT)]

COMPANIES = pa.schema(
    [
        ("company_id", TEXT),
        ("name", TEXT),
        ("industry", TEXT),
        ("country", TEXT),
        ("employees", NUMBER),
        ("plan", TEXT),
        ("created_at", TIME),
    ]
)
DEALS = pa.schema(
    [
        ("deal_id", TEXT),
        ("company_id", TEXT),
        ("amount", NUMBER),
        ("stage", TEXT),
        ("created_at", TIME),
        ("closed_at", TIME),
    ]
)

SUBSCRIPTIONS = pa.schema(
    [
        ("subscription_id", TEXT),
        ("customer_id", TEXT),
        ("plan", TEXT),
        ("amount_minor", NUMBER),
        ("currency", TEXT),
        ("interval", TEXT),
        ("status", TEXT),
        ("started_at", TIME),
        ("cancelled_at", TIME),
        ("ended_at", TIME),
        ("known_at", TIME),
    ]
)
INVOICES = pa.schema(
    [
        ("invoice_id", TEXT),
        ("customer_id", TEXT),
        ("subscription_id", TEXT),
        ("status", TEXT),
        ("amount_due_minor", NUMBER),
        ("amount_paid_minor", NUMBER),
        ("currency", TEXT),
        ("created_at", TIME),
        ("paid_at", TIME),
        ("known_at", TIME),
    ]
)

STATES = {"companies": COMPANIES, "deals": DEALS, "subscriptions": SUBSCRIPTIONS, "invoices": INVOICES}
"""Tables that hold what things are by now: what a row says was not all known before the newest moment in it. `known_at` is the
newest that the source told of the row; a plan may have changed later still. `_minor` is the currency's smallest unit."""

CUSTOMERS_BASE = pa.schema([("customer_id", TEXT), ("company_id", TEXT), ("created_at", TIME)])
"""What every customers table has. The rest are attributes: declared ones of the CRM, or all columns of a `table` source."""

CUSTOMER_RECORDS = pa.schema([("record", TEXT), ("source", TEXT), ("customer_id", TEXT)])
"""Which record of which source is which customer: see `holdfast.records`."""

ACTIVITY_BASE = pa.schema(_ACTIVITY)
"""What every activity table has: one row is one thing that one customer did at one moment, learnt at `known_at`."""

ACTIVITIES = ("events", "emails", "conversations", "tickets")
"""Activity tables. `events` adds `module` and the configured measures; `conversations` and `tickets` add what their sources count."""
