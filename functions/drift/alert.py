"""What people are told about drift."""

from collections.abc import Mapping
from dataclasses import dataclass

from drift.divergence import Finding, Shift

_NAMED = 20
_LONGEST_SUBJECT = 100


@dataclass(frozen=True)
class Alert:
    """A message for a topic: a subject of plain ASCII, and the text."""

    subject: str
    text: str


def alert(name: str, finding: Finding, sentences: Mapping[str, str], limit: float) -> Alert:
    """Which features moved, in plain words with before and now."""
    drifted = finding.drifted
    subject = f"{name}: {len(drifted)} of what the churn model reads or says has drifted".encode(
        "ascii", "replace"
    ).decode()
    lines = [
        f"Among the {finding.rows:,} customers scored last, {len(drifted)} columns moved by more than {limit}",
        "(KL divergence from the training reference, over the level that sampling reaches by itself):",
        *(_line(shift, sentences) for shift in drifted[:_NAMED]),
        *([f"… and {len(drifted) - _NAMED} more"] if len(drifted) > _NAMED else []),
        f"The charts are in the artifacts bucket under {finding.report}. The chain is started again to retrain.",
    ]
    return Alert(subject[:_LONGEST_SUBJECT], "\n".join(lines))


def _line(shift: Shift, sentences: Mapping[str, str]) -> str:
    moved = f"mean {_number(shift.before)} before, {_number(shift.now)} now (shift {shift.divergence:.3f})"
    return f"- {sentences.get(shift.name, shift.name)}: {moved}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
