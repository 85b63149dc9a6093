"""One allowance of requests per source, shared by all functions that pull from it at the same time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from holdfast.ledger import Ledger

BLOCK = 5
"""Requests that are reserved at a time: a reservation costs a call of its own."""
BURST = 0.2
"""Share of a window's allowance that may go out at once; the rest is spread, so that no window anywhere holds more."""
STALE = 0.5
"""Seconds after which what is left of a reservation is forgotten."""


@dataclass
class Budget:
    """Paces requests by the generic cell rate algorithm (ITU-T I.371): at most so many of a bucket in any window.

    `limits` gives requests and seconds by bucket; a bucket that is not there is not limited.
    """

    ledger: Ledger
    source: str
    limits: Mapping[str, tuple[int, float]]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    _held: dict[str, tuple[int, float]] = field(default_factory=dict)

    def take(self, bucket: str) -> None:
        """Wait until one more request of a bucket may go out."""
        if bucket not in self.limits:
            return
        left, since = self._held.get(bucket, (0, 0.0))
        if not left or self.clock() - since > STALE:
            left = self._reserve(bucket)
            since = self.clock()
        self._held[bucket] = (left - 1, since)

    def _reserve(self, bucket: str) -> int:
        limit, window = self.limits[bucket]
        burst = max(1, int(limit * BURST))
        block, spacing = min(BLOCK, burst), window / max(1, limit - burst)
        now = self.clock()
        turn = self.ledger.reserve(self.source, bucket, block * spacing, now - (burst - block) * spacing)
        if turn > now:
            self.sleep(turn - now)
        return block
