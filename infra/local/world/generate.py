"""The demo world in memory: a seed and a size in, the whole life of its customers out."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from infra.local.world import history, traits, truth
from infra.local.world.calendar import Calendar
from infra.local.world.history import History
from infra.local.world.traits import Traits
from infra.local.world.truth import Achievable


@dataclass(frozen=True)
class World:
    """65 weeks of customers up to and including the day `until`; the same seed and size give the same world."""

    customers: int
    seed: int
    until: date
    traits: Traits
    history: History

    @classmethod
    def generate(cls, customers: int = 5000, seed: int = 7, until: date = date(2026, 10, 31)) -> "World":
        rng = np.random.default_rng([seed, 1])
        drawn = traits.draw(rng, customers, Calendar(until))
        return cls(customers, seed, until, drawn, history.live(rng, drawn))

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.until)

    @property
    def cutoff(self) -> date:
        """Latest day at which the churn label is known: 56 days before the end."""
        day: date = self.calendar.day(history.CUTOFFS[0]).astype("O")
        return day

    def achievable(self) -> Achievable:
        """What the true probabilities reach at `cutoff`."""
        rng = np.random.default_rng([self.seed, 6])
        return truth.achievable(rng, self.traits, self.history, history.CUTOFFS[0])
