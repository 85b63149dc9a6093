"""Somebody who asks for scores all the while, and counts what is not answered."""

from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from threading import Event, Thread
from typing import Any, Self

from infra.cli import api
from infra.cli.deployment import Deployment
from infra.trouble import Trouble

PAUSE = 0.2
"""Seconds between an answer and the next question."""


class Caller:
    """Asks for one customer after the other, for the length of a `with`."""

    def __init__(self, customers: Sequence[tuple[Deployment, str]]) -> None:
        self._customers = customers
        self._ended = Event()
        self._asking = Thread(target=self._ask, name="caller", daemon=True)
        self._calls, self._failed = 0, Counter[str]()

    def __enter__(self) -> Self:
        self._asking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._asking.join()

    def told(self) -> dict[str, Any]:
        """How many scores were asked for, and why which were not answered."""
        return {"calls": self._calls, "failed_calls": self._failed.total(), "failures": dict(self._failed)}

    def _ask(self) -> None:
        for deployment, customer in cycle(self._customers):
            if self._ended.wait(PAUSE):
                return
            self._calls += 1
            try:
                api.get(deployment, api.score_path(customer))
            except Trouble as trouble:
                self._failed[str(trouble)[:200]] += 1
