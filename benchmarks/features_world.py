"""An entity set to measure features with: seeded, the same bytes every time, made once and kept."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CUSTOMERS = 20_000
TABLES = ("events", "emails", "tickets")
KINDS = {
    "events": ("login", "view", "create", "edit", "share", "export", "api_call", "invite"),
    "emails": ("sent", "delivered", "opened", "clicked"),
    "tickets": ("question", "bug", "billing"),
}
MODULES = ("reports", "boards", "billing", "automation", "contacts", "calendar", "files", "search", "settings", "api")
DEVICES = ("macos", "windows", "linux", "ios", "android")
FIRST_DAY = 20_454
"""1 January 2026."""
DAYS = 365
_DAY_US = 86_400_000_000


def world(folder: Path, events: int, share: int = 1) -> Path:
    """A folder of Parquet files: customers, each with a cutoff of its own, and what they did; of every `share`-th customer only.

    Events are spread over the customers as Pareto found; 2 of 100 arrive up to three days late.
    """
    place = folder / f"{events}-{share}"
    if not (place / "customers.parquet").exists():
        place.mkdir(parents=True, exist_ok=True)
        luck = np.random.default_rng(7)
        weights = luck.pareto(1.5, CUSTOMERS) + 0.1
        people = np.arange(0, CUSTOMERS, share)
        for name, count in {"events": events, "emails": 300_000, "tickets": 100_000}.items():
            rows = _rows(luck, name, count, weights / weights.sum(), people)
            pq.write_table(rows, place / f"{name}.parquet", compression="zstd", row_group_size=1 << 20)
        cutoffs = luck.integers(FIRST_DAY + DAYS - 120, FIRST_DAY + DAYS, CUSTOMERS)[people]
        pq.write_table(pa.table({"customer_id": _names(people), "cutoff": cutoffs}), place / "customers.parquet")
    return place


def _rows(luck: np.random.Generator, name: str, count: int, weights: np.ndarray, people: np.ndarray) -> pa.Table:
    who = luck.choice(CUSTOMERS, count, p=weights).astype(np.int32)
    us = FIRST_DAY * _DAY_US + luck.integers(0, DAYS * 86_400_000, count) * 1000
    late = np.where(luck.random(count) < 0.02, luck.integers(0, 3 * 86_400, count), luck.integers(0, 60, count))
    columns = {
        "customer_id": pa.DictionaryArray.from_arrays(who, _names(np.arange(CUSTOMERS))),
        "event_time": pa.array(us, pa.timestamp("us", tz="UTC")),
        "known_at": pa.array(us + late * 1_000_000, pa.timestamp("us", tz="UTC")),
        "kind": _texts(luck, KINDS[name], count),
    }
    if name == "events":
        amount = pa.array(luck.integers(1, 100, count).astype(np.float64), mask=luck.random(count) < 0.95)
        columns |= {"module": _texts(luck, MODULES, count), "device": _texts(luck, DEVICES, count),
                    "minutes": pa.array(luck.gamma(2, 8, count).round(2)), "amount": amount}  # fmt: skip
    mine = np.isin(who, people)
    return pa.table(columns) if mine.all() else pa.table(columns).filter(pa.array(mine))


def _names(people: np.ndarray) -> pa.Array:
    return pa.array([f"k1_{number * 2_654_435_761 % (1 << 32):032x}" for number in people.tolist()])


def _texts(luck: np.random.Generator, texts: tuple[str, ...], count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(luck.integers(0, len(texts), count, dtype=np.int8), pa.array(texts))
