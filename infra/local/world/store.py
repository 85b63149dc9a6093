"""The world as files: usage logs, CRM tables and what a perfect model would reach; made once, then reused."""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from infra.local.world import billing, crm, desk, logs, support, workspace
from infra.local.world.generate import World
from infra.local.world.truth import Achievable

GENERATOR_VERSION = 4
STAMP = "world.json"
TRUTH = "truth.json"


@dataclass(frozen=True)
class Recipe:
    """All that decides the bytes of a world."""

    customers: int = 5000
    seed: int = 7
    until: date = date(2026, 10, 31)

    def stamp(self) -> dict[str, Any]:
        return {
            "customers": self.customers,
            "seed": self.seed,
            "until": self.until.isoformat(),
            "generator": GENERATOR_VERSION,
        }


def prepare(directory: Path, recipe: Recipe) -> dict[str, Any]:
    """Make the world in `directory`, unless it is there already; gives what `truth.json` holds.

    The stamp is written last: a world that was cut short has none, and is made again from nothing.
    """
    if _read(directory / STAMP) == recipe.stamp():
        return dict(json.loads((directory / TRUTH).read_text()))
    _clear(directory)
    world = World.generate(recipe.customers, recipe.seed, recipe.until)
    truth = _write(directory, world)
    (directory / TRUTH).write_text(json.dumps(truth, indent=2) + "\n")
    (directory / STAMP).write_text(json.dumps(recipe.stamp()) + "\n")
    return truth


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _clear(directory: Path) -> None:
    (directory / STAMP).unlink(missing_ok=True)
    for part in ("usage", "crm"):
        shutil.rmtree(directory / part, ignore_errors=True)
    (directory / "crm").mkdir(parents=True)


def _write(directory: Path, world: World) -> dict[str, Any]:
    counts = logs.write(directory, world)
    tables = crm.tables(np.random.default_rng([world.seed, 4]), world)
    tables |= support.tables(np.random.default_rng([world.seed, 5]), world, tables["hubspot_contacts"])
    tables |= desk.tables(np.random.default_rng([world.seed, 8]), world, tables)
    tables |= workspace.tables(np.random.default_rng([world.seed, 9]), world, tables, tables["intercom_contacts"])
    tables |= billing.tables(np.random.default_rng([world.seed, 10]), world, tables["hubspot_contacts"])
    for name, table in tables.items():
        pq.write_table(table, directory / "crm" / f"{name}.parquet", compression="snappy")
    rows = {name: len(table) for name, table in tables.items()}
    return _truth(world, {"usage_lines": counts.lines} | rows, asdict(counts), world.achievable())


def _truth(world: World, rows: dict[str, int], usage: dict[str, int], best: Achievable) -> dict[str, Any]:
    return {
        "customers": world.customers,
        "companies": rows["hubspot_companies"],
        "seed": world.seed,
        "until": world.until.isoformat(),
        "cutoff": world.cutoff.isoformat(),
        "rows": rows,
        "usage": usage,
        "achievable": asdict(best),
    }
