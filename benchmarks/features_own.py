"""Holdfast's own features in a process of its own: the functions that the state Features calls, on files as the lake has them."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features_world import TABLES
from features.definitions import shipped
from features.matrix import Recipe, matrix
from features.world import activities, gather
from holdfast.settings import parse_settings
from holdfast.tables import CUSTOMERS_BASE

SETTINGS = """
[sources.app]
kind = "events"
prefix = "x/"
fields = { customer = "c", time = "t" }
[churn]
kind = "usage"
horizon_days = 56
inactive_days = 28
active_days = 28
"""


def main(place: Path) -> None:
    """Read, make all features of all customers, and say how long both took."""
    began = time.monotonic()
    customers = pq.read_table(place / "customers.parquet")
    tables = {
        name: pq.read_table(place / f"{name}.parquet", read_dictionary=["customer_id", "kind", "module", "device"])
        for name in TABLES
    }
    cutoffs = customers["cutoff"].to_numpy()
    for name in ("company_id", "created_at"):
        customers = customers.append_column(name, pa.nulls(len(customers), CUSTOMERS_BASE.field(name).type))
    read, spent = time.monotonic(), time.process_time()
    definitions = shipped().model_copy(update={"split_windows_days": shipped().windows_days})
    nothing: dict[str, Any] = {"numbers": [], "categories": {}, "dropped": {}}
    events = len(tables["events"])
    world = gather(
        {"customers": customers},
        activities(tables, definitions),
        parse_settings(SETTINGS),
        definitions,
        int(cutoffs.max()),
    )
    del tables
    order = {name: number for number, name in enumerate(customers["customer_id"].to_pylist())}
    at = cutoffs[[order[name] for name in world.ids.to_pylist()]]
    recipe = Recipe(definitions, definitions.windows(56), {}, "USD", nothing, nothing)
    made = matrix(world, recipe, at, np.arange(len(world)))
    done = time.monotonic()
    print(json.dumps({
        "seconds": done - read, "cpu_seconds": time.process_time() - spent, "read_seconds": read - began, "features": len(made), "customers": len(world), "events": events,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
