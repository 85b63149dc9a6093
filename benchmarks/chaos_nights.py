"""One schedule, lived: a night with its faults, what mends it, and what is held in the end."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError

from benchmarks import chaos_sums
from benchmarks.chaos_faults import Befalling, Fault, Schedule
from benchmarks.chaos_files import FILES
from benchmarks.chaos_snapshot import Snapshot, etags
from benchmarks.chaos_stage import SOURCES, Stage
from benchmarks.chaos_sums import Sums
from infra.cli import operate
from infra.cli.demo import start_night

MENDINGS = 4
"""Redrives and nights after which a schedule is called not mended."""
PATIENCE = 900.0
"""Seconds for one run."""
HUNG = 25
"""Seconds that a function may run which will hang: more than it takes on a slow machine."""
NEXT_DAY = {"days": 1, "updates": 5, "seed": 0}
_POLL = 0.3


@dataclass(frozen=True)
class Base:
    """A night as it is without faults: what is held before and after, and how many requests each state and service has."""

    before: Snapshot
    sums: Sums
    usual: dict[str, int]
    advanced: bool
    """Whether a day has passed in the sources."""


@dataclass
class Story:
    """What became of a schedule."""

    seed: int
    night: str
    faults: list[dict[str, Any]]
    happened: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    """Of each run how it ended, the faulted ones first."""
    mended: list[str] = field(default_factory=list)
    """What people did: `redrive`, `night`."""
    rows: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


class Player:
    """Plays schedules on a stage, each from the same beginning."""

    def __init__(self, stage: Stage, bases: dict[str, Base]) -> None:
        self._stage, self._bases = stage, bases

    def lived(self, schedule: Schedule) -> Story:
        base, began = self._bases["second" if schedule.night == "second" else "first"], time.monotonic()
        prepared(self._stage, base.before, advanced=base.advanced)
        story = Story(schedule.seed, schedule.night, [asdict(each) for each in schedule.faults])
        befalling = Befalling(schedule.faults, base.usual, self._stage.fill)
        self._begin(schedule.faults)
        self._stage.door.befall = befalling
        story.ended = self._runs(schedule.faults, befalling)
        self._well(schedule.faults)
        self._mended(schedule, story)
        if schedule.night == "both":
            base = self._bases["second"]
            self._a_day_passes(base)
            story.ended.append(waited(self._stage, start_night(self._stage.deployment)))
        ours = chaos_sums.sums(self._stage.deployment)
        story.happened, story.rows = dict(befalling.happened), chaos_sums.rows(base.sums)
        story.wrong = [asdict(each) for each in chaos_sums.differing(ours, base.sums)]
        story.seconds = round(time.monotonic() - began, 1)
        return story

    def _begin(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            if begin := _BEGIN.get(fault.kind):
                begin(self._stage, fault)
            if fault.kind in FILES:
                key, make = FILES[fault.kind]
                s3, bucket = self._stage.deployment.client("s3"), self._stage.deployment.uploads_bucket
                s3.put_object(Bucket=bucket, Key=key, Body=make(fault.seed))

    def _runs(self, faults: tuple[Fault, ...], befalling: Befalling) -> list[str]:
        """How the night ended, and the one that was started beside it."""
        second = [
            0.0 if each.kind == "twice" else each.seconds for each in faults if each.kind in ("twice", "overlapping")
        ]
        down = [each for each in faults if each.kind == "source_down"]
        began, started = time.monotonic(), [start_night(self._stage.deployment)]
        while True:
            passed = time.monotonic() - began
            if second and passed >= second[0] + 1:  # a run is named after its second
                second.pop()
                started.append(start_night(self._stage.deployment))
            for fault in [each for each in down if passed >= each.seconds]:
                down.remove(fault)
                self._stage.standin(fault.where, "faults", {})
            if befalling.restart:
                befalling.restart = False
                self._stage.restart()
            told = [status(self._stage, each, passed) for each in started]
            if "RUNNING" not in told and not second:
                return told
            time.sleep(_POLL)

    def _well(self, faults: tuple[Fault, ...]) -> None:
        """Whatever was wrong outside is no longer; a token that expired is replaced, as its owner does."""
        self._stage.door.befall = lambda _asked, _after: None
        self._stage.clear()
        for source in SOURCES:
            token = self._stage.standin(source, "token")["token"]
            expired = any(each.kind == "token_expired" and each.where == source for each in faults)
            if expired:
                self._stage.tokens[source] = token
                self._stage.token(source, token)
            else:
                self._stage.standin(source, "faults", {})
        for fault in faults:
            if fault.kind == "hung":
                self._stage.timeout(fault.where, self._stage.functions[fault.where]["Timeout"])
            if fault.kind == "clock":
                self._stage.tick(0.0)
                self._stage.workers.kill()

    def _a_day_passes(self, base: Base) -> None:
        """Let happen what happens before the second night."""
        for source in SOURCES:
            self._stage.standin(source, "advance", NEXT_DAY)
        s3, bucket, there = (
            self._stage.deployment.client("s3"),
            self._stage.deployment.uploads_bucket,
            etags(self._stage.deployment),
        )
        for (owner, key), (_, body) in base.before.objects.items():
            if owner == bucket and (owner, key) not in there:
                s3.put_object(Bucket=bucket, Key=key, Body=body)

    def _mended(self, schedule: Schedule, story: Story) -> None:
        ended = "SUCCEEDED" if "SUCCEEDED" in story.ended else story.ended[-1]
        while ended != "SUCCEEDED" and len(story.mended) < MENDINGS:
            redriven = schedule.redriven and len(story.mended) < MENDINGS / 2
            time.sleep(1.1)  # a run is named after its second
            deployment = self._stage.deployment
            begun = operate.redrive(deployment, "") if redriven else start_night(deployment)
            ended = waited(self._stage, begun)
            story.mended.append("redrive" if redriven else "night")
            story.ended.append(ended)


def prepared(stage: Stage, before: Snapshot, *, advanced: bool) -> None:
    """Put everything back to where a night begins."""
    stage.door.befall = lambda _asked, _after: None
    for source in SOURCES:
        stage.standin(source, "faults", {})
        stage.standin(source, "reset", {})
        if advanced:
            stage.standin(source, "advance", NEXT_DAY)
        usual = stage.standin(source, "token")["token"]
        if stage.tokens[source] != usual:
            stage.token(source, usual)
            stage.tokens[source] = usual
            stage.workers.kill("Ingest", "Plan")
    before.back(stage.deployment)
    stage.door.counted()


def waited(stage: Stage, execution: str) -> str:
    """How a run ended."""
    began = time.monotonic()
    while (said := status(stage, execution, time.monotonic() - began)) == "RUNNING":
        time.sleep(_POLL)
    return said


def status(stage: Stage, execution: str, passed: float) -> str:
    """A run's status, with the reason of one that failed. One that takes too long has failed, too."""
    with suppress(BotoCoreError):
        told = stage.steps.describe_execution(executionArn=execution)
        if told["status"] == "SUCCEEDED" or (told["status"] == "RUNNING" and passed < PATIENCE):
            return str(told["status"])
        if told["status"] == "RUNNING":
            stage.steps.stop_execution(executionArn=execution)
        return f"{told['status']}: {told.get('error', '')} {told.get('cause', '')}"[:600]
    stage.refuse_dead()
    return "RUNNING"


def _skewed(stage: Stage, fault: Fault) -> None:
    stage.tick(fault.seconds)
    stage.workers.kill()


_BEGIN: dict[str, Callable[[Stage, Fault], object]] = {
    "hung": lambda stage, fault: stage.timeout(fault.where, HUNG),
    "source_down": lambda stage, fault: stage.standin(fault.where, "faults", {"down": True}),
    "source_flaky": lambda stage, fault: stage.standin(fault.where, "faults", {"schedule": {
        "seed": fault.seed, "share": fault.at, "kinds": ["bad_gateway_502", "timeout_504", "cut", "slow"]}}),
    "token_expired": lambda stage, fault: stage.standin(fault.where, "faults", {
        "following": [""] * int(fault.at * 40) + ["expired_token"]}),
    "clock": _skewed,
}  # fmt: skip
"""Faults that are outside of the door."""
