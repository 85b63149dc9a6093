"""The ways in which a world changes, each of any strength; it begins with the fifth week of service."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.drift_world import Change, Life
from infra.local.world.behaviour import State
from infra.local.world.traits import Traits

_GRADUAL_WEEKS, _SEASON_WEEKS = 12, 26


def adoption(strength: float) -> Change:
    """The seed's case: a module is split in two, and the feature adoption score of that share of customers is one higher."""

    def change(life: Life, since: int) -> None:
        if since == 0:
            life.measured = (np.random.default_rng(5).random(len(life.traits)) < strength).astype(np.float32)

    return change


def adoption_weighed_anew(strength: float) -> Change:
    """The same score, said in another way: it counts down from so much, one for each module that is used."""

    def change(life: Life, _: int) -> None:
        life.weight, life.measured = -1.0, np.full(len(life.traits), strength, np.float32)

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
    """What kept customers no longer does: those who use many modules leave, and those who use few stay."""

    def twist(_: Traits, state: State) -> NDArray[np.float64]:
        return np.asarray(strength * (state.adoption - 6))

    def change(life: Life, _: int) -> None:
        life.twist = twist

    return change


SMALL: dict[str, Change] = {
    "adoption": adoption(0.35), "sudden": sudden(0.2), "gradual": gradual(0.3), "seasonal": seasonal(0.4),
    "covariate": covariate(0.06), "concept": concept(0.6),
}  # fmt: skip
"""As little as moves a column by a tenth of its standard deviation and somewhat more."""
LARGE: dict[str, Change] = {
    "adoption": adoption_weighed_anew(12.0), "sudden": sudden(1.0), "gradual": gradual(1.0), "seasonal": seasonal(1.2),
    "covariate": covariate(0.7), "concept": concept(0.6),
}  # fmt: skip
"""As much as a company would notice."""
