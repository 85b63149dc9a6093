"""How far one run's pull of a stream has got: what is kept after every part that has become durable."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from holdfast.contracts import Extract
from holdfast.ledger import CURSOR, Ledger, checkpoint
from holdfast.reading import known
from ingest.streams import Fetch, Pass, Stream, Window


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
    pages: int = 0
    waits: int = 0
    """How often the source wanted more quiet than a function keeps."""
    rejected: int = 0
    removed: int = 0
    uncast: int = 0
    left_out: int = 0
    """Records that the source counts and the window does not."""
    total: int | None = None
    counts: int = 0
    """How often the source was asked how many there are."""
    careful: bool = False
    """Part by part of one page: of a larger one too much was lost."""
    newest: int = 0
    found: dict[str, Any] = field(default_factory=dict)
    """What the source was asked before the pull."""
    done: bool = False

    @classmethod
    def of(cls, extract: Extract, stream: Stream, ledger: Ledger, now: int, found: Mapping[str, Any]) -> Self:
        """The beginning of a pull: from the cursor, or of everything."""
        held = ledger.note(extract.source, extract.stream, CURSOR)
        if (
            held is None
            or not stream.changed
            or held["shape"] != stream.shape
            or now - held["full_at"] > stream.refresh
        ):
            return cls(True, (None, now), now, found=dict(found))
        return cls(False, (held["cursor"], now), held["full_at"], found=dict(found))

    @classmethod
    def noted(cls, extract: Extract, ledger: Ledger) -> Self | None:
        """The run's checkpoint, if it has one."""
        noted = ledger.note(extract.source, extract.stream, checkpoint(extract.run))
        return None if noted is None else known(cls, noted)

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

    def gap(self, landed: int) -> int:
        """Records that the source says there are beyond those that it gave; `landed` of them have an id of their own."""
        given = landed + self.left_out + self.rejected
        return max(0, self.total - given) if self.total is not None else 0

    def manifest(self, stream: Stream, gap: int, *, by_data: bool) -> dict[str, Any]:
        """What the landed files are worth, and the note that becomes the cursor when they are in the lake.

        The cursor follows the clock, or with `by_data` the newest record: a made-up world has a time of its own.
        """
        start, end = self.window
        reached = min(end, self.newest) if by_data and stream.changed else end
        following = max(reached - stream.lookback, start or 0)
        cursor = {"cursor": following, "full_at": self.full_at, "shape": stream.shape, "rows": self.rows, "at": end}
        complete = self.full and not gap and not stream.lasting
        columns = [column.name for column in stream.columns]
        return {"full": self.full, "complete": complete, "columns": columns, "cursor": cursor}


def begun(extract: Extract, stream: Stream, ledger: Ledger, now: int, fetch: Fetch) -> tuple[Progress, Stream]:
    """Where the run's pull of a stream stands, and the stream as the source declares it: it is asked once in a run."""
    progress = Progress.noted(extract, ledger)
    if stream.discovery is None:
        return progress or Progress.of(extract, stream, ledger, now, {}), stream
    found = stream.discovery.ask(fetch) if progress is None else progress.found
    settled = stream.discovery.stream(found)
    return progress or Progress.of(extract, settled, ledger, now, found), settled
