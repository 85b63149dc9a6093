"""What a failed run looks like: which state failed, why, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from holdfast.words import message_of
from report.execution import entered_states

_OWN = {"Failed", "Resume"}

_INNER = (
    {"Validate": "ValidateAll"}
    | dict.fromkeys(
        ("Streams", "Ingest", "AllPulled", "SourceWantsQuiet", "Landed", "AnyFiles", "Files", "NoFiles"), "IngestAll"
    )
    | dict.fromkeys(("TooMuchForOne", "Group", "GroupOnSpark", "AsItIs"), "Features")
)
"""A state inside a Map or a Parallel cannot be entered from outside: that is where the run goes on. What groups activity goes before
Features, and is asked for again with it."""


@dataclass(frozen=True)
class Failure:
    """One failed run."""

    run: str
    state: str
    """Empty where it could not be found out."""
    error: str
    cause: str

    @classmethod
    def of(cls, document: dict[str, Any], state: str, run: str) -> Self:
        """From the execution's document, whose `failure` a Catch has written."""
        failure = document.get("failure", {})
        return cls(run, state, failure.get("Error", "unknown"), message_of(failure.get("Cause", "")))


def failed_state(newest_first: Iterable[dict[str, Any]]) -> str:
    """The chain's state that was entered last before the failure state."""
    name = next((name for name in entered_states(newest_first) if name not in _OWN), "Plan")
    return _INNER.get(name, name)


def was_redriven(document: dict[str, Any], redrives: int) -> bool:
    """Whether the execution was redriven since it last went on from here."""
    return redrives > int(document.get("resumed", {}).get("count", 0))


def alert_text(failure: Failure, name: str) -> tuple[str, dict[str, str]]:
    """Subject (at most 100 ASCII characters, as SNS demands) and body of the alert."""
    where = f"state {failure.state}" if failure.state else "a state that could not be found out"
    subject = f"{name}: run {failure.run} failed in {failure.state or 'some state'}"
    return subject.encode("ascii", "replace").decode()[:100], {
        "what": f"The run {failure.run} stopped in {where}.",
        "error": failure.error,
        "why": failure.cause,
        "next": f"Mend the cause, then: holdfast redrive {failure.run}",
    }
