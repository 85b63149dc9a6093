"""The SQL that turns landing relations into the lake's tables; names of people and free text are left behind.

A conversation or a ticket is one row, and says only what was known when it was opened, of its first text the numbers among it:
its state and its length come to be known later, and would let the future into a feature.
"""

NOBODY = """
SELECT NULL::INTEGER AS _rank, NULL::VARCHAR AS _source, NULL::VARCHAR AS _contact, NULL::VARCHAR AS _external,
    NULL::VARCHAR AS _email, NULL::VARCHAR AS company_id, NULL::TIMESTAMPTZ AS created_at
LIMIT 0"""

CONTACTS = {
    "hubspot_contacts": """
SELECT 1 AS _rank, id AS _contact, external_id AS _external, email AS _email, createdate AS created_at,
    COLUMNS(lambda name: name NOT IN ('id', 'external_id', 'email', 'companies', 'createdate'))
FROM hubspot_contacts""",
    "intercom_contacts": """
SELECT 2 AS _rank, _source, id AS _contact, external_id AS _external, email AS _email, created_at{more}
FROM intercom_contacts""",
    "subscriptions_customers": """
SELECT 4 AS _rank, _source, id AS _contact, external_id AS _external, email AS _email, created AS created_at
FROM subscriptions_customers""",
}
"""What says who the customers are, by landing relation; columns that begin with `_` never reach the lake. `{more}` are columns
that the user named."""

LAST_RESORT = {"intercom_conversations": ("contact_id",), "intercom_tickets": ("contact_id",)}
"""Ids that name somebody where nothing else does, by landing relation."""

_ASKED = """
SELECT coalesce(i.customer_id, e.pseudonym, c.pseudonym) AS customer_id, id AS event_id, created_at AS event_time,
    created_at AS known_at, coalesce({kind}) AS kind{{texts}}
FROM {relation} r
LEFT JOIN contact_ids i ON i._source = r._source AND i._contact = r.contact_id
LEFT JOIN pseudonyms e ON e.raw = r.contact_external_id
LEFT JOIN pseudonyms c ON c.raw = r.contact_id"""

SNAPSHOTS = {
    "companies": (
        "hubspot_companies",
        """
SELECT id AS company_id, name, industry, country, numberofemployees AS employees, plan, createdate AS created_at
FROM hubspot_companies""",
    ),
    "deals": (
        "hubspot_deals",
        """
SELECT id AS deal_id, company_id, amount, dealstage AS stage, createdate AS created_at, closedate AS closed_at
FROM hubspot_deals""",
    ),
    "emails": (
        "hubspot_email_events",
        """
SELECT coalesce(a.customer_id, p.pseudonym) AS customer_id, id AS event_id, created AS event_time, created AS known_at,
    coalesce(type, 'EMAIL') AS kind
FROM hubspot_email_events
LEFT JOIN pseudonyms p ON p.raw = recipient
LEFT JOIN aliases a ON a.pseudonym = p.pseudonym""",
    ),
    "conversations": (
        "intercom_conversations",
        _ASKED.format(relation="intercom_conversations", kind="delivered_as, 'conversation'"),
    ),
    "replies": (
        "intercom_conversation_parts",
        """
SELECT coalesce(i.customer_id, e.pseudonym, c.pseudonym) AS customer_id, p.id AS event_id, p.created_at AS event_time,
    p.created_at AS known_at, concat_ws(' ', p.author_type, coalesce(p.part_type, 'part')) AS kind, p.conversation_id
FROM intercom_conversation_parts p
JOIN intercom_conversations r ON r._source = p._source AND r.id = p.conversation_id
LEFT JOIN contact_ids i ON i._source = r._source AND i._contact = r.contact_id
LEFT JOIN pseudonyms e ON e.raw = r.contact_external_id
LEFT JOIN pseudonyms c ON c.raw = r.contact_id""",
    ),
    "tickets": ("intercom_tickets", _ASKED.format(relation="intercom_tickets", kind="category, 'ticket'")),
    "subscriptions": (
        "subscriptions_subscriptions",
        """
SELECT id AS subscription_id, customer_id, coalesce(plan, price) AS plan, unit_amount * quantity AS amount_minor, currency,
    interval, status, started AS started_at, canceled AS cancelled_at, ended AS ended_at, known AS known_at
FROM subscriptions_subscriptions s
LEFT JOIN contact_ids i ON i._source = s._source AND i._contact = s.customer""",
    ),
    "invoices": (
        "subscriptions_invoices",
        """
SELECT id AS invoice_id, customer_id, subscription AS subscription_id, status, amount_due AS amount_due_minor,
    amount_paid AS amount_paid_minor, currency, created AS created_at, paid AS paid_at, known AS known_at
FROM subscriptions_invoices s
LEFT JOIN contact_ids i ON i._source = s._source AND i._contact = s.customer""",
    ),
}
"""Table of the lake -> the landing relation that it needs, and its rows."""

WRITTEN = ("conversations", "tickets")
"""Tables whose rows say what is known of what somebody wrote: in their statements, `{texts}`."""

ALSO_NEEDED = {"replies": ("intercom_conversations",)}
"""Further relations that a table needs."""

PEOPLE = """
CREATE TEMP TABLE people AS
WITH known AS (
    SELECT c.*, x.pseudonym AS _by_id, e.pseudonym AS _by_email
    FROM contacts c
    LEFT JOIN pseudonyms x ON x.raw = c._external
    LEFT JOIN pseudonyms e ON e.raw = c._email),
aliased AS (
    SELECT _by_email AS pseudonym, first(_by_id ORDER BY _rank, created_at, _contact) AS customer_id
    FROM known
    WHERE _by_id IS NOT NULL AND _by_email IS NOT NULL
    GROUP BY _by_email)
SELECT k.* EXCLUDE (_external, _email), coalesce(_by_id, a.customer_id, _by_email) AS customer_id
FROM known k
LEFT JOIN aliased a ON a.pseudonym = k._by_email"""

ALIASES = """
CREATE TEMP TABLE aliases AS
SELECT _by_email AS pseudonym, first(customer_id ORDER BY _by_id IS NULL, _rank, created_at, _contact) AS customer_id
FROM people
WHERE _by_email IS NOT NULL
GROUP BY _by_email"""

CONTACT_IDS = """
CREATE TEMP TABLE contact_ids AS
SELECT _source, _contact, first(customer_id ORDER BY _rank, created_at, customer_id) AS customer_id
FROM people
WHERE customer_id IS NOT NULL
GROUP BY ALL"""

CUSTOMERS = """
SELECT customer_id, min(created_at) AS created_at, {attributes}
FROM people
WHERE customer_id IS NOT NULL
GROUP BY customer_id
ORDER BY customer_id"""

FIRST = "first({name} ORDER BY _rank, created_at, _contact) FILTER (WHERE {name} IS NOT NULL) AS {name}"

CUSTOMERS_OF_EVENTS = """
SELECT customer_id, NULL::VARCHAR AS company_id, min(event_time) AS created_at
FROM lake_events
GROUP BY customer_id
ORDER BY customer_id"""
