"""The ways in which a world changes, each of any strength; it begins with the fifth week of service."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.drift_world import Change, Life
from infra.local.world.behaviour import State
from infra.local.world.traits import Traits

_GRADUAL_WEEKS, _SEASON_WEEKS = 12, 26


def adoption(strength: float) -> Change:
    """The seed's case: a module is split in two, and the adoption score of that share of customers is one higher."""

    def change(life: Life, since: int) -> None:
        if since == 0:
            life.measured = (life.rng.random(len(life.traits)) < strength).astype(np.float32) * max(1.0, strength)

    return change


def sudden(strength: float) -> Change:
    """Everybody does more, from one day to the next."""

    def change(life: Life, _: int) -> None:
        life.lift = strength

    return change


def gradual(strength: float) -> Change:
    """The same, grown over twelve weeks."""

    def change(life: Life, since: int) -> None:
        life.lift = strength * min((since + 1) / _GRADUAL_WEEKS, 1.0)

    return change


def seasonal(strength: float) -> Change:
    """A half-year's season that the training data does not hold: less is done, and then as much as before."""

    def change(life: Life, since: int) -> None:
        life.lift = -strength * float(np.sin(np.pi * min((since + 1) / _SEASON_WEEKS, 1.0)))

    return change


def covariate(strength: float) -> Change:
    """That share of all places goes to new customers at once: another company's are taken over. Who leaves for what reason stays the same."""

    def change(life: Life, since: int) -> None:
        if since == 0:
            life.replaced(np.flatnonzero(life.rng.random(len(life.traits)) < strength))

    return change


def concept(strength: float) -> Change:
    """What made customers leave does so no longer, and something else does: trouble less, wide adoption more."""

    def twist(_: Traits, state: State) -> NDArray[np.float64]:
        return np.asarray(strength * (-0.85 * np.minimum(state.tickets, 3.0) + 0.3 * (state.adoption - 4)))

    def change(life: Life, _: int) -> None:
        life.twist = twist

    return change


KINDS: dict[str, Callable[[float], Change]] = {
    "adoption": adoption, "sudden": sudden, "gradual": gradual, "seasonal": seasonal, "covariate": covariate, "concept": concept,
}  # fmt: skip
