"""What earlier checks found: for windows in a row, and when an alert was told last."""

from dataclasses import asdict, dataclass, replace
from datetime import date

from holdfast.distribution import DRIFT_MEMORY
from holdfast.store import Store, read_json, write_json

_KEPT = 7


@dataclass(frozen=True)
class Check:
    """One day's check against one bundle."""

    day: str
    bundle: str
    over: tuple[str, ...]
    """Columns that were over the rule's bounds."""


@dataclass(frozen=True)
class Memory:
    """The last checks, oldest first, and the day of the last alert (empty before there was one)."""

    checks: tuple[Check, ...] = ()
    told: str = ""

    def before(self, day: str) -> "Memory":
        """Without what is known of a day and of later ones: a check that is made again finds what it found."""
        return replace(self, checks=tuple(check for check in self.checks if check.day < day))

    def having(self, check: Check) -> "Memory":
        """With one more check."""
        return replace(self, checks=(*self.checks, check)[-_KEPT:])

    def confirmed(self, windows: int) -> frozenset[str]:
        """Columns that were over in each of the last so many checks, all against the same bundle."""
        last = self.checks[-windows:]
        if len(last) < windows or len({check.bundle for check in last}) > 1:
            return frozenset()
        return frozenset.intersection(*(frozenset(check.over) for check in last))

    def quiet(self, day: str, days: int) -> bool:
        """Whether an alert was told on a day, or less than so many days before it."""
        return bool(self.told) and (date.fromisoformat(day) - date.fromisoformat(self.told)).days < max(days, 1)


def remembered(store: Store) -> Memory:
    """What is kept; nothing before the first check."""
    try:
        held = read_json(store, DRIFT_MEMORY)
    except KeyError:
        return Memory()
    return Memory(tuple(Check(c["day"], c["bundle"], tuple(c["over"])) for c in held["checks"]), held["told"])


def remember(store: Store, memory: Memory) -> None:
    """Keep it."""
    write_json(store, DRIFT_MEMORY, {"checks": [asdict(check) for check in memory.checks], "told": memory.told})
