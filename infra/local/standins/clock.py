"""The time that a server goes by: the machine's, until somebody holds it."""

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Unix seconds. Held, it stands still but for what it is moved by, so that hours of waiting pass in no time."""

    _held: float | None = None
    _ahead: float = 0.0

    def __call__(self) -> float:
        return (time.time() if self._held is None else self._held) + self._ahead

    def hold(self, at: float) -> None:
        """Stand still at a moment."""
        self._held, self._ahead = at, 0.0

    def move(self, seconds: float) -> None:
        self._ahead += seconds

    def release(self) -> None:
        """Go by the machine again."""
        self._held, self._ahead = None, 0.0
