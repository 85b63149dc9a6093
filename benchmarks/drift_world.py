"""The demo world's law of behaviour, lived on for years by a company of constant size, seen as one feature matrix a day.

Reduced: 26 features of hand instead of the product's thousands, made of daily counts. What drives them is `infra.local.world.behaviour` itself: engagement,
trouble, adoption, the chance of leaving. Who has left is followed by somebody new, so that without a change nothing drifts.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from holdfast.feature_set import Feature, FeatureSet
from infra.local.world import behaviour, traits
from infra.local.world.behaviour import State, Week
from infra.local.world.calendar import Calendar
from infra.local.world.traits import Traits
from infra.local.world.usage import SEAT_PRICES, WEEKDAYS

Vector = NDArray[np.float32]
Bools = NDArray[np.bool_]

POOL, SETTLING_WEEKS, MOST_WEEKS = 20_000, 900, 1100
_FREE_AFTER = 13
"""Weeks after which a place is taken again: longer than any window, so that nobody inherits another's history."""
HORIZON, GRACE, ACTIVE = 56, 28, 28
_SHARES = np.diff(np.append(0.0, np.append(WEEKDAYS[:-1], 1.0)))
_NEWSLETTER_DAY = 2
NAMES = (
    "events_7d", "events_14d", "events_28d", "events_56d", "events_90d", "active_days_7d", "active_days_28d", "active_days_90d",
    "days_since_last_event", "trend_7d_28d", "trend_28d_90d", "payments_28d", "payments_90d", "amount_90d",
    "tickets_28d", "tickets_90d", "days_since_last_ticket", "conversations_28d", "conversations_90d", "emails_opened_28d",
    "email_open_rate_90d", "days_since_last_open", "feature_adoption_score", "feature_adoption_28d_ago", "days_as_customer", "plan",
)  # fmt: skip
FEATURES = FeatureSet(tuple(Feature(name, name.replace("_", " ")) for name in NAMES), {"reduced": 1})
ADOPTION = NAMES.index("feature_adoption_score")

Twist = Callable[[Traits, State], NDArray[np.float64]]
Change = Callable[["Life", int], None]
"""Called before each week with the number of weeks since the change began."""


