"""Many clients at once on one clock that nobody waits for: each runs until it sleeps, and the clock jumps to who wakes first."""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Simulation:
    """A discrete-event simulation of threads. One of them runs at a time, so that every run is the same."""

    now: float = 1_790_000_000.0
    """Unix seconds."""
    _sleeping: list[tuple[float, int, threading.Event]] = field(default_factory=list)
    _count: int = 0
    _rest: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _failed: list[BaseException] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Called by an actor: let the others go on until so much time has passed."""
        woken = threading.Event()
        self._push(self.now + max(0.0, seconds), woken)
        self._rest.release()
        woken.wait()

    def run(self, *actors: Callable[[], None]) -> None:
        """Run actors until all have ended; what one of them raises is raised here."""
        for actor in actors:
            begun = threading.Event()
            self._push(self.now, begun)
            threading.Thread(target=self._play, args=(actor, begun), daemon=True).start()
        while self._sleeping:
            at, _, woken = heapq.heappop(self._sleeping)
            self.now = max(self.now, at)
            woken.set()
            self._rest.acquire()
        if self._failed:
            raise self._failed[0]

    def _play(self, actor: Callable[[], None], begun: threading.Event) -> None:
        begun.wait()
        try:
            actor()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`
            self._failed.append(error)
        self._rest.release()

    def _push(self, at: float, woken: threading.Event) -> None:
        self._count += 1
        heapq.heappush(self._sleeping, (at, self._count, woken))
