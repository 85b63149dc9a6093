"""A SaaS company of any size as the report sees it: features that teams know, a bundle trained on them, last week and this one."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from holdfast.bundle import Bundle
from holdfast.feature_set import Feature, FeatureSet
from tests.doubles.models import small_settings
from train.examples import examples_from
from train.trainer import train_bundle

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SET = FeatureSet(
    (
        Feature("events_14d", "Events in the last 14 days", "", "events"),
        Feature("last_login_delta", "Days since the last login, less the usual gap between logins", "days", "events"),
        Feature("momentum", "Recent pace of events (7 days) against the long-run pace (60 days)", "ratio", "events"),
        Feature(
            "avg_daily_active_minutes_90d", "Average active minutes per day over the last 90 days", "minutes", "events"
        ),
        Feature("feature_adoption_score", "Modules used in the last 30 days, each with its weight", "points", "events"),
        Feature("email_open_rate_90d", "Share of emails opened in the last 90 days", "share", "emails"),
        Feature("support_tickets_90d", "Support tickets in the last 90 days", "", "tickets"),
        Feature("first_reply_hours_90d", "Hours until support first replied, on average", "hours", "conversations"),
        Feature("amount_90d", "Amount paid in the last 90 days", "USD", "events"),
        Feature("colleagues_active_30d", "Colleagues who were active in the last 30 days", "", "company"),
        Feature("deals_open", "Open deals of the company", "", "deals"),
        Feature("tenure_days", "Days since the customer was created", "days", "customer", actionable=False),
        Feature("employees", "Employees of the company", "", "company", actionable=False),
    ),
    {"windows_days": [14, 30, 90]},
)
_FIRST = [
    "Northwind",
    "Acme",
    "Fabrikam",
    "Contoso",
    "Globex",
    "Initech",
    "Umbrella",
    "Hooli",
    "Stark",
    "Wayne",
    "Vandelay",
    "Soylent",
    "Cyberdyne",
    "Tyrell",
    "Wonka",
]
_LAST = ["Labs", "Systems", "Logistics", "Health", "Energy", "Foods", "Media", "Partners", "Robotics", "Capital"]
_STRANGE = ["شركة الأفق للحلول الرقمية", "חברת הצפון בע״מ", "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesellschaft mbH & Co. KG",
            "東京データ株式会社", "<script>alert(1)</script> & Söhne"]  # fmt: skip


def people(count: int, seed: int, day: datetime = NOW) -> tuple[pa.Table, NDArray[np.bool_], NDArray[np.float64]]:
    """Customers at a cutoff, whether they leave, and what they spend."""
    draw = np.random.default_rng(seed)
    mood = draw.normal(0, 1, count) + draw.normal(0, 0.8, count // 6 + 1)[np.arange(count) // 6]
    events = draw.poisson(np.exp(2.6 + 0.8 * mood))
    late = np.clip(draw.normal(2 - 9 * mood, 8), -5, 90)
    minutes = np.exp(draw.normal(2.5 + 0.5 * mood, 0.5))
    adoption = np.clip(np.round(draw.normal(4 + 1.3 * mood, 1.4), 1), 0, 10)
    tickets, tenure = draw.poisson(np.exp(0.4 - 0.35 * mood)), draw.integers(20, 1500, count)
    amount = draw.lognormal(5.1, 0.9, count)
    columns = [
        events, late, np.clip(draw.normal(1 + 0.35 * mood, 0.35), 0, 4), minutes, adoption,
        np.where(draw.random(count) < 0.2, np.nan, np.clip(draw.normal(0.4 + 0.1 * mood, 0.2), 0, 1)), tickets,
        draw.lognormal(1.5, 0.6, count), amount, draw.poisson(np.exp(1 + 0.4 * mood)), draw.poisson(0.3, count), tenure,
        draw.integers(5, 900, count),
    ]  # fmt: skip
    leaves = draw.random(count) < 1 / (1 + np.exp(2.9 + 1.5 * mood - 0.45 * tickets + 0.001 * tenure))
    value = np.where(leaves, 0.2, 1.0) * amount * 0.6 * draw.lognormal(0, 0.2, count)
    return _table(columns, day), leaves, value


def _table(columns: list[NDArray[np.float64]], day: datetime) -> pa.Table:
    count = len(columns[0])
    head = {
        "customer_id": [f"k1_{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}" for number in range(count)],
        "company_id": [None if number % 41 == 40 else str(1000 + number // 6) for number in range(count)],
        "cutoff": pa.array([day] * count, pa.timestamp("us", tz="UTC")),
    }
    return pa.table(head | {name: pa.array(column, pa.float32(), from_pandas=True) for name, column in zip(SET.names, columns, strict=True)})  # fmt: skip


def companies(count: int) -> pa.Table:
    """Their names, some of them strange."""
    names = [
        f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}"
        + (f" {number // 150 + 1}" if number >= 150 else "")
        for number in range(count // 6 + 1)
    ]
    names[2 : 2 + len(_STRANGE)] = _STRANGE[: max(0, len(names) - 2)]
    return pa.table({"company_id": [str(1000 + number) for number in range(len(names))], "name": names})


def a_week_before(features: pa.Table, seed: int) -> pa.Table:
    """The same customers seven days earlier: a few were livelier, a few quieter, some were not there yet."""
    draw = np.random.default_rng(seed)
    shift = np.where(draw.random(features.num_rows) < 0.12, draw.normal(0, 1.2, features.num_rows), 0)
    for name, turn in (("events_14d", 0.9), ("momentum", 0.4)):
        held = features[name].to_numpy() * np.exp(turn * shift)
        features = _with(features, name, np.round(held) if name == "events_14d" else held)
    features = _with(features, "last_login_delta", features["last_login_delta"].to_numpy() - 7 * shift)
    return features.slice(0, max(1, features.num_rows - features.num_rows // 50))


def _with(table: pa.Table, name: str, column: NDArray[np.float64]) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(column, pa.float32()))


@lru_cache
def trained() -> Bundle:
    """A bundle trained on 3,000 examples of such customers."""
    parts = []
    for number, split in enumerate(("train", "train", "holdout")):
        rows, leaves, value = people(1000, seed=number, day=NOW - timedelta(days=28 * (4 - number)))
        for name, column in {"split": [split] * 1000, "label": leaves.astype(float), "value": value}.items():
            rows = rows.append_column(name, pa.array(column))
        parts.append(rows)
    settings = small_settings(trees=60, personas=4)
    return train_bundle(examples_from(pa.concat_tables(parts), SET.names), SET, settings)
