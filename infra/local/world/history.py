"""The life of all customers over all weeks, and the churn label that it leads to."""

from dataclasses import dataclass

import numpy as np

from infra.local.world import behaviour
from infra.local.world.behaviour import Bools, State, Week
from infra.local.world.calendar import HORIZON_WEEKS, WEEKS
from infra.local.world.traits import Ints, Rng, Traits

POPULATION_WEEKS = 4
GRACE_WEEKS = 4
CUTOFFS = tuple(WEEKS - HORIZON_WEEKS - back for back in (0, 4, 8))


@dataclass(frozen=True)
class History:
    """Matrices of (customers, weeks); `states` holds the state at the start of each week in `CUTOFFS`."""

    uses: Ints
    paid: Bools
    tickets: Ints
    talks: Ints
    opens: Ints
    adoption: Ints
    states: dict[int, State]

    @property
    def active(self) -> Bools:
        return (self.uses > 0) | self.paid

    def population(self, cutoff: int) -> Ints:
        """Row numbers of the customers with a usage event in the 28 days before the cutoff."""
        return np.flatnonzero(self.active[:, cutoff - POPULATION_WEEKS : cutoff].any(axis=1))

    def churned(self, cutoff: int) -> Bools:
        """Whether each customer (all rows) is silent in the last 28 of the 56 days from the cutoff."""
        silent: Bools = ~np.any(self.active[:, cutoff + GRACE_WEEKS : cutoff + HORIZON_WEEKS], axis=1)
        return silent


def live(rng: Rng, traits: Traits) -> History:
    """Simulate all the weeks."""
    state = behaviour.newborn(rng, traits)
    states: dict[int, State] = {}
    weeks: list[Week] = []
    adoption = np.empty((len(traits), WEEKS), dtype=np.int64)
    for week in range(WEEKS):
        adoption[:, week] = state.adoption
        if week in CUTOFFS:
            states[week] = state.copy()
        weeks.append(behaviour.step(rng, traits, state, week))
    return History(
        uses=np.stack([w.uses for w in weeks], axis=1),
        paid=np.stack([w.paid for w in weeks], axis=1),
        tickets=np.stack([w.tickets for w in weeks], axis=1),
        talks=np.stack([w.talks for w in weeks], axis=1),
        opens=np.stack([w.opens for w in weeks], axis=1),
        adoption=adoption,
        states=states,
    )
