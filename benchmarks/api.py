"""schemathesis against the deployed API and the OpenAPI document that it publishes, until enough cases have been tried.

    make check-api ARGS="--cases 2000"

Asks the demo that runs here, or starts one of its own and stops it. The last line is JSON: cases, failures, checks left out, seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cli import api
from infra.cli.deployment import STATE, Deployment
from infra.packaging import ROOT
from infra.trouble import Trouble

_LEFT_OUT = "ignored_auth"
"""The embedded runtime asks for a signature and does not verify it: calls without one are tried instead, and have to get 401."""
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Round:
    """One run of schemathesis."""

    cases: int
    failures: int
    said: str


def main() -> None:
    """Try cases until there are enough, and print what came of them."""
    wanted = _arguments()
    started = time.monotonic()
    rounds: list[Any] = []
    with _deployed(wanted) as (deployment, state):
        while sum(each.cases for each in rounds) < wanted.cases and not any(each.failures for each in rounds):
            rounds.append(tried(deployment, state, wanted.examples, seed=wanted.seed + len(rounds)))
            print(
                f"seed {wanted.seed + len(rounds) - 1}: {rounds[-1].cases} cases, {rounds[-1].failures} failures",
                flush=True,
            )
    failures = sum(each.failures for each in rounds)
    if failures:
        print(rounds[-1].said)
    print(json.dumps({
        "cases": sum(each.cases for each in rounds), "failures": failures, "left_out": [_LEFT_OUT],
        "seconds": round(time.monotonic() - started, 1),
    }))  # fmt: skip
    sys.exit(bool(failures))


def tried(deployment: Deployment, state: Path, examples: int, seed: int) -> Round:
    """Let schemathesis make so many examples for each operation and phase. `state` is where the deployment is written down."""
    document, report = state / "openapi.json", state / "schemathesis.json"
    document.write_text(json.dumps(api.get(deployment, "openapi.json")))
    there = api.get(deployment, "customers?limit=20")
    told = {
        "HOLDFAST_STATE": str(state), "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "benchmarks.api_hooks",
        "HOLDFAST_CHECK_CUSTOMERS": " ".join(each["customer_id"] for each in there["customers"]),
        "HOLDFAST_CHECK_MODELS": there["model"],
    }  # fmt: skip
    command = [
        str(_BIN / "schemathesis"), "run", str(document), "--url", deployment.api_url, "--checks", "all", "--exclude-checks", _LEFT_OUT,
        "--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure", "--suppress-health-check", "all",
        "--generation-database", "none", "--no-color", "--report", "json", "--report-json-path", str(report),
    ]  # fmt: skip
    # It keeps what it found in the folder that it runs in.
    done = subprocess.run(command, cwd=state, env=os.environ | told, capture_output=True, text=True, check=False)
    if not report.exists() or done.returncode not in (0, 1):
        raise Trouble(f"schemathesis did not finish:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return counted(json.loads(report.read_text()), done.stdout)


def counted(report: dict[str, Any], said: str) -> Round:
    """What a report of schemathesis sums up to."""
    cases, phases = report["test_cases"], report["phases"]
    well = report["complete"] and all(each["status"] == "success" for each in phases.values())
    return Round(
        cases["generated"], len(report["failures"]) + len(report["errors"]) + cases["errored"] or int(not well), said
    )


@contextmanager
def _deployed(wanted: argparse.Namespace) -> Iterator[tuple[Deployment, Path]]:
    try:
        deployment = Deployment.current()
        api.get(deployment, "health")
        yield deployment, STATE.resolve()
        return
    except Trouble as nothing_runs:
        print(f"{nothing_runs}; one is started", flush=True)
    state = (STATE / "check-api").resolve()
    own = os.environ | {"HOLDFAST_STATE": str(state)}
    holdfast = str(_BIN / "holdfast")
    try:
        demo = [holdfast, "demo", "--customers", str(wanted.customers), "--port", str(wanted.port)]
        subprocess.run(demo, env=own, check=True)
        yield Deployment(**json.loads((state / "outputs.json").read_text())), state
    finally:
        subprocess.run([holdfast, "down"], env=own, check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--examples", type=int, default=60, help="for each operation and phase, in one round")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--port", type=int, default=4766)
    return parser.parse_args()


if __name__ == "__main__":
    main()
