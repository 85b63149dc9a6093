"""What a function holds on to while it lives, and loses when it is killed in the middle of something."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from holdfast.ledger import MemoryLedger
from holdfast.store import MemoryStore


class Killed(BaseException):
    """The function was killed: nothing that it would have done next happens."""


@dataclass
class Fate:
    """Kills a function before or after a share of the things that it does; what is dead does nothing more."""

    seed: int
    share: float = 0.0
    kills: int = 0
    _dead: bool = False

    def __post_init__(self) -> None:
        self._dice = np.random.default_rng([self.seed, 4])

    def step(self) -> None:
        if not self._dead and self._dice.random() < self.share:
            self._dead = True
            self.kills += 1
        if self._dead:
            raise Killed

    def rise(self) -> None:
        self._dead = False

    def around(self, act: Callable[..., Any], *given: Any) -> Any:
        self.step()
        done = act(*given)
        self.step()
        return done


@dataclass
class MortalStore(MemoryStore):
    fate: Fate = field(default_factory=lambda: Fate(0))

    def write(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self.fate.around(super().write, key, body, content_type)


@dataclass
class MortalLedger(MemoryLedger):
    fate: Fate = field(default_factory=lambda: Fate(0))

    def keep(self, source: str, stream: str, name: str, value: Any) -> None:
        self.fate.around(super().keep, source, stream, name, value)

    def lock(self, name: str, owner: str, now: float, until: float) -> bool:
        return bool(self.fate.around(super().lock, name, owner, now, until))

    def unlock(self, name: str, owner: str) -> None:
        self.fate.around(super().unlock, name, owner)


class MortalTransport(httpx.HTTPTransport):
    """A connection that dies with the function, before the request is sent or when the answer is there."""

    fate = Fate(0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = self.fate.around(super().handle_request, request)
        return answer
