"""What people are told about drift."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drift.divergence import CALIBRATION, Shift

_NAMED = 20
_LONGEST_SUBJECT = 100
_GAPS = 0.01
"""A change of the share of missing values from which it is told."""


@dataclass(frozen=True)
class Alert:
    """A message for a topic: a subject of plain ASCII, and the text."""

    subject: str
    text: str


def alert(name: str, drifted: Sequence[Shift], sentences: Mapping[str, str], rows: int, report: str) -> Alert:
    """Which columns moved, in plain words with before and now."""
    subject = f"{name}: drift: {headline(drifted, sentences)}".encode("ascii", "replace").decode()
    lines = [
        f"Among the {rows:,} customers scored last, {len(drifted)} of what the churn model reads or says moved further from what it was trained on",
        "than it did between the days of the training data:",
        *(_line(shift, sentences.get(shift.name, shift.name)) for shift in drifted[:_NAMED]),
        *([f"… and {len(drifted) - _NAMED} more"] if len(drifted) > _NAMED else []),
        f"The charts are in the artifacts bucket under {report}.",
        "A run is started to retrain; the new model serves only if it wins: `holdfast status`, `holdfast models list`. What to do: docs/drift.md.",
    ]
    return Alert(subject[:_LONGEST_SUBJECT], "\n".join(lines))


def headline(drifted: Sequence[Shift], sentences: Mapping[str, str]) -> str:
    """The column that moved furthest, and how many others did."""
    first = sentences.get(drifted[0].name, drifted[0].name)
    return first if len(drifted) == 1 else f"{first} and {len(drifted) - 1} more"


def _line(shift: Shift, sentence: str) -> str:
    what = "" if shift.name == CALIBRATION else "mean "
    moved = f"{what}{_number(shift.before)} before, {_number(shift.now)} now ({shift.effect:.2f} standard deviations)"
    gaps = abs(shift.missing_now - shift.missing_before) >= _GAPS
    missing = f"; missing for {shift.missing_before:.0%} before, {shift.missing_now:.0%} now" if gaps else ""
    return f"- {sentence}: {moved}{missing}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"
