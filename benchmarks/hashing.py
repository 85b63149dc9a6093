"""`make bench-hash`: what pseudonyms cost of a transform: usage events under keyed pseudonyms, and how long of that they took to hash."""

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Settings, parse_settings
from holdfast.tables import TIME
from validate import conform, usage
from validate.identity import unite

START = np.datetime64("2026-01-01", "us").astype(np.int64)
SETTINGS = """
[sources.app]
kind = "events"
prefix = "x/"
fields = { customer = "c", time = "t", account = "a" }
measures = { minutes = "m" }
[churn]
kind = "usage"
"""
_MILLION = 1_000_000


class Timed(Pseudonymiser):
    """A pseudonymiser that counts what it hashes and for how long."""

    def each(self, identifiers: Iterable[str], domain: str = "customer") -> list[str]:
        values = list(identifiers)
        began = time.perf_counter()
        made = super().each(values, domain)
        SPENT["seconds"] += time.perf_counter() - began
        SPENT["identifiers"] += len(values)
        return made


SPENT: dict[str, Any] = {"seconds": 0.0, "identifiers": 0}


def main() -> None:
    """Measure, and end with one line of JSON."""
    options = _options()
    first = Timed(hashlib.sha256(b"benchmark").digest())
    key = first if options.keys == 1 else Timed(hashlib.sha256(b"later").digest(), "k2", Pseudonymiser(first.key))
    settings, rows = parse_settings(SETTINGS), landed(options.events, options.customers)
    shares = [measured(settings, rows, key) for _ in range(options.rounds)]
    told = {name: statistics.median(each[name] for each in shares) for name in shares[0]}
    print(json.dumps({
        "events": options.events, "customers": options.customers, "keys": options.keys, **told,
        "share": round(told["hash_seconds"] / told["transform_seconds"], 4), "goal": 0.05,
    }))  # fmt: skip


def landed(events: int, customers: int) -> pa.Table:
    """Events as they land, a year of them, with few customers very active and many hardly."""
    rng = np.random.default_rng(7)
    who = np.minimum(rng.exponential(customers / 5, events).astype(np.int64), customers - 1)
    moments = pa.array(np.sort(START + (rng.random(events) * 365 * 86_400e6).astype(np.int64)), TIME)
    people = pa.array([f"user-{number:08}@company-{number % 997}.example.com" for number in range(customers)])
    kinds = pa.array([f"kind_{number}" for number in range(12)])
    return pa.table({
        "event_id": pa.array(np.arange(events)).cast(pa.string()),
        "customer": people.take(pa.array(who)),
        "account": pa.array([f"account-{number}" for number in range(997)]).take(pa.array(who % 997)),
        "event_time": moments,
        "known_at": moments,
        "kind": kinds.take(pa.array(rng.integers(0, 12, events))),
        "module": kinds.take(pa.array(rng.integers(0, 12, events))),
        "minutes": rng.random(events),
    })  # fmt: skip


def measured(settings: Settings, rows: pa.Table, key: Pseudonymiser) -> dict[str, float]:
    """One transform of the rows: seconds of all of it, and of hashing, and how many identifiers that was."""
    SPENT.update(seconds=0.0, identifiers=0)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        stage = usage.opened(Path(folder) / "part", settings)
        for batch in rows.to_batches(max_chunksize=1 << 17):
            usage.take(stage, pa.Table.from_batches([batch]), "app")
        part = stage.close()
        connection = duckdb.connect()
        connection.register("events", pa.table({"customer": part.text("customer")}))
        conform.gather_contacts(connection, ["events"])
        unite(connection, ["events"], key)
        written = usage.entered(connection, part, pa.chunked_array([], pa.string()), key)
        seconds = time.perf_counter() - began
    assert sum(each.rows for each in written) == len(rows)
    return {
        "transform_seconds": round(seconds, 3),
        "hash_seconds": round(SPENT["seconds"], 3),
        "identifiers": SPENT["identifiers"],
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2 * _MILLION)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--keys", type=int, choices=(1, 2), default=1, help="2: as after a rotation")
    parser.add_argument("--rounds", type=int, default=3, help="medians are told")
    return parser.parse_args()


if __name__ == "__main__":
    main()
