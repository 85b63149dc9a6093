"""How far one run's pull of a stream has got: what is kept after every part that has become durable."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from holdfast.contracts import Extract
from holdfast.ledger import CURSOR, Ledger, checkpoint
from ingest.streams import Pass, Stream, Window


@dataclass
class Progress:
    """A checkpoint. `number` and `cursor` say where the next page is, `part` which file it goes into."""

    full: bool
    window: tuple[int | None, int]
    full_at: int
    number: int = 0
    cursor: dict[str, Any] = field(default_factory=dict)
    part: int = 0
    rows: int = 0
    rejected: int = 0
    removed: int = 0
    fetched: int = 0
    total: int | None = None
    newest: int = 0
    done: bool = False

    @classmethod
    def of(cls, extract: Extract, stream: Stream, ledger: Ledger, now: int) -> Self:
        """The run's checkpoint, or the beginning of a pull: from the cursor, or of everything."""
        noted = ledger.note(extract.source, extract.stream, checkpoint(extract.run))
        if noted is not None:
            return cls(**noted)
        held = ledger.note(extract.source, extract.stream, CURSOR)
        if (
            held is None
            or not stream.changed
            or held["shape"] != stream.shape
            or now - held["full_at"] > stream.refresh
        ):
            return cls(True, (None, now), now)
        return cls(False, (held["cursor"], now), held["full_at"])

    def keep(self, extract: Extract, ledger: Ledger) -> None:
        """Note this checkpoint."""
        ledger.keep(extract.source, extract.stream, checkpoint(extract.run), asdict(self))

    def passes(self, stream: Stream) -> tuple[Pass, ...]:
        """What there is to walk. A cursor that lies in the future leaves nothing."""
        start, end = self.window
        if start is not None and start > end:
            return ()
        return stream.everything if self.full else stream.changed

    @property
    def span(self) -> Window:
        return Window(*self.window)

    @property
    def gap(self) -> int:
        """Records that the source says there are beyond those that it gave."""
        return max(0, self.total - self.fetched) if self.total is not None else 0

    def manifest(self, stream: Stream, *, by_data: bool) -> dict[str, Any]:
        """What the landed files are worth, and the note that becomes the cursor when they are in the lake.

        The cursor follows the clock, or with `by_data` the newest record: a made-up world has a time of its own.
        """
        start, end = self.window
        reached = min(end, self.newest) if by_data and stream.changed else end
        following = max(reached - stream.lookback, start or 0)
        cursor = {"cursor": following, "full_at": self.full_at, "shape": stream.shape, "rows": self.rows, "at": end}
        return {"full": self.full, "complete": self.full and not self.gap, "cursor": cursor}
