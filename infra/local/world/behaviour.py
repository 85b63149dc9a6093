"""How a customer lives from week to week: engagement, trouble, adoption, and at last the chance of leaving."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from infra.local.world.traits import MODULES, Floats, Ints, Rng, Traits

Bools = npt.NDArray[np.bool_]

NEWSLETTER_EVERY = 4
AWAY_SHARE = 0.04
AWAY_LEVEL = 0.03
DECLINE_CHANCE = 0.011
RECOVERY_CHANCE = 0.02
SHOCK_CHANCE = 0.012


@dataclass
class State:
    """What one week hands to the next; one row per customer.

    `alive_mass` and `gone_mass` filter what an observer can know of a silent customer: the likelihood of "still here"
    against "left" since the last sign of life.
    """

    engagement: Floats
    declining: Bools
    trouble: Floats
    adoption: Ints
    fast: Floats
    slow: Floats
    tickets: Floats
    opened: Floats
    alive: Bools
    alive_mass: Floats
    gone_mass: Floats

    def take(self, rows: Ints) -> "State":
        return State(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def copy(self) -> "State":
        return self.take(np.arange(len(self.alive)))


@dataclass(frozen=True)
class Week:
    """What a week lets the world see; `opens` is -1 (nothing sent), 0 (sent), 1 (opened) or 2 (clicked).

    `signed` says who had signed up by then, `due` to whom a payment would come if still here.
    """

    signed: Bools
    due: Bools
    uses: Ints
    paid: Bools
    tickets: Ints
    talks: Ints
    opens: Ints


def newborn(rng: Rng, traits: Traits) -> State:
    """The state of every customer at the start of its first week."""
    n = len(traits)
    level = np.exp(traits.base)
    return State(
        engagement=rng.normal(0, 0.4, n),
        declining=np.zeros(n, dtype=bool),
        trouble=rng.normal(0, 0.7, n),
        adoption=np.clip(rng.poisson(3.0 + 0.5 * traits.plan), 1, len(MODULES)),
        fast=level.copy(),
        slow=level.copy(),
        tickets=np.zeros(n),
        opened=np.full(n, 0.35),
        alive=np.ones(n, dtype=bool),
        alive_mass=np.ones(n),
        gone_mass=np.zeros(n),
    )


def hazard(traits: Traits, state: State, week: int) -> Floats:
    """Chance that a customer leaves at the start of this week, from what could be observed before it."""
    tenure = np.log1p(np.maximum(week - traits.signup, 0))
    score = (
        -3.95
        - 2.3 * np.log((state.fast + 0.5) / (state.slow + 0.5))
        - 0.45 * np.log1p(state.fast)
        + 0.85 * np.minimum(state.tickets, 3.0)
        - 0.22 * (state.adoption - 4)
        - 0.2 * (tenure - 3.0)
        - 0.18 * traits.plan
        - 0.9 * (state.opened - 0.35)
        + traits.frailty
    )
    return 1.0 / (1.0 + np.exp(-score))


def step(rng: Rng, traits: Traits, state: State, week: int) -> Week:
    """Live one week: change `state` in place and give back what could be seen.

    Those who have left go on in the latent part, so that the filter can ask how silent they would have been.
    """
    signed = traits.signup <= week
    risk = np.where(signed, hazard(traits, state, week), 0.0)
    state.alive &= rng.random(len(traits)) >= risk
    _drift(rng, state)
    rate = np.exp(np.clip(traits.base + state.engagement, -4.0, 4.6))
    seen = _observe(rng, traits, state, week, rate)
    _filter(state, seen, risk, rate)
    _remember(state, seen)
    _adopt(rng, state, state.alive & signed)
    return seen


def _drift(rng: Rng, state: State) -> None:
    n = len(state.alive)
    luck = rng.random(n)
    state.declining = np.where(state.declining, luck > RECOVERY_CHANCE, luck < DECLINE_CHANCE)
    shock = -0.9 * (rng.random(n) < SHOCK_CHANCE)
    pull = np.where(state.declining, -0.24, 0.0) - 0.07 * state.tickets
    state.engagement = 0.9 * state.engagement + pull + 0.05 + shock + rng.normal(0, 0.16, n)
    state.trouble = 0.86 * state.trouble + rng.normal(0, 0.45, n) + 0.1 * state.declining


def _observe(rng: Rng, traits: Traits, state: State, week: int, rate: Floats) -> Week:
    n = len(traits)
    signed, due = traits.signup <= week, traits.bill_day[:, week] >= 0
    active = state.alive & signed
    away = np.where(rng.random(n) < AWAY_SHARE, AWAY_LEVEL, 1.0)
    strain = np.exp(np.clip(traits.friction + state.trouble, -5.0, 2.5))
    return Week(
        signed=signed,
        due=due,
        uses=rng.poisson(rate * away) * active,
        paid=active & due,
        tickets=rng.poisson(0.032 * strain) * active,
        talks=rng.poisson(0.02 + 0.03 * strain) * active,
        opens=_opens(rng, traits, state, week, active),
    )


def _opens(rng: Rng, traits: Traits, state: State, week: int, active: Bools) -> Ints:
    if week % NEWSLETTER_EVERY:
        return np.full(len(traits), -1)
    chance = 1.0 / (1.0 + np.exp(-(traits.openness + 1.2 * state.engagement)))
    luck = rng.random(len(traits))
    opened = (luck < chance).astype(np.int64) + (luck < 0.25 * chance)
    return np.where(traits.signup <= week, opened * active, -1)


def _filter(state: State, seen: Week, risk: Floats, rate: Floats) -> None:
    silence = AWAY_SHARE * np.exp(-AWAY_LEVEL * rate) + (1 - AWAY_SHARE) * np.exp(-rate)
    silence = np.where(seen.due, 0.0, silence)
    signs = (seen.uses > 0) | seen.paid | ~seen.signed
    state.gone_mass = np.where(signs, 0.0, state.gone_mass + state.alive_mass * risk)
    state.alive_mass = np.where(signs, 1.0, state.alive_mass * (1 - risk) * silence)


def _remember(state: State, seen: Week) -> None:
    state.fast = np.where(seen.signed, 0.6 * state.fast + 0.4 * seen.uses, state.fast)
    state.slow = np.where(seen.signed, 0.92 * state.slow + 0.08 * seen.uses, state.slow)
    state.tickets = 0.72 * state.tickets + seen.tickets
    state.opened = np.where(seen.opens >= 0, 0.55 * state.opened + 0.45 * (seen.opens > 0), state.opened)


def _adopt(rng: Rng, state: State, active: Bools) -> None:
    n = len(state.alive)
    gain = active & (rng.random(n) < 0.035 * np.exp(np.clip(state.engagement, -3, 1)))
    lose = active & (rng.random(n) < 0.03 * np.exp(np.clip(-state.engagement, -1, 2)))
    state.adoption = np.clip(state.adoption + gain.astype(np.int64) - lose, 1, len(MODULES))
