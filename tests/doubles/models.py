"""A small world with a known law of churn, and the bundle that is trained on it."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa

from holdfast.bundle import Bundle
from holdfast.feature_set import Feature, FeatureSet
from holdfast.settings import Settings, parse_settings
from train.examples import examples_from
from train.trainer import train_bundle

AS_OF = "2026-06-01T00:00:00+00:00"

FEATURES = FeatureSet(
    (
        Feature("events_30d", "Events in the last 30 days", "", "events"),
        Feature("events_7d", "Events in the last 7 days", "", "events"),
        Feature("tickets_90d", "Support tickets in the last 90 days", "", "tickets"),
        Feature("open_rate", "Share of emails opened", "share", "emails"),
        Feature("employees", "Employees of the company", "", "company", actionable=False),
    ),
    {"windows_days": [7, 30, 90]},
)


def small_settings(**training: int) -> Settings:
    """Few trees, so that a test is quick."""
    lines = "\n".join(
        f"{name} = {value}" for name, value in {"trees": 40, "depth": 3, "personas": 3, **training}.items()
    )
    return parse_settings(f"""
        [sources.usage]
        kind = "events"
        prefix = "usage/"
        fields = {{ customer = "user", time = "at" }}
        [churn]
        kind = "usage"
        [training]
        {lines}
    """)


def customers(count: int, day: datetime, seed: int) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """`count` customers at a cutoff, whether they leave, and what they spend: tickets drive them away."""
    draw = np.random.default_rng(seed)
    events, tickets = draw.poisson(draw.gamma(1.5, 8, count)), draw.poisson(2, count)
    rate = np.where(draw.random(count) < 0.3, np.nan, draw.random(count))
    leaves = draw.random(count) < 1 / (1 + np.exp(1.0 + 0.9 * np.log1p(events) - 0.9 * tickets))
    value = np.where(leaves, 0, events * 10 * draw.lognormal(0, 0.3, count))
    columns = [events, draw.binomial(events, 0.25), tickets, rate, draw.integers(1, 500, count)]
    head = {
        "customer_id": [f"k1_{number:032x}" for number in range(count)],
        "company_id": [f"k1_{number // 7:032x}" for number in range(count)],
        "cutoff": pa.array([day] * count, pa.timestamp("us", tz="UTC")),
    }
    made = {name: pa.array(c, pa.float32(), from_pandas=True) for name, c in zip(FEATURES.names, columns, strict=True)}
    return pa.table({**head, **made}), leaves, value


def training_examples(count: int = 500, splits: tuple[str, ...] = ("train", "train", "holdout")) -> pa.Table:
    """One cutoff per split, four weeks apart."""
    parts = []
    for number, split in enumerate(splits):
        rows, leaves, value = customers(
            count, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=28 * number), seed=number
        )
        told = {"split": [split] * count, "label": leaves.astype(float), "value": value}
        for name, column in told.items():
            rows = rows.append_column(name, pa.array(column))
        parts.append(rows)
    return pa.concat_tables(parts)


@lru_cache
def bundle(seed: int = 7) -> Bundle:
    """A bundle trained on `training_examples()`."""
    return train_bundle(examples_from(training_examples(), FEATURES.names), FEATURES, small_settings(seed=seed))


def population() -> pa.Table:
    """The customers to be scored."""
    return customers(300, datetime.fromisoformat(AS_OF), seed=9)[0]
