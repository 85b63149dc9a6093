"""What can go wrong with a night on the deployed stack, drawn by a seed: the same seed draws the same again."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.chaos_door import Answer, Asked
from benchmarks.chaos_files import FILES
from benchmarks.chaos_stage import SOURCES
from benchmarks.chaos_workers import JOB, slay

STATES = (
    "Plan",
    "Ingest",
    "Reconcile",
    "Scrub",
    "Validate",
    "Transform",
    "Features",
    "Train",
    JOB,
    "Promote",
    "ScoreAll",
    "Report",
)
REFUSALS = {
    "s3": Answer(503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>", "application/xml"),
    "dynamodb": Answer(400, json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}).encode(),
                       "application/x-amz-json-1.0"),
    "glue": Answer(400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode(), "application/x-amz-json-1.1"),
    "secretsmanager": Answer(500, json.dumps({"__type": "InternalServiceError"}).encode(), "application/x-amz-json-1.1"),
    "states": Answer(400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode(), "application/x-amz-json-1.0"),
}  # fmt: skip
"""How each service says that it has had enough."""
BURSTS = (1, 3, 12, 60)
"""Requests in a row that are refused: some are less than what the SDK tries by itself, some are more than a state tries."""
NIGHTS = ("first", "second", "both")
SKEW = 90.0
"""Seconds by which a clock may be wrong: AWS itself refuses whoever is wrong by five minutes."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; what its kind does not need stays as it is."""

    kind: str
    where: str = ""
    """A state, a service or a source."""
    at: float = 0.0
    """Share of the requests there (as many as a calm night has) after which it happens."""
    count: int = 1
    """Requests that it befalls."""
    after: bool = False
    """Whether the service had done what was asked before it happened."""
    seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Schedule:
    """All that goes wrong with one night, and how people mend what the chain does not by itself."""

    seed: int
    night: str
    """`first`, into an empty lake; `second`, when a day has passed in the sources; or `both`: the first with the faults, and then the
    second without."""
    faults: tuple[Fault, ...]
    redriven: bool
    """Whether a failed run is redriven, or left to the next night."""


def _file(kind: str, dice: np.random.Generator, _: int) -> Fault:
    return Fault(kind, seed=int(dice.integers(1 << 30)))


KINDS: dict[str, Callable[[np.random.Generator, int], Fault]] = {
    "killed": lambda dice, turn: Fault("killed", STATES[turn % len(STATES)], dice.random(), after=bool(dice.random() < 0.5)),
    "throttled": lambda dice, turn: Fault("throttled", [*REFUSALS][turn % len(REFUSALS)], dice.random(), _burst(dice)),
    "overlapping": lambda dice, _: Fault("overlapping", seconds=float(dice.uniform(0.0, 40.0))),
    "hung": lambda dice, turn: Fault("hung", _hanging(turn), dice.random()),
    "cut": lambda dice, turn: Fault("cut", [*REFUSALS][turn % len(REFUSALS)], dice.random(), _burst(dice), bool(dice.random() < 0.5)),
    "source_down": lambda dice, turn: Fault("source_down", SOURCES[turn % 2], dice.random(), seconds=float(dice.choice([2.0, 1e9]))),
    "token_expired": lambda dice, turn: Fault("token_expired", SOURCES[turn % 2], dice.random()),
    "twice": lambda _dice, _: Fault("twice"),
    "restarted": lambda dice, _: Fault("restarted", "all", dice.random()),
    "source_flaky": lambda dice, turn: Fault("source_flaky", SOURCES[turn % 2], dice.uniform(0.05, 0.3), seed=int(dice.integers(1 << 30))),
    "disk_full": lambda dice, _: Fault("disk_full", str(dice.choice(["Ingest", "Validate", "Transform"])), dice.random()),
    "clock": lambda dice, _: Fault("clock", seconds=float(dice.uniform(-SKEW, SKEW))),
    "slow": lambda dice, turn: Fault("slow", [*REFUSALS][turn % len(REFUSALS)], dice.random(), _burst(dice), seconds=0.5),
    **{kind: partial(_file, kind) for kind in FILES},
}  # fmt: skip
"""Every kind of fault, and how one of it is drawn."""


def drawn(seed: int, without: frozenset[str] = frozenset()) -> Schedule:
    """The schedule of a seed. Seeds in a row take every kind in turn, and with each kind every state, service and source."""
    kinds = [each for each in KINDS if each not in without]
    dice = np.random.default_rng([seed, 5])
    turn, first = divmod(seed, len(kinds))
    others = [kinds[int(each)] for each in dice.integers(0, len(kinds), int(dice.choice([0, 1, 2], p=[0.6, 0.3, 0.1])))]
    chosen = dict.fromkeys([kinds[first], *others])
    faults = tuple(KINDS[kind](dice, turn if kind == kinds[first] else int(dice.integers(99))) for kind in chosen)
    return Schedule(seed, str(dice.choice(NIGHTS)), faults, bool(dice.random() < 0.5))


class Befalling:
    """Does to requests what a schedule wants; `usual` says how many requests each state and service has in a calm night."""

    def __init__(self, faults: tuple[Fault, ...], usual: Mapping[str, int], fill: Callable[[], None]) -> None:
        self._due = [(fault, 1 + int(fault.at * (usual.get(fault.where, 1) - 1))) for fault in faults]
        self._fill = fill
        self._seen: Counter[tuple[str, bool]] = Counter()
        self.happened: Counter[str] = Counter()
        self.restart = False

    def __call__(self, asked: Asked, after: bool) -> Any:
        for where in {asked.state, asked.service, "all"}:
            self._seen[where, after] += 1
        for fault, at in self._due:
            mine = fault.where in (asked.state, asked.service, "all") and fault.after == after
            befallen = fault.kind in _VERDICTS and self.happened[fault.kind] < fault.count
            if mine and befallen and self._seen[fault.where, after] >= at:
                self.happened[fault.kind] += 1
                return _VERDICTS[fault.kind](self, fault, asked)
        return None

    def _killed(self, _fault: Fault, asked: Asked) -> str:
        slay(asked.process)
        return "cut"

    def _throttled(self, fault: Fault, _asked: Asked) -> Answer:
        return REFUSALS[fault.where]

    def _filled(self, _fault: Fault, _asked: Asked) -> None:
        self._fill()

    def _restarted(self, _fault: Fault, _asked: Asked) -> str:
        self.restart = True
        return "hold"


_VERDICTS: dict[str, Callable[[Befalling, Fault, Asked], Any]] = {
    "killed": Befalling._killed,
    "throttled": Befalling._throttled,
    "hung": lambda _self, _fault, _asked: "hold",
    "cut": lambda _self, _fault, _asked: "cut",
    "slow": lambda _self, fault, _asked: fault.seconds,
    "disk_full": Befalling._filled,
    "restarted": Befalling._restarted,
}


def _burst(dice: np.random.Generator) -> int:
    return int(dice.choice(BURSTS))


def _hanging(turn: int) -> str:
    functions = [each for each in STATES if each not in ("Train", JOB)]
    return functions[turn % len(functions)]
