"""One writer at a time: locks in the state table, held by a lease that is renewed while its holder lives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from uuid import uuid4

from holdfast.errors import StorageUnavailable, TableBusy
from holdfast.ledger import Ledger, MemoryLedger

ENTRY, UPKEEP = "entry", "upkeep"
"""Locks that are no table's: runs enter the lake by one after the other, and the other is held while files are brought together."""


@dataclass(frozen=True)
class Terms:
    """How long a lock outlives its holder, and how long who wants it waits for it, in seconds."""

    lease: float = 60.0
    """Renewed at a third of it. A dead holder's lock is free after that."""
    patience: float = 150.0
    """Longer than a lease, so that a dead holder is outlived, and shorter than what a function has left to do its work."""
    pause: float = 0.5
    """Between two tries."""


class Held:
    """A lock that this process took, and a token that nobody else has."""

    def __init__(self, ledger: Ledger, name: str, owner: str, renewed: Callable[[], float]) -> None:
        self._ledger, self._owner, self._renewed = ledger, owner, renewed
        self.name = name

    def check(self) -> None:
        """Take the lease anew, for as long as at first.

        Raises:
            TableBusy: the lock is somebody else's by now, or was in between: what was read under it may be old.
        """
        if not self._ledger.renew(self.name, self._owner, self._renewed()):
            raise TableBusy(f"{self.name} was taken over by another writer while this one was held up")


@dataclass
class Locks:
    """Locks by name in a ledger."""

    ledger: Ledger = field(default_factory=MemoryLedger)
    who: str = "holdfast"
    """What `holdfast lake status` calls the holder."""
    terms: Terms = Terms()
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def hold(self, name: str) -> Iterator[Held]:
        """Hold a lock for the length of a `with`.

        Raises:
            TableBusy: somebody else still holds it after our patience.
        """
        owner = f"{self.who}#{uuid4().hex}"
        self._take(name, owner)
        held = Held(self.ledger, name, owner, lambda: self.clock() + self.terms.lease)
        done = Event()
        keeper = Thread(target=self._keep, args=(held, done), name=f"lock {name}", daemon=True)
        keeper.start()
        try:
            yield held
        finally:
            done.set()
            keeper.join()
            with suppress(StorageUnavailable):  # the work is done, and the lease runs out by itself
                self.ledger.unlock(name, owner)

    def _take(self, name: str, owner: str) -> None:
        until = self.clock() + self.terms.patience
        while not self.ledger.lock(name, owner, self.clock(), self.clock() + self.terms.lease):
            if self.clock() >= until:
                raise TableBusy(f"{name} is being written by another run; after {self.terms.patience:.0f} s still")
            self.sleep(self.terms.pause)

    def _keep(self, held: Held, done: Event) -> None:
        """Renew until done. What goes wrong here is told by the check before the commit."""
        while not done.wait(self.terms.lease / 3):
            try:
                held.check()
            except StorageUnavailable:
                continue
            except TableBusy:
                return
