"""The whole chain at multiples of the demo world: whether it completes, how its seconds grow, and how much of its memory each function needs.

    make load ARGS="--times 1,10"

The last line is JSON: seconds and seconds of processors of each state at each size, how much faster than the world the processors' grow
(1 is in proportion; they are the same whatever else the machine does), GiB that its process held at most at each size, the share of its
memory that this is, and the share of the time that it has which the processors' seconds of its longest invocation are. It ends with 1 where a
night did not complete, or memory or time did not suffice.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from benchmarks.nights import Night, world
from infra.catalogue import FUNCTIONS
from infra.local.world.store import Recipe


def main() -> None:
    """A night of each size, and what follows."""
    options = _options()
    times = [float(each) for each in options.times.split(",")]
    nights: dict[float, Night] = {}
    for each in times:
        with world(round(each * Recipe.customers), options.port, patience=options.patience) as made:
            try:
                nights[each] = made.first()
            except SystemExit as failed:
                print(failed, file=sys.stderr)
                break
        print(json.dumps(asdict(nights[each])), flush=True)
    told = summary(nights)
    print(json.dumps({"completed": len(nights) == len(times), **told}))
    shares = (*told["memory_share"].values(), *told["time_share"].values())
    sys.exit(len(nights) < len(times) or any(share > 1 for share in shares))


def summary(nights: Mapping[float, Night]) -> dict[str, dict[str, Any]]:
    """What the states used, by state; of the sizes that completed."""
    states = sorted({name for night in nights.values() for name in night.states})
    sizes = sorted(nights)

    def of_each(what: str) -> dict[str, list[float]]:
        return {name: [nights[size].states[name][what] for size in sizes] for name in states}

    return {
        "wall_s": {f"{size:g}": round(nights[size].wall, 1) for size in sizes},
        "seconds": of_each("seconds"),
        "cpu": of_each("cpu"),
        "growth": {name: _growth(nights, name) for name in states if len(sizes) > 1},
        "peak_gib": of_each("peak"),
        "memory_share": {
            name: round(
                max(night.states[name]["peak"] / night.states[name]["gigabytes"] for night in nights.values()), 3
            )
            for name in states
        },
        "time_share": {
            name: round(max(night.states[name]["longest"] for night in nights.values()) / FUNCTIONS[name].timeout_s, 3)
            for name in states
            if name in FUNCTIONS
        },
    }


def _growth(nights: Mapping[float, Night], state: str) -> float:
    """Seconds of processors in the largest world over those in the smallest, beside how much larger it is."""
    least, most = min(nights), max(nights)
    seconds = [nights[size].states[state]["cpu"] for size in (least, most)]
    return round(float(seconds[1] / max(seconds[0], 0.1) / (most / least)), 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", default="1,10", help="of the demo world's 5,000 customers")
    parser.add_argument("--port", type=int, default=4770)
    parser.add_argument("--patience", type=int, default=1, help="times as long as on AWS that each step may take")
    return parser.parse_args()


if __name__ == "__main__":
    main()
