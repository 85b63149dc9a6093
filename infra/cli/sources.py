"""`holdfast sources`: whether the APIs can be read, how far each stream is, and pulling one of them now."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from holdfast.ledger import CURSOR, DynamoLedger, Ledger, checkpoint
from holdfast.settings import Settings
from holdfast.vendors import ApiSource, streams_of
from holdfast.words import counted
from infra.cli import check as checking
from infra.cli.check import Finding, moment
from infra.cli.deployment import Deployment, explained
from infra.cli.probes import probes_of
from infra.cli.secrets import secret_of
from infra.trouble import Trouble

_NEVER = "-"


def check(deployment: Deployment, settings: Settings) -> Iterator[Finding]:
    """Ask each API for one record of each stream, and say what a run would pull."""
    with explained(deployment.endpoint):
        yield from checking.findings(settings, partial(secret_of, deployment), ledger_of(deployment).cursors())


def status(deployment: Deployment, settings: Settings) -> list[dict[str, str]]:
    """Per stream: its cursor, its last success, rows of that, how long ago that was, and a pull that is under way."""
    ledger = ledger_of(deployment)
    return statuses(settings, ledger, ledger.cursors(), _under_way(deployment), time.time())


def statuses(
    settings: Settings,
    ledger: Ledger,
    cursors: Mapping[tuple[str, str], Mapping[str, Any]],
    runs: list[str],
    now: float,
) -> list[dict[str, str]]:
    """The same from the ledger's notes; `runs` are those that go on at `now` (Unix seconds)."""
    rows = []
    for source, stream in _streams(settings):
        note = cursors.get((source, stream))
        row = {
            "stream": f"{source}/{stream}",
            "changes up to": moment(note["cursor"]) if note else "never pulled",
            "last success": moment(note["at"]) if note else _NEVER,
            "rows then": f"{note['rows']:,}" if note else _NEVER,
            "lag": _ago(now - note["at"] / 1000) if note else _NEVER,
        }
        going = ((run, Pulling(ledger, source, stream, run)()) for run in runs)
        rows.append(row | {"now": next((f"{run}: {said}" for run, said in going if said), "")})
    return rows


@dataclass(frozen=True)
class Pulling:
    """How far a run is with a stream."""

    ledger: Ledger
    source: str
    stream: str
    run: str

    def __call__(self) -> str:
        """What its checkpoint says, for people; nothing before the first one."""
        noted = self.ledger.note(self.source, self.stream, checkpoint(self.run))
        if noted is None:
            return ""
        waits = noted.get("waits", 0)
        quiet = f", the source wanted quiet {counted(waits, 'time')}" if waits else ""
        landed = ", landed" if noted.get("done") else " so far"
        return f"{counted(noted['rows'], 'row')} of {counted(noted.get('pages', 0), 'page')}{landed}{quiet}"


def rewound(settings: Settings, ledger: Ledger, stream: str, since: str) -> str:
    """Let the next pull of a stream (`source/stream`) begin earlier: with changes since a day (ISO), or with `everything`. Says so.

    Nothing that landed goes: what is pulled again is merged by id.

    Raises:
        Trouble: there is no such stream, or the day cannot be read or is later than what was pulled.
    """
    source, name = known(settings, stream)
    note, configured = ledger.note(source, name, CURSOR), settings.sources[source]
    day = None if since == "everything" else _day(since)
    if note is None:
        return f"{stream} was never pulled: everything is"
    if day is None or (isinstance(configured, ApiSource) and probes_of(configured)[name].whole):
        ledger.keep(source, name, CURSOR, note | {"full_at": 0})
        return f"{stream} is pulled whole"
    start = int(day.timestamp() * 1000)
    if start > note["cursor"]:
        raise Trouble(f"--backfill {since}: later than {moment(note['cursor'])}, up to which {stream} was pulled")
    ledger.keep(source, name, CURSOR, note | {"cursor": start})
    return f"{stream} is pulled again from {moment(start)} on"


def start(deployment: Deployment, settings: Settings, stream: str) -> tuple[str, Callable[[], str]]:
    """Pull one stream now and merge it into the lake: the execution's ARN, and how far it is whenever that is asked.

    Raises:
        Trouble: a run is under way.
    """
    source, name = known(settings, stream)
    idle(deployment)
    run = f"sync-{source}-{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}".replace("_", "-")
    with explained(deployment.endpoint):
        begun = deployment.client("stepfunctions").start_execution(
            stateMachineArn=deployment.state_machine_arn, name=run, input=json.dumps({"stream": stream})
        )
    return str(begun["executionArn"]), Pulling(ledger_of(deployment), source, name, run)


def idle(deployment: Deployment) -> None:
    """Two runs at a time would merge into the same tables.

    Raises:
        Trouble: a run is under way.
    """
    if runs := _under_way(deployment):
        raise Trouble(f"run {runs[0]} is under way: wait until it has ended, `holdfast status` says when")


def known(settings: Settings, stream: str) -> tuple[str, str]:
    """Source and stream of `source/stream`.

    Raises:
        Trouble: there is no such stream; names those that there are.
    """
    there = {f"{source}/{name}": (source, name) for source, name in _streams(settings)}
    if stream not in there:
        raise Trouble(f"there is no stream {stream!r}; there are {', '.join(there)}")
    return there[stream]


def ledger_of(deployment: Deployment) -> DynamoLedger:
    """The deployment's own."""
    return DynamoLedger(deployment.state_table, deployment.client("dynamodb"))


def _streams(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, source in settings.sources.items():
        if isinstance(source, ApiSource):
            yield from ((name, stream) for stream in streams_of(source))


def _under_way(deployment: Deployment) -> list[str]:
    sfn = deployment.client("stepfunctions")
    with explained(deployment.endpoint):
        listed = sfn.list_executions(stateMachineArn=deployment.state_machine_arn, statusFilter="RUNNING")
    return [execution["name"] for execution in listed["executions"]]


def _day(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise Trouble(f"--backfill {text}: not a day such as 2026-01-31, and not `everything`") from error


def _ago(seconds: float) -> str:
    return f"{seconds / 86_400:.1f} days" if seconds > 172_800 else f"{seconds / 3600:.1f} h"
