"""What can go wrong on demand, and which request it befalls: decided by a seed and the request's number alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args, get_type_hints

import numpy as np

KINDS = (
    "rate_secondly", "rate_ten_secondly", "rate_daily", "locked_423", "migrating_477", "bad_gateway_502",
    "timeout_504", "partial_207", "cut", "slow", "search_lag", "expired_token", "scroll_exists", "scroll_expired",
)  # fmt: skip

ONLY = {"rate_secondly": "/search", "search_lag": "/search", "partial_207": "/batch/read", "scroll_exists": "/scroll",
        "scroll_expired": "/scroll"}  # fmt: skip
"""What befalls requests with such a path only."""


@dataclass(frozen=True)
class Schedule:
    """Which fault befalls which request: `share` of them (0 to 1), each with one of `kinds`, of which some happen `once` only."""

    seed: int
    share: float
    kinds: tuple[str, ...] = tuple(kind for kind in KINDS if kind not in ("expired_token", "rate_daily", "search_lag"))
    once: tuple[str, ...] = ()

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> "Schedule":
        """Raises ValueError for what is not a schedule."""
        kinds, once = tuple(wanted.get("kinds", cls.kinds)), tuple(wanted.get("once", ()))
        if unknown := {*kinds, *once} - set(KINDS):
            raise ValueError(f"not a kind of fault: {', '.join(sorted(unknown))}; known: {', '.join(KINDS)}")
        if not kinds or set(wanted) - {"seed", "share", "kinds", "once"}:
            raise ValueError("a schedule has a seed, a share, kinds, and those that happen once")
        return cls(int(wanted.get("seed", 0)), float(wanted.get("share", 0.2)), kinds, once)

    def draw(self, number: int, path: str = "") -> tuple[str | None, float]:
        """The fault of a request, if any, and luck between 0 and 1 for its variants."""
        dice = np.random.default_rng([self.seed, number])
        befallen, kind, luck = dice.random(), dice.random(), float(dice.random())
        kinds = [each for each in self.kinds if ONLY.get(each, "") in path]
        return (kinds[int(kind * len(kinds))] if kinds and befallen < self.share else None), luck


@dataclass(frozen=True)
class Faults:
    """What is wrong at the moment; `token` replaces the one that the server wants.

    `following` befall the next requests one each ("" lets one pass), before the schedule is asked; both look only at
    requests whose path contains `paths`. `search_lag` hides the last advance from searches for so many `seconds` or
    `requests`; `zone_hours` is how far the days of Intercom's workspace are ahead of UTC. The rest replaces sizes and times that
    are too large to meet in a test.
    """

    token: str
    throttle_share: float
    down: bool = False
    garbage: bool = False
    following: tuple[str, ...] = ()
    schedule: Schedule | None = None
    paths: str = ""
    search_lag: Mapping[str, float] = field(default_factory=dict)
    retry_after: int = 1
    slow_seconds: float = 0.2
    page_at_most: int = 10_000
    events_page: int = 10_000
    search_cap: int = 10_000
    association_page: int = 500
    scroll_page: int = 100
    scroll_idle: float = 60.0
    parts_at_most: int = 500
    zone_hours: float = 0.0

    def having(self, wanted: Mapping[str, Any]) -> "Faults":
        """Raises ValueError for a name or a kind of value that is not a fault."""
        known = _kinds_of_value()
        for name, value in wanted.items():
            if name not in known or not isinstance(value, known[name]):
                raise ValueError(f"not a fault: {name}={value!r}; known: {', '.join(known)}")
        return replace(self, **{name: _read(name, value) for name, value in wanted.items()})


@dataclass
class Draws:
    """Counts the requests of one setting of faults, and says what befalls each."""

    faults: Faults
    requests: int = 0
    drawn: Counter[str] = field(default_factory=Counter)

    def next(self, path: str) -> tuple[str | None, float]:
        if self.faults.paths not in path:
            return None, 0.5
        kind, luck = self._of(self.requests, path)
        self.requests += 1
        schedule = self.faults.schedule
        again = schedule is not None and kind in schedule.once and self.drawn[kind] > 0
        return (None if again else kind), luck

    def happened(self, kind: str) -> None:
        self.drawn[kind] += 1

    def _of(self, number: int, path: str) -> tuple[str | None, float]:
        ahead = self.faults.following
        if number < len(ahead):
            return ahead[number] or None, (number % 4) / 4
        return self.faults.schedule.draw(number, path) if self.faults.schedule else (None, 0.5)


def _read(name: str, value: Any) -> Any:
    if name == "schedule":
        return Schedule.of(value)
    if name == "following":
        if unknown := set(value) - {*KINDS, ""}:
            raise ValueError(f"not a kind of fault: {', '.join(sorted(map(str, unknown)))}; known: {', '.join(KINDS)}")
        return tuple(value)
    return value


def _kinds_of_value() -> dict[str, Any]:
    hints = get_type_hints(Faults)
    special = {"following": list, "schedule": dict, "search_lag": dict}
    return {each.name: special.get(each.name) or _accepted(hints[each.name]) for each in fields(Faults)}


def _accepted(hint: Any) -> Any:
    return (int, float) if hint is float else (get_args(hint) or hint)
