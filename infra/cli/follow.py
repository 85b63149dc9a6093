"""Follow an execution: one line per state with what it did and how long it took, a spinner on the one that runs."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from holdfast.words import counted, message_of
from infra.cli.deployment import Deployment, explained
from infra.cli.operate import history
from infra.trouble import Trouble

_POLL_S = 0.4
_ENTRIES = {
    "Plan": "plan",
    "IngestAll": "ingested",
    "Reconcile": "reconciled",
    "Scrub": "scrubbed",
    "ValidateAll": "validated",
    "Transform": "transformed",
    "Group": "grouped",
    "GroupOnSpark": "spark",
    "Features": "features",
    "Train": "trained",
    "Promote": "promoted",
    "ScoreAll": "scored",
    "Report": "reported",
}
"""State -> the entry of the execution's document that it writes."""


@dataclass(frozen=True)
class Progress:
    """One state's beginning or end."""

    state: str
    at: float
    document: dict[str, Any] | None
    """The execution's document after the state, or None when it has just begun."""


def progress_of(events: list[dict[str, Any]]) -> Iterator[Progress]:
    """The states of the chain itself among an execution's events."""
    for event in events:
        at = event["timestamp"].timestamp()
        if entered := event.get("stateEnteredEventDetails"):
            if entered["name"] in _ENTRIES:
                yield Progress(entered["name"], at, None)
        elif (exited := event.get("stateExitedEventDetails")) and exited["name"] in _ENTRIES:
            yield Progress(exited["name"], at, json.loads(exited.get("output", "{}")))


def summary(state: str, document: dict[str, Any]) -> str:
    """What a state did, in a few words."""
    entry = document.get(_ENTRIES[state])
    return "failed" if entry is None else _SUMMARIES[state](entry)


def _counts(entries: list[dict[str, Any]], bad: str) -> str:
    rows, failed = sum(e["rows"] for e in entries), sum(e.get(bad, 0) for e in entries)
    return counted(rows, "row") + (f", {failed:,} {bad}" if failed else "")


def _reconciled(entry: dict[str, Any]) -> str:
    said = {
        "rejected": "rejected",
        "failed": "files failed",
        "gap": "lines unaccounted for",
        "changes": "changes of schema",
    }
    counts = [f"{entry[name]:,} {words}" for name, words in said.items() if entry[name]]
    return ", ".join([f"{counted(entry['rows'], 'row')} of log files", *counts])


_SUMMARIES: dict[str, Callable[[Any], str]] = {
    "Plan": lambda e: f"{len(e['extracts']) + e.get('batched', 0)} to pull, {len(e['tables'])} tables",
    "IngestAll": lambda e: f"{_counts(e['streams'], 'rejected')} of streams and tables",
    "Reconcile": lambda e: _reconciled(e),
    "Scrub": lambda e: f"{e['rows']:,} rows of forgotten people kept out" if e["rows"] else "nobody who was forgotten",
    "ValidateAll": lambda e: _counts(e, "quarantined"),
    "Transform": lambda e: f"{counted(e['rows'], 'new row')} in the lake, as of {e['as_of'][:10]}",
    "Group": lambda e: f"{e['rows']:,} rows of activity, which Spark groups",
    "GroupOnSpark": lambda e: f"grouped by {e['by']}",
    "Features": lambda e: f"{counted(e['rows'], 'row')}, feature set {e['feature_set']}",
    "Train": lambda e: f"{counted(e['rows'], 'row')}, bundle {e['bundle']}",
    "Promote": lambda e: e["reason"],
    "ScoreAll": lambda e: counted(e["rows"], "customer"),
    "Report": lambda e: e["report"] + (f", the night cost {e['usd']:.3f} USD" if e.get("usd") else ""),
}


def waits_of(events: list[dict[str, Any]]) -> Iterator[str]:
    """What the state machine waits for among an execution's events."""
    for event in events:
        entered = event.get("stateEnteredEventDetails", {})
        if entered.get("name") == "SourceWantsQuiet":
            asked = json.loads(entered.get("input", "{}"))
            yield f"{asked.get('table', 'a source')} wants quiet until {asked.get('wait_until', 'later')}"


def follow(
    deployment: Deployment, execution: str, console: Console, progress_now: Callable[[], str] = lambda: ""
) -> dict[str, Any]:
    """Print states as they finish, and what `progress_now` says as it changes; returns the finished execution's document.

    Raises:
        Trouble: the run failed (with the cause and the next command), or the runtime went away.
    """
    sfn, printer, seen, said = deployment.client("stepfunctions"), _Printer(console), 0, ""
    with console.status("starting") as status, explained(deployment.endpoint):
        while True:
            description = sfn.describe_execution(executionArn=execution)
            events = history(deployment, execution)
            for progress in progress_of(events[seen:]):
                printer.show(progress)
            for wait in waits_of(events[seen:]):
                printer.say(wait)
            if (now := progress_now()) and now != said:
                printer.say(said := now)
            status.update(f"{printer.current} …")
            seen = len(events)
            if description["status"] != "RUNNING":
                return _finished(description, printer)
            time.sleep(_POLL_S)


def _finished(description: dict[str, Any], printer: "_Printer") -> dict[str, Any]:
    if description["status"] == "SUCCEEDED":
        return dict(json.loads(description["output"]))
    cause = message_of(description.get("cause", ""))
    run = description["name"]
    why = (cause or description.get("error", "no cause given")).removeprefix(f"{printer.current}: ")
    raise Trouble(
        f"run {run} {description['status'].lower()} in {printer.current}: {why}\n"
        f"Mend the cause, then: holdfast redrive {run}"
    )


class _Printer:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: dict[str, float] = {}
        self.current = "starting"

    def say(self, what: str) -> None:
        self._console.print(f"  {'':<12}{what}", style="dim", highlight=False)

    def show(self, progress: Progress) -> None:
        if progress.document is None:
            self._began.setdefault(progress.state, progress.at)
            self.current = progress.state
            return
        seconds = progress.at - self._began.get(progress.state, progress.at)
        self._console.print(
            f"  {progress.state:<12}{seconds:6.1f} s  {summary(progress.state, progress.document)}", highlight=False
        )
