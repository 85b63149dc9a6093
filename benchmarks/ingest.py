"""`make bench-ingest`: usage logs to a committed table, ours beside the peers, each in a process of its own on the same files."""

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks import events
from holdfast.pseudonym import Pseudonymiser

FOLDER = Path(".build/bench-ingest")
KEY = Pseudonymiser(hashlib.sha256(b"benchmark").digest())
OURS = "holdfast"
PEERS = ("duckdb", "polars", "pyarrow")
SMALL_PEERS = ("dlt",)
SMALL = 200_000
_MILLION = 1_000_000
_COLUMNS = "customer_id, account_id, kind, module, epoch_us(event_time), epoch_us(known_at), duration_min, amount"


def main() -> None:
    """Measure, print a table, and end with one line of JSON."""
    options = _options()
    if options.only:
        _work(options)
        return
    print(
        f"{options.events:,} events, {options.compression}: making the files where they are not there yet", flush=True
    )
    files = events.files(FOLDER / "logs", options.events, options.compression)
    small = events.files(FOLDER / "logs", SMALL, options.compression)
    peers = [name for name in options.peers.split(",") if name]
    for name in (OURS, *peers):
        print(f"{name}: a small file first, which does not count", flush=True)
        _measured(name, small, SMALL)
    told: dict[str, list[dict[str, Any]]] = {}
    for number in range(options.rounds):
        for name in (OURS, *peers):
            print(f"round {number + 1} of {options.rounds}: {name} …", end=" ", flush=True)
            share = (small, SMALL) if name in SMALL_PEERS else (files, options.events)
            run = _measured(name, *share)
            told.setdefault(name, []).append(run)
            print(f"{run['seconds']:.2f} s, {run['events'] / run['seconds'] / 1e3:.0f} k events/s", flush=True)
    print()
    _print(told)
    whole = [name for name in peers if name not in SMALL_PEERS]
    _compare({name: told[name][-1] for name in (OURS, *whole) if name in (OURS, "duckdb")})
    print(json.dumps(_summary(told, whole, options)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5 * _MILLION)
    parser.add_argument("--compression", choices=list(events.SUFFIXES), default="gz")
    parser.add_argument("--rounds", type=int, default=1, help="how often each runs; medians are told")
    parser.add_argument(
        "--peers", default=",".join((*PEERS, *SMALL_PEERS)), help="which of the peers to run, by commas"
    )
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs="*", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _work(options: argparse.Namespace) -> None:
    """The measured process: one engine on the files; says in one line of JSON what it made."""
    out = FOLDER / "out" / options.only
    if options.only == OURS:
        from benchmarks import engine

        made = engine.ingested(options.files, out, KEY)
        told = {"rows": made.rows, "cpu_by_stage": made.cpu, "seconds_by_phase": made.wall}
    else:
        from benchmarks import peers

        told = {"rows": peers.ENGINES[options.only](options.files, out, KEY)}
    print(json.dumps(told))


def _measured(name: str, files: Sequence[Path], count: int) -> dict[str, Any]:
    """One engine's run in a process of its own, which may keep what it compiled of Python for the next one."""
    out = FOLDER / "out" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.ingest", "--only", name, "--files", *map(str, files)]
    before = os.times()
    began = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        peak = _peak(process)
        seconds = time.monotonic() - began
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{name} ended with {process.returncode}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return json.loads(said.splitlines()[-1]) | {
        "name": name, "events": count, "seconds": seconds, "cpu": cpu, "peak_mb": peak / 1e6, "out": out
    }  # fmt: skip


def _peak(process: "subprocess.Popen[str]") -> int:
    """Most memory that a process and its children ever held, in bytes, sampled until it ends."""
    peak = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, sum(map(_held, [watched, *watched.children(recursive=True)])))
        except (psutil.NoSuchProcess, OSError):
            continue
        time.sleep(0.05)
    return peak


def _held(process: psutil.Process) -> int:
    """Memory of its own, in bytes; pages of mapped files are the system's to take back, and count where that is not told apart."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return int(process.memory_info().rss)
    told = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return 1024 * sum(int(told.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))


def _print(told: dict[str, list[dict[str, Any]]]) -> None:
    ours = _middle(told[OURS], "seconds") / told[OURS][0]["events"]
    print(
        f"{'engine':10} {'events':>11} {'s':>8} {'k events/s':>11} {'k/CPU-s':>9} {'peak MB':>8} {'ours is … times':>16}"
    )
    for name, runs in told.items():
        events_in, seconds, cpu = runs[0]["events"], _middle(runs, "seconds"), _middle(runs, "cpu")
        print(
            f"{name:10} {events_in:11,} {seconds:8.2f} {events_in / seconds / 1e3:11.0f} {events_in / cpu / 1e3:9.0f} "
            f"{_middle(runs, 'peak_mb'):8.0f} {seconds / events_in / ours:16.2f}"
        )
    last = told[OURS][-1]
    spent = last["cpu_by_stage"]
    print(f"\n{'stage':18} {'CPU s':>8} {'µs/event':>9} {'share':>6}")
    for stage, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{stage:18} {seconds:8.2f} {seconds / last['events'] * 1e6:9.3f} {seconds / sum(spent.values()):6.0%}")
    floor = spent["inflate"] + spent["parse"]
    print(
        f"inflate and parse alone: {last['events'] / floor / 1e3:.0f} k events per CPU-second; "
        f"the whole is {sum(spent.values()) / floor:.2f} times that work"
    )
    print(
        "seconds by phase: "
        + ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in last["seconds_by_phase"].items())
    )


def _middle(runs: list[dict[str, Any]], what: str) -> float:
    return statistics.median(run[what] for run in runs)


def _compare(told: dict[str, dict[str, Any]]) -> None:
    """Rows and a checksum over every column of ours and DuckDB's; the ids without the name of the source before them.

    Raises:
        SystemExit: the two are not the same.
    """
    import duckdb

    found = {}
    for name, run in told.items():
        rows = f"read_parquet('{run['out']}/**/*.parquet', hive_partitioning = false)"
        query = f"SELECT count(*), sum(hash(replace(event_id, 'usage:', ''), {_COLUMNS})::HUGEINT) FROM {rows}"
        found[name] = duckdb.connect().execute(query).fetchall()[0]
    if len(set(found.values())) > 1:
        raise SystemExit(f"the results differ: {found}")
    print(f"{' and '.join(found)}: {found[OURS][0]:,} rows, checksum {found[OURS][1]}\n")


def _summary(told: dict[str, list[dict[str, Any]]], peers: list[str], options: argparse.Namespace) -> dict[str, Any]:
    seconds, cpu = _middle(told[OURS], "seconds"), _middle(told[OURS], "cpu")
    best = min(peers, key=lambda name: _middle(told[name], "seconds"), default=None)
    return {
        "events": options.events,
        "compression": options.compression,
        "seconds": round(seconds, 2),
        "events_per_s": round(options.events / seconds),
        "events_per_cpu_s": round(options.events / cpu),
        "peak_mb": round(max(run["peak_mb"] for run in told[OURS])),
        "best_peer": best,
        "ratio_to_best_peer": round(_middle(told[best], "seconds") / seconds, 2) if best else None,
    }


if __name__ == "__main__":
    main()
