"""Rate limits as the vendors keep them: a rolling window, and a fixed one; `now` is in seconds."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Allowance:
    """What one call found: whether it may pass, how many are left, and the unix second of the next reset."""

    granted: bool
    limit: int
    remaining: int
    reset: int


class Limit(Protocol):
    def take(self, now: float) -> Allowance: ...

    def forget(self) -> None:
        """Count anew."""


@dataclass
class RollingWindow:
    """At most `limit` granted calls in any `seconds`."""

    limit: int
    seconds: float
    _calls: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> Allowance:
        while self._calls and self._calls[0] <= now - self.seconds:
            self._calls.popleft()
        granted = len(self._calls) < self.limit
        if granted:
            self._calls.append(now)
        return Allowance(granted, self.limit, self.limit - len(self._calls), math.ceil(self._calls[0] + self.seconds))

    def forget(self) -> None:
        self._calls.clear()


@dataclass
class FixedWindow:
    """At most `limit` granted calls between two multiples of `seconds`."""

    limit: int
    seconds: int
    _window: int = -1
    _used: int = 0

    def take(self, now: float) -> Allowance:
        window = int(now // self.seconds)
        if window != self._window:
            self._window, self._used = window, 0
        granted = self._used < self.limit
        self._used += granted
        return Allowance(granted, self.limit, self.limit - self._used, (window + 1) * self.seconds)

    def forget(self) -> None:
        self._window, self._used = -1, 0