@dataclass
class Life:
    """The places of a company, a customer in each; lists hold one vector [places] a day, counted up from the first."""

    rng: np.random.Generator
    traits: Traits
    state: State
    week: int
    frailty: NDArray[np.float64]
    left: NDArray[np.int64]
    """Weeks since the customer of a place left."""
    start: int = 0
    """The week of the first day."""
    who: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)
    """By week: when the customer of each place signed up, and for which plan."""
    counts: dict[str, list[NDArray[np.int32]]] = field(default_factory=dict)
    adoption: list[Vector] = field(default_factory=list)
    last: dict[str, list[Vector]] = field(default_factory=dict)
    measured: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    """What is added to the adoption that is measured, by place."""
    weight: float = 1.0
    """By which the adoption that there is counts in what is measured."""
    lift: float = 0.0
    """What is added to everybody's base of usage, a logarithm."""
    twist: Twist | None = None
    """What is added to the log-odds of leaving."""

    @property
    def day(self) -> int:
        """Days that have been lived: the next midnight."""
        return len(self.adoption)

    def branch(self) -> "Life":
        """The same past, and a future of its own."""
        other = copy.copy(self)
        other.rng = copy.deepcopy(self.rng)
        other.traits = self.traits.take(np.arange(len(self.traits)))
        other.state, other.frailty, other.left = self.state.copy(), self.frailty.copy(), self.left.copy()
        other.adoption, other.measured = list(self.adoption), self.measured.copy()
        other.who = list(self.who)
        other.counts = {name: list(days) for name, days in self.counts.items()}
        other.last = {name: list(days) for name, days in self.last.items()}
        return other

    def live(self, weeks: int, change: Change | None = None) -> None:
        """Live on."""
        for since in range(weeks):
            if change:
                change(self, since)
            self._days(self.week_seen())

    def replaced(self, places: NDArray[np.intp]) -> None:
        """Somebody new in each of these places."""
        source = self.rng.integers(0, POOL, len(places))
        for part in fields(Traits):
            if part.name not in ("bill_day", "signup", "company"):
                getattr(self.traits, part.name)[places] = getattr(_newcomers(), part.name)[source]
        self.frailty[places] = _newcomers().frailty[source]
        self.traits.signup[places] = self.week
        fresh = behaviour.newborn(self.rng, self.traits.take(places))
        for part in fields(State):
            getattr(self.state, part.name)[places] = getattr(fresh, part.name)
        self.left[places] = 0
        for days in self.last.values():
            days[-1] = days[-1].copy()
            days[-1][places] = np.nan

    def week_seen(self) -> Week:
        """Live a week without counting its days."""
        self.replaced(np.flatnonzero(self.left >= _FREE_AFTER))
        due = (self.week - self.traits.signup) % 4 == 0
        self.traits.bill_day[:, self.week] = np.where(due, 3, -1)
        self.traits.frailty[:] = self.frailty + (self.twist(self.traits, self.state) if self.twist else 0.0)
        self.traits.base[:] += self.lift
        seen = behaviour.step(self.rng, self.traits, self.state, self.week)
        self.traits.base[:] -= self.lift
        self.left = np.where(self.state.alive, 0, self.left + 1)
        self.week += 1
        return seen

    def _days(self, seen: Week) -> None:
        self.who.append((self.traits.signup.copy(), self.traits.plan.copy()))
        uses = self.rng.multinomial(seen.uses, _SHARES).astype(np.int32)
        rare = {"tickets": seen.tickets, "talks": seen.talks}
        when = {name: self.rng.integers(0, 7, len(self.left)) for name in rare}
        opened = np.maximum(seen.opens, 0) > 0
        for day in range(7):
            mail = day == _NEWSLETTER_DAY
            told = {name: np.where(when[name] == day, count, 0) for name, count in rare.items()}
            told |= {"uses": uses[:, day], "active": uses[:, day] > 0, "paid": seen.paid & (day == 3)}
            told |= {"sent": (seen.opens >= 0) & mail, "opened": opened & mail}
            self._count(told)

    def _count(self, told: dict[str, NDArray[np.integer]]) -> None:
        for name, count in told.items():
            days = self.counts.setdefault(name, [np.zeros(len(count), np.int32)])
            days.append(days[-1] + count.astype(np.int32))
        for name in ("uses", "tickets", "opened"):
            latest = self.last.setdefault(name, [np.full(len(self.left), np.nan, np.float32)])
            latest.append(np.where(told[name] > 0, np.float32(self.day), latest[-1]))
        self.adoption.append((self.weight * self.state.adoption + self.measured).astype(np.float32))

    def within(self, name: str, days: int, until: int) -> Vector:
        """What was counted [places] in so many days before midnight `until`."""
        held = self.counts[name]
        return (held[until] - held[max(until - days, 0)]).astype(np.float32)

    def population(self, day: int) -> NDArray[np.intp]:
        """Places whose customer was active in the four weeks before."""
        return np.flatnonzero(self.within("uses", ACTIVE, day) + self.within("paid", ACTIVE, day))

    def churned(self, places: NDArray[np.intp], day: int) -> Bools:
        """Who of them is silent in the last four of the eight weeks after."""
        end = day + HORIZON
        return np.asarray((self.within("uses", GRACE, end) + self.within("paid", GRACE, end))[places] == 0)

    def rows(self, places: NDArray[np.intp], day: int) -> NDArray[np.float32]:
        """The matrix [places, features] at a midnight."""
        return np.stack([column[places] for column in self._columns(day)], axis=1)

    def _columns(self, day: int) -> list[Vector]:
        signup, plan = self.who[(day - 1) // 7]
        uses = {days: self.within("uses", days, day) for days in (7, 14, 28, 56, 90)}
        active = [self.within("active", days, day) for days in (7, 28, 90)]
        sent, opened = self.within("sent", 90, day), self.within("opened", 90, day)
        paid = self.within("paid", 90, day)
        since = {name: day - days[day] for name, days in self.last.items()}
        adopted: list[Vector] = [np.where(uses[28] > 0, self.adoption[each - 1], 0) for each in (day, day - 28)]
        return [
            *uses.values(), *active, since["uses"],
            uses[7] / (uses[28] / 4 + 0.5), uses[28] / (uses[90] / 3.2 + 0.5),  # type: ignore[list-item]
            self.within("paid", 28, day), paid, paid * np.array(SEAT_PRICES, np.float32)[plan],
            self.within("tickets", 28, day), self.within("tickets", 90, day), _recent(since["tickets"]),
            self.within("talks", 28, day), self.within("talks", 90, day), self.within("opened", 28, day),
            np.where(sent > 0, opened / np.maximum(sent, 1), np.float32(np.nan)), _recent(since["opened"]),
            *adopted, np.minimum(day - 7 * (signup - self.start), 1000), plan.astype(np.float32),
        ]  # fmt: skip


def _recent(since: Vector) -> Vector:
    """Unknown where it is longer ago than the windows reach."""
    return np.where(since > 90, np.nan, since)


def company(customers: int, seed: int) -> Life:
    """A company of so many places, of which some are always waiting for somebody new; the same for the same seed."""
    pool, rng = _settled(), np.random.default_rng([seed, 11])
    places = rng.choice(POOL, customers, replace=False)
    life = Life(
        rng, pool.traits.take(places), pool.state.take(places), pool.week, pool.frailty[places], pool.left[places]
    )
    life.start, life.measured = pool.week, np.zeros(customers, np.float32)
    return life


@lru_cache(1)
def _newcomers() -> Traits:
    """Who signs up, as the demo world draws them."""
    return traits.draw(np.random.default_rng(20_261), POOL, Calendar(date(2026, 10, 31)))


@lru_cache(1)
def _settled() -> Life:
    """Many customers after years, when as many come as leave."""
    rng, everyone = np.random.default_rng(20_262), np.arange(POOL)
    drawn = replace(
        _newcomers().take(everyone),
        signup=rng.integers(-100, 1, POOL),
        bill_day=np.full((POOL, MOST_WEEKS), -1, np.int8),
    )
    life = Life(rng, drawn, behaviour.newborn(rng, drawn), 0, drawn.frailty.copy(), np.zeros(POOL, np.int64))
    for _ in range(SETTLING_WEEKS):
        life.week_seen()
    return life
