"""What a check found, for the log, the metric, the message and the event."""

from dataclasses import dataclass
from typing import Any

from drift.divergence import Shift

_FURTHEST = 20


@dataclass(frozen=True)
class Finding:
    """Columns that drifted in all windows in a row, furthest first."""

    drifted: tuple[Shift, ...]
    suspected: int
    """Columns that were over the bounds in this check, confirmed or not."""
    rows: int
    report: str
    """Key of the page in the artifacts bucket, empty when nothing could be compared."""
    quiet: bool = False
    """Whether an alert was told so recently that this one is not."""

    @property
    def tells(self) -> bool:
        """Whether people are told and a run is started."""
        return bool(self.drifted) and not self.quiet

    def to_json(self) -> dict[str, Any]:
        return {
            "drifted": [shift.name for shift in self.drifted], "suspected": self.suspected, "rows": self.rows,
            "report": self.report, "told": self.tells,
        }  # fmt: skip

    def detail(self, reason: str) -> dict[str, Any]:
        """The same for an event, which has to stay small: how many, and the furthest of them."""
        return {
            "reason": reason, "count": len(self.drifted), "rows": self.rows, "report": self.report,
            "furthest": [shift.to_json() for shift in self.drifted[:_FURTHEST]],
        }  # fmt: skip


NOTHING = Finding((), 0, 0, "")
