"""`make bench-features`: features of one entity set, ours beside the peers, each in a process of its own on the same files."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(".build/bench-features")
PEERS = {"featuretools": 1, "getml": 1}
"""Of how many customers one is given to each: all. A share would be kinder to us: what Featuretools does once per cutoff is then done for fewer."""
Told = dict[str, Any]


def main() -> None:
    """Measure, print a table, and end with one line of JSON."""
    options = _options()
    sizes = sorted({*options.grows, options.events, options.largest})
    own = {events: _median([_measured("holdfast", events, 1) for _ in range(options.rounds)]) for events in sizes}
    peers = {name: _measured(name, options.events, share) for name, share in options.peers.items()}
    print(json.dumps(_summary(options, own, peers)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000, help="events that all are given")
    parser.add_argument("--largest", type=int, default=10_000_000, help="events that Holdfast is given at last")
    parser.add_argument("--grows", type=_numbers, default=(1_000_000, 5_000_000), help="further sizes, by commas")
    parser.add_argument("--rounds", type=int, default=1, help="how often Holdfast runs each size; medians are told")
    parser.add_argument(
        "--peers",
        type=_shares,
        default=PEERS,
        help="which of the peers to run, by commas; getml:4 on every fourth customer",
    )
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(",") if each)


def _shares(text: str) -> dict[str, int]:
    named = (each.partition(":") for each in text.split(",") if each)
    return {name: int(share or 1) for name, _, share in named}


def _measured(name: str, events: int, share: int) -> Told:
    place = FOLDER / f"{events}-{share}"
    if not place.exists():
        # In a process of its own: a child's peak memory begins with what its parent held when it was made.
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"from pathlib import Path; from benchmarks.features_world import world; world(Path({str(FOLDER)!r}), {events}, {share})",
            ],
            check=True,
        )
    python, module = _run_by(name)
    done = subprocess.run([python, "-m", *module, str(place)], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{name} ended with {done.returncode}; by itself: {' '.join([python, '-m', *module, str(place)])}"
        )
    told: Told = json.loads(done.stdout.splitlines()[-1])
    told["values_per_s"] = told["features"] * told["customers"] / told["seconds"]
    print(f"{name:14} {events:>12,} events, 1/{share} of the customers: {told['features']:>5,} features in {told['seconds']:8.2f} s "
          f"{told['values_per_s'] / 1e6:8.3f} M values/s {told['peak_mb']:8,.0f} MB", flush=True)  # fmt: skip
    return told


def _run_by(name: str) -> tuple[str, list[str]]:
    if name == "holdfast":
        return sys.executable, ["benchmarks.features_own"]
    return os.fspath(Path(f".build/{name}/bin/python").absolute()), ["benchmarks.features_peers", name]


def _median(runs: list[Told]) -> Told:
    seconds = statistics.median_low(run["seconds"] for run in runs)
    return next(run for run in runs if run["seconds"] == seconds)


def _summary(options: argparse.Namespace, own: dict[int, Told], peers: dict[str, Told]) -> Told:
    same, largest = own[options.events], own[options.largest]
    found = {
        "events": options.events, "customers": same["customers"], "features": same["features"],
        "seconds": round(same["seconds"], 2), "cpu_seconds": round(same["cpu_seconds"], 2), "feature_values_per_s": round(same["values_per_s"]),
        "peak_mb": round(same["peak_mb"]), "largest_events": options.largest,
        "largest_seconds": round(largest["seconds"], 2), "largest_read_seconds": round(largest["read_seconds"], 2),
        "largest_peak_mb": round(largest["peak_mb"]),
        "seconds_by_events": {f"{events:,}": round(told["seconds"], 2) for events, told in own.items()},
        "cpu_seconds_by_events": {f"{events:,}": round(told["cpu_seconds"], 2) for events, told in own.items()},
    }  # fmt: skip
    ratios = {f"ratio_to_{name}": round(same["values_per_s"] / told["values_per_s"], 1) for name, told in peers.items()}
    return (
        found | ratios | {name: {key: round(value, 2) for key, value in told.items()} for name, told in peers.items()}
    )


if __name__ == "__main__":
    main()
