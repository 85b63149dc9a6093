"""Small worlds for the tests of features."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from features.definitions import Definitions, parse
from holdfast.settings import Settings, parse_settings
from holdfast.tables import TIME

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SMALL = """
windows_days = [7, 14, 30]
long_windows_days = [60]
split_windows_days = [7, 30]
half_lives_days = [7, 30]
weeks = 4
texts = { kind = 3, module = 3 }
categories = 4
trends = [{ recent = 7, before = 7 }]
dayparts = { night = [0, 6] }
[[rates]]
name = "open_rate"
sentence = "Opened"
table = "emails"
part = ["open"]
whole = ["sent"]
windows_days = [30]
[entities.company]
table = "companies"
many = "companies"
never = ["name"]
[entities.customer]
table = "customers"
many = "customers"
of = "company"
never = ["lifecyclestage"]
[entities.event]
table = "events"
many = "events"
of = "customer"
primitives = ["count", "active_days", "recency", "lifetime", "gaps", "decay", "weeks", "trend", "dayparts", "measures"]
by.kind = ["count", "share", "recency", "trend", "decay", "active_days", "used", "entropy"]
by.module = ["count", "share", "recency", "measures", "used", "entropy"]
by."*" = ["count"]
[entities.email]
table = "emails"
many = "emails"
of = "customer"
primitives = ["count"]
by.kind = ["count"]
[entities.ticket]
table = "tickets"
many = "tickets"
of = "customer"
primitives = ["count", "recency"]
[entities.deal]
table = "deals"
many = "deals"
of = "company"
[named]
minutes = ["minutes"]
login = ["login"]
adoption_days = 30
[named.module_weights]
api = 3.0
[company]
days = 30
tickets_days = 30
statistics = ["mean", "min", "max", "std", "sum"]
of = ["events_30d", "events_days_since_last"]
against = ["events_30d"]
[deals]
won = ["won"]
recent_days = 365
"""


def definitions(text: str = SMALL) -> Definitions:
    return parse(text)


def settings(
    churn: str = 'kind = "usage"\nhorizon_days = 14\ninactive_days = 7\nactive_days = 14', rest: str = ""
) -> Settings:
    return parse_settings(f"""
[sources.app]
kind = "events"
prefix = "x/"
fields = {{ customer = "c", time = "t" }}
[churn]
{churn}
{rest}
""")


def at(days: float) -> datetime:
    """A moment, so many days after 1970."""
    return EPOCH + timedelta(days=days)


def times(days: list[float | None]) -> pa.Array:
    return pa.array([None if day is None else at(day) for day in days], TIME)


def customers(
    ids: list[str], created: list[float | None] | None = None, company: list[str | None] | None = None, **more: list
) -> pa.Table:
    missing: list[None] = [None] * len(ids)
    return pa.table({
        "customer_id": pa.array(ids, pa.string()), "company_id": pa.array(company or missing, pa.string()),
        "created_at": times(created or missing), **more,
    })  # fmt: skip


def activity(rows: list[dict], measures: tuple[str, ...] = ("minutes",)) -> pa.Table:
    """Rows with `who` and `day`, and maybe `known` (default: the day itself), `kind`, `module` and measures."""
    return pa.table({
        "customer_id": pa.array([row["who"] for row in rows], pa.string()),
        "event_time": times([row["day"] for row in rows]),
        "known_at": times([row.get("known", row["day"]) for row in rows]),
        "kind": pa.array([row.get("kind") for row in rows], pa.string()),
        "module": pa.array([row.get("module") for row in rows], pa.string()),
        **{name: pa.array([row.get(name) for row in rows], pa.float64()) for name in measures},
    })  # fmt: skip
