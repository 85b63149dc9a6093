"""Faults of the biller on the way: what lands is the same, row for row."""

import io
import time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.connector import connector
from holdfast.contracts import manifest_key
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.store import Store, read_json
from ingest.declared import declared
from ingest.http import ApiClient
from ingest.pull import land_stream
from tests.doubles.crm import place
from tests.integration.conftest import Biller
from validate.state import Pull, merged

STREAMS = ("customers", "subscriptions", "invoices")
FAULTS = ["rate_ten_secondly", "locked_423", "bad_gateway_502", "timeout_504", "cut"]
TRIES = 20


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_on_the_way_give_the_same_rows(biller: Biller, seed: int) -> None:
    without = two_nights(biller, seed)
    met = sum(biller.faults()["drawn"].values())
    biller.reset()

    having = two_nights(biller, seed, schedule={"seed": seed, "share": 0.35, "kinds": FAULTS}, retry_after=30)

    assert having == without
    assert met == 0
    assert sum(biller.faults()["drawn"].values()) >= 10


def two_nights(biller: Biller, seed: int, **faults: object) -> dict[str, list[dict[str, Any]]]:
    """What is held of each stream after two nights, between which the world moves on. Nobody waits: the clock jumps."""
    biller.fault(**faults)
    now, ledger, streams = [time.time()], MemoryLedger(), declared(connector("subscriptions"), {})
    held: dict[str, pa.Table] = {}
    with biller.client() as http:
        for run in ("first", "second"):
            for stream in STREAMS:
                there = place(stream, run)
                for _ in range(TRIES):
                    client = ApiClient("src", http, "secret", lambda: now[0], lambda seconds: jump(now, seconds))
                    if land_stream(there, streams[stream], client, ledger, lambda: now[0], by_data=True).next == "done":
                        break
                manifest = read_json(there.landing, manifest_key(run, f"src_{stream}"))
                pull = Pull(manifest["complete"], manifest["cursor"])
                ledger.keep("src", stream, CURSOR, manifest["cursor"])
                held[stream] = merged(
                    held.get(stream), table(there.landing, "landing/"), table(there.landing, "removed/"), pull
                )
            if run == "first":
                biller.advance(days=2, updates=10, seed=seed)
    return {stream: rows.to_pylist() for stream, rows in held.items()}


def jump(now: list[float], seconds: float) -> None:
    now[0] += seconds


def table(store: Store, under: str) -> pa.Table | None:
    """What lies under a prefix."""
    parts = [pq.read_table(io.BytesIO(body)) for body in (store.read(item.key) for item in store.list(under))]
    return pa.concat_tables(parts) if parts else None
