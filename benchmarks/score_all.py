"""`make bench-score-all`: state ScoreAll on a million customers, its lake in a folder, the online store's network left out."""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.score_world import CHAMPION, FEATURES, bundle_of, prepare
from holdfast.bundle import save
from holdfast.contracts import ScoringWanted
from holdfast.feature_set import said_of
from holdfast.settings import Scoring
from holdfast.store import MemoryStore
from score.held import Item, Items, digest
from score.score_all import score_all
from tests.doubles.catalog import folder_lake

_AS_OF = "2026-11-01T00:00:00+00:00"
_MADE = 50_000


class Counted:
    """The online store without its network: items are gone through as DynamoDB's are, and counted."""

    def get(self, customer_id: str) -> Item | None:
        return None

    def get_all(self, customer_ids: Collection[str]) -> dict[str, Item]:
        return {}

    def hold(self, items: Items) -> int:
        digest(items)
        return sum(1 for _ in items)


def main() -> None:
    """Score, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers = parser.parse_args().customers
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        lake, store, bundle = folder_lake(Path(folder)), MemoryStore(), bundle_of(CHAMPION)
        for start in range(0, customers, _MADE):
            lake.append("features", _rows(start, min(_MADE, customers - start)), said_of(bundle.feature_set, _AS_OF))
        before = _peak_mb()
        wanted = ScoringWanted("bench", save(store, bundle), lake.snapshot_id("features") or 0, _AS_OF)
        began = time.perf_counter()
        scored = score_all(wanted, lake, store, Counted(), Scoring())
        seconds = time.perf_counter() - began
    print(json.dumps({
        "customers": scored.rows, "features": FEATURES, "seconds": round(seconds, 1),
        "rows_per_s": round(scored.rows / seconds), "peak_mb": round(_peak_mb()), "peak_before_mb": round(before),
    }))  # fmt: skip


def _rows(first: int, count: int) -> pa.Table:
    draw = np.random.default_rng(first)
    values = draw.gamma(0.7, 8, (count, FEATURES)).astype(np.float32)
    values[draw.random((count, FEATURES), np.float32) < 0.05] = np.nan
    ids: dict[str, Any] = {
        "customer_id": [f"k1_{number:032x}" for number in range(first, first + count)],
        "company_id": [f"k1_{number // 7:032x}" for number in range(first, first + count)],
    }
    made = {f"feature_{j:04}": pa.array(values[:, j], from_pandas=True) for j in range(FEATURES)}
    return pa.table(ids | made)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
