"""Intercom's scroll over companies: one at a time for the whole app, dead after a minute of silence."""

from collections.abc import Callable
from uuid import UUID

from infra.local.standins.tables import Row, Table


class ScrollExistsError(Exception):
    """Somebody else's scroll is still open."""


class ScrollLostError(Exception):
    """The scroll was never opened, has ended, or was left alone for too long."""


class Scroll:
    """The app's one scroll; `idle` and the clock are in seconds. It shows the table as it was when it was opened."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._opened = clock, 0
        self._table: Table | None = None
        self._position, self._used, self._parameter = 0, 0.0, ""

    def open(self, table: Table, idle: float) -> str:
        """Begin; gives the parameter that continues it. Raises ScrollExistsError."""
        if self._table is not None and self._clock() - self._used < idle:
            raise ScrollExistsError
        self._opened += 1
        self._table, self._position, self._used = table, 0, self._clock()
        self._parameter = str(UUID(int=(0x5C20_11 << 104) + self._opened))
        return self._parameter

    def page(self, parameter: str, size: int, idle: float) -> list[Row]:
        """The next records; the empty page is the end, and closes it. Raises ScrollLostError."""
        now = self._clock()
        if self._table is None or parameter != self._parameter or now - self._used >= idle:
            raise ScrollLostError
        rows = self._table.slice(self._position, size)
        self._position, self._used = self._position + size, now
        if not rows:
            self.close()
        return rows

    def close(self) -> None:
        """Forget the open scroll: whoever went on with it is lost."""
        self._table = None
