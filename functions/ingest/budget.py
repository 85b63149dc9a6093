"""One allowance of requests per source, shared by all functions that pull from it at the same time."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from holdfast.errors import SourceThrottled
from holdfast.ledger import Ledger
from ingest.limits import Limits, Told

BLOCK = 5
"""Turns that are reserved at a time: a reservation costs a call of its own."""
BURST = 0.1
"""Share of a window's allowance that may go out at once."""
HELD = 0.1
"""Share of a window for which a turn is good: one that comes later could meet others' in the same window."""
TRAVEL = 0.25
"""Seconds by which one request may be longer on its way than another."""
NOTE = "budget"
"""Name of the ledger's note that says what a source allowed when it was asked last."""


class Turn(NamedTuple):
    """From when until when one request may go out, in Unix seconds."""

    start: float
    end: float


@dataclass
class Budget:
    """Paces requests by the generic cell rate algorithm (ITU-T I.371): at most so many of a bucket in any window.

    `limits` gives requests and seconds by bucket; a bucket that is not there is not limited. Where answers tell that fewer are
    allowed, fewer go out, from all functions.
    """

    ledger: Ledger
    source: str
    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    longest: float = 60.0
    """Seconds of waiting for a turn that are left to the state machine."""
    _turns: dict[str, deque[Turn]] = field(default_factory=dict)
    _told: dict[str, float] | None = None
    _heard: set[str] = field(default_factory=set)

    def take(self, bucket: str) -> None:
        """Wait until one more request of a bucket may go out.

        Raises:
            SourceThrottled: that would take longer than a function should sleep.
        """
        if bucket not in self.limits:
            return
        turns, now = self._turns.setdefault(bucket, deque()), self.clock()
        while turns and turns[0].end < now:
            turns.popleft()
        if not turns:
            turns.extend(self._reserved(bucket))
        wait = turns[0].start - self.clock()
        if wait > self.longest:
            turns.clear()
            raise SourceThrottled(self.source, wait)
        turns.popleft()
        if wait > 0:
            self.sleep(wait)

    def hear(self, bucket: str, told: Told) -> None:
        """Heed what an answer tells: a smaller allowance from now on, and quiet for all when little of it is left."""
        if bucket not in self.limits:
            return
        self._heard.add(bucket)
        known = self._known()
        if told.limit is not None and told.limit != known.get(bucket):
            known[bucket] = told.limit
            self.ledger.keep(self.source, NOTE, NOTE, known)
            self._turns.pop(bucket, None)
        if told.pause:
            self.quiet(bucket, told.pause)

    def quiet(self, bucket: str, seconds: float) -> None:
        """Nobody sends any request of a bucket for so long. More than a function sleeps is not shared: whoever asks is told anyway."""
        self._turns.pop(bucket, None)
        if bucket in self.limits and seconds <= self.longest:
            self.ledger.reserve(self.source, bucket, 0.0, self.clock() + seconds)

    def _reserved(self, bucket: str) -> list[Turn]:
        limit, window = self.limits[bucket]
        limit = max(1, int(min(limit, self._known().get(bucket, limit))))
        burst = max(1, int(limit * BURST))
        # Until an answer has told what is allowed, one request must not claim the turns of several.
        block = min(BLOCK, burst) if bucket in self._heard else 1
        spacing = (window * (1 + HELD) + TRAVEL) / max(1, limit - burst)
        now = self.clock()
        first = self.ledger.reserve(self.source, bucket, block * spacing, now - (burst - block) * spacing)
        starts = [first + number * spacing for number in range(block)]
        return [Turn(start, max(start, now) + window * HELD) for start in starts]

    def _known(self) -> dict[str, float]:
        """Requests per window by bucket, as an answer told this function or, before it, another one."""
        if self._told is None:
            self._told = dict(self.ledger.note(self.source, NOTE, NOTE) or {})
        return self._told
