"""`make bench-score`: one score with its reasons beside XGBoost, and beside FastAPI with XGBoost and shap; and in batch."""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.score_client import Client, alive, crowd, latencies
from benchmarks.score_world import CHAMPION, MODELS, prepare
from infra.packaging import BUILD, build_bundle, size_of

_ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
_OURS, _PEER = "holdfast", "FastAPI + XGBoost + shap"
_CROWD, _CROWD_CALLS = 64, 100_000


def main() -> None:
    """Measure, print a table per model, and end with one line of JSON."""
    options = _options()
    prepare()
    told = {name: _measured(name, options) for name in MODELS}
    for name, figures in told.items():
        print(f"\n{name}", *(f"  {what:34} {_shown(figure)}" for what, figure in figures.items()), sep="\n")
    crowd_told = _crowded(options.calls)
    print("\n64 clients at once", *(f"  {what:34} {_shown(figure)}" for what, figure in crowd_told.items()), sep="\n")
    print(json.dumps(_summary(told, crowd_told)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; medians are told")
    parser.add_argument("--calls", type=int, default=_CROWD_CALLS, help="calls of 64 clients at once")
    return parser.parse_args()


def _shown(figure: float) -> str:
    return f"{figure:14,.3f}" if abs(figure) < 1000 else f"{figure:14,.0f}"


def _measured(name: str, options: argparse.Namespace) -> dict[str, float]:
    rounds = [_once(name) for _ in range(options.rounds)]
    found = {what: median(each[what] for each in rounds) for what in rounds[0]}
    return found | {
        "times faster than pred_contribs, row": found["pred_contribs, one row, ms"] / found["tables, one row, ms"],
        "times faster, batch": found["batch, rows/s"] / found["pred_contribs, batch, rows/s"],
        "times faster, client to client": found["peer, client to client, p50 ms"] / found["client to client, p50 ms"],
    }


def _once(name: str) -> dict[str, float]:
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.score_inside", name], stdout=subprocess.PIPE, text=True, check=True,
        env=os.environ | _ALONE,
    ).stdout  # fmt: skip
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    for prefix, serving in (("", _function), ("peer, ", _fastapi)):
        with serving(name) as (client, process):
            found[f"{prefix}start to first answer, s"] = client.first_s
            found |= {f"{prefix}client to client, {what} ms": ms for what, ms in latencies(client).items()}
            found[f"{prefix}memory, MB"] = alive(process)
    return found


@contextmanager
def _function(name: str) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """The handler under AWS's Runtime API client on one core; gateway and client on the other."""
    ports = _free_port(), _free_port()
    gateway = [sys.executable, "-m", "benchmarks.score_gateway", *map(str, ports)]
    with _started(gateway, 0, {}, ports[0]):
        runtime = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{ports[1]}", "BENCH_MODEL": name, "AWS_REGION": "eu-west-1"}
        command = [sys.executable, "-m", "awslambdaric", "benchmarks.score_function.handler"]
        with _started(command, 1, runtime, None) as process:
            yield Client(ports[0]), process


@contextmanager
def _fastapi(name: str) -> Iterator[tuple[Client, subprocess.Popen[bytes]]]:
    """The peer under uvicorn with its fastest loop and parser on the one core, the client on the other."""
    port = _free_port()
    command = [
        sys.executable, "-m", "uvicorn", "benchmarks.score_peers:app", "--port", str(port), "--no-access-log",
        "--loop", "uvloop", "--http", "httptools",
    ]  # fmt: skip
    with _started(command, 1, {"BENCH_MODEL": name}, None) as process:
        yield Client(port), process


@contextmanager
def _started(
    command: list[str], core: int, environment: dict[str, str], port: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    with (BUILD / "bench-score" / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | _ALONE | environment,
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )  # fmt: skip
        try:
            if port:
                Client.reachable(port)
            yield process
        finally:
            process.terminate()
            process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _crowded(calls: int) -> dict[str, float]:
    with _function(CHAMPION) as (client, process):
        crowd(client.port, _CROWD, calls // 10)
        before = alive(process)
        errors, seconds = crowd(client.port, _CROWD, calls)
        return {
            "calls": calls, "errors": errors, "calls/s": calls / seconds, "memory before, MB": before,
            "memory after, MB": alive(process),
        }  # fmt: skip


def _summary(told: dict[str, dict[str, float]], crowded: dict[str, float]) -> dict[str, float]:
    first = told[MODELS[0]]
    bundle = BUILD / "bundles" / "score" / "python"
    return {
        "p50_ms": round(first["client to client, p50 ms"], 3),
        "p99_ms": round(first["client to client, p99 ms"], 3),
        "in_process_p50_ms": round(first["handler in process, p50 ms"], 3),
        "in_process_p99_ms": round(first["handler in process, p99 ms"], 3),
        "ratio_to_pred_contribs": round(first["times faster than pred_contribs, row"], 1),
        "batch_ratio_to_pred_contribs": round(first["times faster, batch"], 1),
        "ratio_to_fastapi_shap": round(first["times faster, client to client"], 1),
        "bundle_mb": round((size_of(bundle) if Path(bundle).is_dir() else build_bundle("score")) / 1e6, 1),
        "cold_s": round(first["start to first answer, s"], 3),
        "batch_rows_per_s": round(first["batch, rows/s"]),
        "errors": crowded["errors"],
        "growth_mb": round(crowded["memory after, MB"] - crowded["memory before, MB"], 1),
    }


if __name__ == "__main__":
    main()
