"""`make bench-train`: the whole training job beside plain XGBoost on the same rows, each in a process of its own."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(".build/bench-train")
OURS, PLAIN = "holdfast", "xgboost"


def main() -> None:
    """Measure, print a table, and end with one line of JSON."""
    options = _options()
    path = FOLDER / f"{options.rows}x{options.features}.parquet"
    if not path.exists():
        _run("make", path, str(options.rows), str(options.features))
    told: dict[str, list[dict[str, Any]]] = {}
    for _ in range(options.rounds):
        for name in (PLAIN, OURS):
            told.setdefault(name, []).append(_run(name, path, str(options.trees), str(options.depth)))
            last = told[name][-1]
            print(f"{name:10} {last['seconds']:8.2f} s {last['cpu']:8.2f} CPU s {last['peak_mb']:8.0f} MB", flush=True)
    for stage, seconds in told[OURS][-1]["stages"].items():
        print(f"  {stage:24} {seconds:6.2f} s")
    print(json.dumps(_summary(told, options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3, help="how often each runs; medians are told")
    return parser.parse_args()


def _run(name: str, path: Path, *arguments: str) -> dict[str, Any]:
    """One engine, from the start of its process to its end, imports and reading the file included."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.train_engines", name, str(path), *arguments],
        stdout=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
    ) as process:  # fmt: skip
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    seconds = time.monotonic() - began
    return json.loads(said.splitlines()[-1]) | {
        "seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024,
    }  # fmt: skip


def _summary(told: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> dict[str, Any]:
    def middle(name: str, what: str) -> float:
        return statistics.median(run[what] for run in told[name])

    return {
        "rows": options.rows, "features": options.features, "seconds": round(middle(OURS, "seconds"), 2),
        "xgboost_seconds": round(middle(PLAIN, "seconds"), 2),
        "overhead_share": round(middle(OURS, "seconds") / middle(PLAIN, "seconds") - 1, 3),
        "peak_mb": round(middle(OURS, "peak_mb")), "xgboost_peak_mb": round(middle(PLAIN, "peak_mb")),
        "load_ms": round(middle(OURS, "load_ms"), 1),
        "auc": round(middle(OURS, "auc"), 4), "xgboost_auc": round(middle(PLAIN, "auc"), 4),
    }  # fmt: skip


if __name__ == "__main__":
    main()
