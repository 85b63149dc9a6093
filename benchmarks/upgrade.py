"""A new version over a running old one, in the middle of a night, and back again: nothing is lost, and scores are answered all the while.

    make upgrade ARGS="--from HEAD~100"

Deploys the older commit with its own environment, and plays three nights after its first: with today's code deployed over it in the middle
of the first one, and the older code over today's before the last one; and once more all by the older code. The two are compared, each table
by its keys and by whole rows: a row may be another where the versions do not make the same of the same, but none may be missing or twice.
The last line is JSON; it ends with 1 if anything was lost, a night failed, or a score was not answered.

The embedded runtime ends what a function is doing when its code is changed, which AWS does not: a state is then tried again, and a run whose
definition is from before there were such tries is redriven, as its operator would.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any

from benchmarks import chaos_sums
from benchmarks.chaos_snapshot import taken
from benchmarks.chaos_sums import Sums
from benchmarks.upgrade_callers import Caller
from benchmarks.upgrade_code import Code, checked_out, days_ago, today
from benchmarks.upgrade_stage import Stage

DAYS = (1, 2, 3)
AGE = 2
"""Days: the last commit that is so much older than today's, which ended a day, is likelier to work than any in between."""


@dataclass(frozen=True)
class Held:
    """What a deployment holds: whole rows, and the keys alone."""

    rows: Sums
    keys: Sums


def main() -> None:
    """Play, compare, and say it."""
    wanted = _arguments()
    old = checked_out(wanted.older or days_ago(AGE))
    with Stage(wanted.port, wanted.customers) as stage:
        print(f"{old.name}: deployed, first night", flush=True)
        stage.begin(old)
        first = taken(stage.deployment)
        stage.prepare(today())
        stage.prepare(old)
        with Caller(stage.scored()) as caller:
            under_way = _upgraded(stage, old, wanted.during)
        ours = _held(stage)
        print(json.dumps(caller.told() | under_way), flush=True)
        stage.back(first)
        for day in DAYS:
            stage.day(day)
            print(f"without any deployment, night {day + 1}: {stage.night()}", flush=True)
        told = summed(ours, _held(stage)) | caller.told() | {"from": old.name, "to": today().name} | under_way
    print(json.dumps(told))
    sys.exit(not well(told))


def summed(ours: Held, whole: Held) -> dict[str, Any]:
    """What was lost, what is there more than once, and which tables have other rows than without any deployment."""
    keys = chaos_sums.differing(ours.keys, whole.keys)
    known = [each for each in keys if each.table in whole.keys]
    return {
        "tables": len(whole.rows),
        "rows_compared": chaos_sums.rows(whole.rows),
        "rows_lost": sum(each.lost for each in keys),
        "rows_twice_or_new": sum(each.extra for each in known),
        "wrong": {each.table: [each.lost, each.extra] for each in keys if each.lost or each in known},
        "rows_changed": {
            each.table: each.lost
            for each in chaos_sums.differing(ours.rows, whole.rows)
            if each.lost and each.table not in {other.table for other in keys}
        },
    }


def well(told: dict[str, Any]) -> bool:
    """Whether nothing was lost."""
    return not (told["wrong"] or told["failed_calls"] or told["failed_nights"])


def _upgraded(stage: Stage, old: Code, during: str) -> dict[str, Any]:
    """The nights with two deployments."""
    stage.day(1)
    run = stage.start()
    before = stage.until(run, during)
    stage.deploy(today())
    passed = stage.entered(run)
    ended = [stage.waited(run)]
    print(f"today's code came in {passed[-1]}, night 2: {ended[0]}", flush=True)
    redriven = ended[0] != "SUCCEEDED"
    if redriven:
        ended = [stage.redriven()]
        print(f"redriven: {ended[0]}", flush=True)
    stage.day(2)
    ended.append(stage.night())
    print(f"by today's code, night 3: {ended[1]}", flush=True)
    stage.deploy(old)
    stage.day(3)
    ended.append(stage.night())
    print(f"by the older code again, night 4: {ended[2]}", flush=True)
    return {
        "deployed_between": [before[-1], passed[-1]],
        "states_after": len(stage.entered(run)) - len(passed),
        "redriven": redriven,
        "failed_nights": [each for each in ended if each != "SUCCEEDED"],
    }


def _held(stage: Stage) -> Held:
    deployment = stage.deployment
    return Held(chaos_sums.sums(deployment), chaos_sums.keyed(deployment))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    age = f"the older commit, as git names it (the last one that is {AGE} days older than HEAD)"
    parser.add_argument("--from", dest="older", default="", help=age)
    parser.add_argument(
        "--during", default="IngestAll", help="the state of the night in which the deployment begins (IngestAll)"
    )
    parser.add_argument("--customers", type=int, default=60, help="of the world (60)")
    parser.add_argument("--port", type=int, default=4600, help="the first of three (4600)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
