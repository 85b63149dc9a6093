"""Usage events: each week of the history, told one action at a time."""

from dataclasses import dataclass, fields

import numpy as np

from infra.local.world.generate import World
from infra.local.world.traits import Floats, Ints, Rng

DAY_MS = 86_400_000
EVENTS = ("login", "view", "create", "edit", "share", "export", "api_call", "invite", "subscription_payment")
PAYMENT = EVENTS.index("subscription_payment")
DEVICES = ("macos", "windows", "linux", "ios", "android")
SEAT_PRICES = (19.0, 49.0, 99.0, 199.0)
WEEKDAYS = np.cumsum((0.05, 0.18, 0.19, 0.19, 0.18, 0.16, 0.05))
MOBILE_SHARE = 0.2
LATE_SHARE = 0.005
DUPLICATE_SHARE = 0.01
TYPICAL_MINUTES = np.array((1.0, 6.0, 14.0, 18.0, 3.0, 4.0, 0.2, 2.0, 0.0))
# Rows: personas, columns: EVENTS without the payment.
HABITS = np.cumsum(
    (
        (0.24, 0.52, 0.03, 0.05, 0.05, 0.08, 0.01, 0.02),
        (0.18, 0.22, 0.2, 0.26, 0.06, 0.04, 0.02, 0.02),
        (0.08, 0.1, 0.06, 0.08, 0.02, 0.08, 0.57, 0.01),
        (0.2, 0.3, 0.05, 0.08, 0.2, 0.1, 0.0, 0.07),
    ),
    axis=1,
)


@dataclass(frozen=True)
class Events:
    """Columns of equal length; `ts` and `received` in ms since the epoch, `amount` NaN except on payments.

    `module` and `event` index `MODULES` and `EVENTS`; `number` is unique for each true event (a duplicate repeats it).
    """

    number: Ints
    customer: Ints
    ts: Ints
    received: Ints
    event: Ints
    module: Ints
    minutes: Floats
    amount: Floats
    device: Ints

    def take(self, rows: Ints) -> "Events":
        return Events(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def join(self, other: "Events") -> "Events":
        pairs = {f.name: (getattr(self, f.name), getattr(other, f.name)) for f in fields(self)}
        return Events(**{name: np.concatenate(pair) for name, pair in pairs.items()})

    def __len__(self) -> int:
        return len(self.ts)


def week_of(rng: Rng, world: World, week: int, first: int) -> Events:
    """All events that happen in a week (duplicates included), numbered from `first`."""
    used = _used(rng, world, week, first)
    paid = _paid(rng, world, week, first + len(used))
    events = used.join(paid)
    again = np.flatnonzero(rng.random(len(events)) < DUPLICATE_SHARE)
    return events.join(_resent(rng, events.take(again)))


def _used(rng: Rng, world: World, week: int, first: int) -> Events:
    customer = np.repeat(np.arange(len(world.traits)), world.history.uses[:, week])
    n = len(customer)
    day = np.searchsorted(WEEKDAYS[:-1], rng.random(n))
    ts = world.calendar.start_ms + (7 * week + day) * DAY_MS + _time_of_day(rng, n)
    event = (HABITS[world.traits.persona[customer], :-1] < rng.random((n, 1))).sum(axis=1)
    choice = (world.history.adoption[customer, week] * rng.random(n) ** 1.3).astype(np.int64)
    return Events(
        number=first + np.arange(n),
        customer=customer,
        ts=ts,
        received=ts + _delay(rng, n),
        event=event,
        module=world.traits.favourites[customer, choice],
        minutes=np.round(TYPICAL_MINUTES[event] * np.exp(rng.normal(0, 0.6, n)), 1),
        amount=np.full(n, np.nan),
        device=_devices(rng, customer),
    )


def _paid(rng: Rng, world: World, week: int, first: int) -> Events:
    customer = np.flatnonzero(world.history.paid[:, week])
    n = len(customer)
    ts = world.calendar.start_ms + (7 * week + world.traits.bill_day[customer, week].astype(np.int64)) * DAY_MS
    ts += rng.integers(0, 6 * 3_600_000, n)
    price = np.array(SEAT_PRICES)[world.traits.plan[customer]]
    return Events(
        number=first + np.arange(n),
        customer=customer,
        ts=ts,
        received=ts + _delay(rng, n),
        event=np.full(n, PAYMENT),
        module=np.full(n, 7),
        minutes=np.full(n, np.nan),
        amount=np.round(price * (1 + 0.12 * (world.history.adoption[customer, week] - 1)), 2),
        device=np.full(n, -1),
    )


def _resent(rng: Rng, events: Events) -> Events:
    received = events.received + rng.integers(200, 600_000, len(events))
    return Events(**{f.name: getattr(events, f.name) for f in fields(events)} | {"received": received})


def _time_of_day(rng: Rng, n: int) -> Ints:
    return np.clip(rng.normal(13.2, 3.4, n) * 3_600_000, 0, DAY_MS - 1).astype(np.int64)


def _delay(rng: Rng, n: int) -> Ints:
    """Seconds to minutes; a few arrive one to three days late (a phone without a network)."""
    usual = np.exp(rng.normal(8.3, 1.3, n))
    late = rng.uniform(1, 3, n) * DAY_MS
    return np.where(rng.random(n) < LATE_SHARE, late, np.minimum(usual, 1_800_000)).astype(np.int64)


def _devices(rng: Rng, customer: Ints) -> Ints:
    own = customer * 7 % 3
    return np.where(rng.random(len(customer)) < MOBILE_SHARE, 3 + customer % 2, own)
