"""What each state uses by customers and events, measured on nights of the demo world and written to infra/cost_model.toml.

    make bench-cost ARGS="--customers 300,1500,5000"

Two nights of each size: one that takes in everything, one after a day. Every other size has half the history, so that customers and events
can be told apart. The last line is JSON: how far the fit is from what each night cost.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from benchmarks.nights import BUCKETS, Night, World, world
from infra import cost_model
from infra.cli import api
from infra.local.world.calendar import WEEKS

ARRIVING, PEOPLE, HOLDING = ("night", "customer", "event"), ("night", "customer"), ("night", "customer", "held")
"""What there is to read: what came in, everybody, or what the lake holds."""
_READS: dict[str, tuple[str, ...]] = dict.fromkeys(("Features", "Maintain"), HOLDING)
_READS |= dict.fromkeys(("Train job", "Promote", "ScoreAll", "Report", "Drift"), PEOPLE)
_READS |= dict.fromkeys(("Forget", "Train"), ("night",))
"""By state; all others read what came in."""
_QUANTITIES = ("times", "seconds", "puts", "bytes", "writes")
_LEAST = 1e-4
"""Of an amount, that one of its causes has to be worth."""
_CALLS = 60
_HEAD = """# What a night of each state uses: a fixed part of each night, and so much by customer, by event that comes in, by event held in the lake.
# Seconds are of the memory that infra/catalogue.py gives. Measured on {day} on {cores} cores by `make bench-cost`, which writes this file
# anew: repeat it on a machine that does nothing else.
"""


def main() -> None:
    """Measure, fit, write, and say how far it is off."""
    options = _options()
    nights = _kept(options.measured) if options.measured else measured(options)
    call = nights.pop()
    fitted = model([Night(**each) for each in nights], call)
    cost_model.PATH.write_text(_HEAD.format(day=date.today(), cores=os.cpu_count()) + _written(fitted))
    cost_model.model.cache_clear()
    print(json.dumps({"nights": [_off(Night(**each)) for each in nights]}))


def measured(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Each night, and at the end what a call takes; every one is printed as soon as it is over."""
    found: list[dict[str, Any]] = []
    call: dict[str, Any] = {}
    for place, customers in enumerate(int(each) for each in options.customers.split(",")):
        with world(customers, options.port, WEEKS // 2 if place % 2 else WEEKS) as made:
            for ran in (made.first, made.next):
                found.append(asdict(ran()))
                print(json.dumps(found[-1]), flush=True)
            call = _call(made)
    print(json.dumps(call), flush=True)
    return [*found, call]


def model(nights: Sequence[Night], call: dict[str, Any]) -> dict[str, Any]:
    """What infra/cost_model.toml says."""
    names = sorted({name for night in nights for name in night.states})
    metrics = {name: max(night.metrics.get(name, 0) for night in nights) for night in nights for name in night.metrics}
    stored = {name: _fitted(nights, [night.stored[name] for night in nights], ARRIVING) for name in BUCKETS}
    stored["lake"] = _fitted(
        nights, [night.stored["lake"] - night.states["Transform"]["bytes"] for night in nights], PEOPLE
    )
    return {
        "machine": {"transitions": _fitted(nights, [night.transitions for night in nights], ARRIVING)},
        "logs": {"bytes": _fitted(nights, [night.log_bytes for night in nights], ARRIVING)},
        "storage": stored,
        "call": call,
        "metrics": dict(sorted(metrics.items())),
        "states": {name: _state([night for night in nights if name in night.states], name) for name in names},
    }


def _state(nights: Sequence[Night], name: str) -> dict[str, Any]:
    drivers = _READS.get(name, ARRIVING)
    written = PEOPLE if drivers is HOLDING else drivers
    found = {
        each: _fitted(nights, [night.states[name][each] for night in nights], drivers if each == "seconds" else written)
        for each in _QUANTITIES
    }
    return {each: rate for each, rate in found.items() if rate}


def _fitted(nights: Sequence[Night], amounts: Sequence[float], drivers: Sequence[str]) -> dict[str, float]:
    """Non-negative least squares of the relative errors: a small night counts as much as a large one."""
    rows = np.array(
        [[{"night": 1, "customer": n.customers, "event": n.events, "held": n.held}[d] for d in drivers] for n in nights]
    )
    wanted = np.array(amounts, dtype=float)
    weights = 1 / np.maximum(wanted, max(wanted.max() / 100, 1e-9))
    scale = rows.max(axis=0)
    found, _ = nnls(rows / scale * weights[:, None], wanted * weights)
    # Of causes that are worth next to nothing the solver's rounding is all that there is.
    worth = found > _LEAST * wanted.max()
    rates = zip(drivers, found / scale, worth, strict=True)
    return {name: float(f"{rate:.4g}") for name, rate, counts in rates if counts}


def _off(night: Night) -> dict[str, Any]:
    """What the model says of a night beside what it cost."""
    expected = cost_model.night(cost_model.Volume(night.customers, night.events, round(night.held / night.events)))
    return {"customers": night.customers, "events": night.events, "held": night.held, "usd": round(night.usd, 5),
            "expected": round(expected, 5), "off": round(expected / night.usd - 1, 3)}  # fmt: skip


def _call(made: World) -> dict[str, float]:
    """Seconds of one call through the embedded gateway, whose own are in it, and bytes that it logs."""
    deployment = made.deployment
    before, customer = made.logged(), api.get(deployment, "customers?limit=1")["customers"][0]["customer_id"]
    spent = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        api.get(deployment, api.score_path(customer))
        spent.append(time.perf_counter() - began)
    return {"seconds": round(statistics.median(spent), 4), "log_bytes": round((made.logged() - before) / (_CALLS + 1))}


def _written(model: dict[str, Any]) -> str:
    """As TOML, a line for each quantity."""
    lines = []
    for section, content in model.items():
        parts = (
            {f"{section}.{name}": each for name, each in content.items()} if section == "states" else {section: content}
        )
        for name, quantities in parts.items():
            lines += ["", f"[{_quoted(name)}]"]
            lines += [f"{key} = {_inline(value)}" for key, value in quantities.items()]
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    return ".".join(f'"{part}"' if " " in part else part for part in name.split("."))


def _inline(value: Any) -> str:
    return (
        "{ " + ", ".join(f"{name} = {each}" for name, each in value.items()) + " }"
        if isinstance(value, dict)
        else str(value)
    )


def _kept(path: Path) -> list[dict[str, Any]]:
    """The nights and the call that an earlier run printed."""
    return [
        json.loads(line) for line in path.read_text().splitlines() if line.startswith(('{"customers"', '{"seconds"'))
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", default="300,1500,5000")
    parser.add_argument("--port", type=int, default=4760)
    parser.add_argument("--measured", type=Path, help="what an earlier run printed, to fit once more")
    return parser.parse_args()


if __name__ == "__main__":
    main()
