"""`make bench-quality`: a suite of twenty rules on one table, ours beside the peers, each in a process of its own on the same file."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.quality_peers import rules

FOLDER = Path(".build/bench-quality")
OURS, GATE = "holdfast", "holdfast gate"
GREAT_EXPECTATIONS = "great_expectations"
PEERS = (GREAT_EXPECTATIONS, "pandera", "pointblank")

_ROWS = """
SELECT CASE WHEN n % 4999 = 1 THEN n - 1 ELSE n END AS id,
    CASE WHEN n % 7001 = 0 THEN NULL WHEN n % 3001 = 0 THEN 'U' || n ELSE 'u-' || lpad((h1 % 400000)::VARCHAR, 7, '0') END AS customer,
    CASE WHEN n % 6007 = 0 THEN NULL WHEN n % 1009 = 0 THEN 'nobody at example' ELSE 'p.' || (h1 % 400000) || '@mail' || h2 % 90 || '.example' END
        AS email,
    CASE WHEN n % 2003 = 0 THEN 121 + n % 100 WHEN n % 2011 = 0 THEN NULL ELSE h2 % 100 END::BIGINT AS age,
    CASE WHEN n % 3011 = 0 THEN 'XX' ELSE (['DE', 'FR', 'GB', 'IT', 'ES', 'US', 'JP', 'BR'])[1 + h1 % 8] END AS country,
    CASE WHEN n % 4013 = 0 THEN 'gold' ELSE (['free', 'team', 'pro', 'enterprise'])[1 + h2 % 4] END AS plan,
    CASE WHEN n % 1511 = 0 THEN -1.5 ELSE (h3 % 10000000) / 100 END::DOUBLE AS amount,
    CASE WHEN n % 9001 = 0 THEN 1.25 ELSE (h1 % 101) / 100 END::DOUBLE AS discount,
    CASE WHEN n % 8009 = 0 THEN 0 ELSE 1 + h3 % 500 END::BIGINT AS seats,
    CASE WHEN n % 5009 = 0 THEN 'eur' ELSE (['EUR', 'USD', 'GBP'])[1 + h3 % 3] END AS currency,
    CASE WHEN n % 2503 = 0 THEN 'n/a' ELSE '+' || (10000000 + h2 % 900000000) END AS phone,
    CASE WHEN n % 3511 = 0 THEN 'unknown' ELSE (['active', 'trial', 'paused'])[1 + h1 % 3] END AS status,
    CASE WHEN n % 6011 = 0 THEN NULL WHEN n % 4507 = 0 THEN TIMESTAMP '1970-01-01' ELSE TIMESTAMP '2020-01-01' + to_seconds(h1 % 150000000) END
        AS created_at,
    CASE WHEN n % 7507 = 0 THEN TIMESTAMP '1960-01-01' ELSE TIMESTAMP '2025-06-01' + to_seconds(h2 % 30000000) END AS updated_at,
    CASE WHEN n % 2017 = 0 THEN 'fax' ELSE (['web', 'mobile', 'api', 'partner'])[1 + h3 % 4] END AS channel,
    CASE WHEN n % 5501 = 0 THEN 1.5 ELSE (h2 % 1001) / 1000 END::DOUBLE AS score
FROM (SELECT range AS n, (hash(range) % 4294967296)::BIGINT AS h1,
    (hash(range + 77) % 4294967296)::BIGINT AS h2, (hash(range + 999) % 4294967296)::BIGINT AS h3
    FROM range({rows}))
ORDER BY n"""


def main() -> None:
    """Measure, print a table, and end with one line of JSON."""
    options = _options()
    path = table(options.rows)
    told: dict[str, list[dict[str, Any]]] = {}
    for _ in range(options.rounds):
        for name in (OURS, *(each for each in options.peers.split(",") if each), GATE):
            told.setdefault(name, []).append(_measured(name, path))
            last = told[name][-1]
            print(f"{name:20} {last['seconds']:8.2f} s {last['cpu']:8.2f} CPU s {last['peak_mb']:8.0f} MB", flush=True)
    _compare(told)
    print(json.dumps(_summary(told, options.rows)))


def table(rows: int) -> Path:
    """The table as Parquet, the same bytes every time; made where it is not there yet."""
    path = FOLDER / f"{rows}.parquet"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        copying = f"COPY ({_ROWS.format(rows=rows)}) TO '{making}' (FORMAT parquet, COMPRESSION zstd)"
        # In a process of its own: a child's peak memory begins with what its parent held when it was made.
        subprocess.run([sys.executable, "-c", f"import duckdb; duckdb.execute({copying!r})"], check=True)
        making.rename(path)
    return path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="how often each runs; medians are told")
    parser.add_argument("--peers", default=",".join(PEERS), help="which of the peers to run, by commas")
    return parser.parse_args()


def _measured(name: str, path: Path) -> dict[str, Any]:
    """One engine, from the start of its process to its end, imports and all."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.quality_peers", name, str(path)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(
            f"{name} ended with {process.returncode}; by itself: python -m benchmarks.quality_peers '{name}' {path}"
        )
    return {
        "seconds": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024, "counts": json.loads(said.splitlines()[-1]),
    }  # fmt: skip


def _compare(told: dict[str, list[dict[str, Any]]]) -> None:
    """Rule by rule.

    Raises:
        SystemExit: two engines have counted differently.
    """
    names = list(told)
    print(f"\n{'rows that fail':64}" + "".join(f"{name[:18]:>20}" for name in names))
    different = []
    for number, rule in enumerate(rules()):
        counts = [told[name][-1]["counts"][number] for name in names]
        asked = rule["kwargs"].get("column", rule["kwargs"].get("column_A"))
        print(
            f"{rule['type'].removeprefix('expect_')}({asked})".ljust(64)
            + "".join("–".rjust(20) if count is None else f"{count:20,}" for count in counts)
        )
        different += [number] * (len(set(counts) - {None}) > 1)
    if different:
        raise SystemExit(f"not the same counts for rules {different}")


def _summary(told: dict[str, list[dict[str, Any]]], rows: int) -> dict[str, Any]:
    seconds = {name: statistics.median(run["seconds"] for run in runs) for name, runs in told.items()}
    # Says what the work costs where something else shares the cores, which makes all walls long and unequal.
    cpu = {name: statistics.median(run["cpu"] for run in runs) for name, runs in told.items()}
    peers = {name: seconds[name] for name in told if name not in (OURS, GATE)}
    found = {"rows": rows, "rules": len(rules()), "seconds": round(seconds[OURS], 3),
             "cpu_seconds": round(cpu[OURS], 3), "gate_seconds": round(seconds[GATE], 3),
             "peak_mb": round(statistics.median(run["peak_mb"] for run in told[OURS])),
             "peers": {name: round(each, 2) for name, each in peers.items()}}  # fmt: skip
    if GREAT_EXPECTATIONS in peers:
        found["ratio"] = round(peers[GREAT_EXPECTATIONS] / seconds[OURS], 2)
        found["cpu_ratio"] = round(cpu[GREAT_EXPECTATIONS] / cpu[OURS], 2)
    if peers:
        found["ratio_to_best_peer"] = round(min(peers.values()) / seconds[OURS], 2)
        found["cpu_ratio_to_best_peer"] = round(min(cpu[name] for name in peers) / cpu[OURS], 2)
    return found


if __name__ == "__main__":
    main()
