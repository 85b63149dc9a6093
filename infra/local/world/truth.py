"""The best that any model could do on this world: the true process, run forward many times."""

from dataclasses import dataclass

import numpy as np

from infra.local.world import behaviour
from infra.local.world.behaviour import Bools, State
from infra.local.world.calendar import HORIZON_WEEKS
from infra.local.world.history import GRACE_WEEKS, History
from infra.local.world.traits import Floats, Rng, Traits

RUNS = 200
BATCH = 25


@dataclass(frozen=True)
class Achievable:
    """Scores of ranking by the true probability: expected over all futures, and on the one that happened.

    `share_top_21` is the share of all churn that the 21 % at most risk hold; lift is against the base rate.
    """

    population: int
    base_rate: float
    expected_base_rate: float
    expected_auc: float
    realised_auc: float
    expected_lift_10: float
    realised_lift_10: float
    expected_share_top_21: float
    realised_share_top_21: float


def achievable(rng: Rng, traits: Traits, history: History, cutoff: int) -> Achievable:
    """Score the true probabilities at a cutoff week.

    The runs fall in two halves: one ranks, the other judges, so that luck in the runs does not flatter the result.
    """
    rows = history.population(cutoff)
    halves = [chances(rng, traits, history, cutoff) for _ in range(2)]
    p = (halves[0] + halves[1]) / 2
    label = history.churned(cutoff)[rows].astype(np.float64)
    return Achievable(
        population=len(rows),
        base_rate=float(label.mean()),
        expected_base_rate=float(p.mean()),
        expected_auc=(auc(halves[0], halves[1]) + auc(halves[1], halves[0])) / 2,
        realised_auc=auc(p, label),
        expected_lift_10=share_of_top(p, p, 0.1) / 0.1,
        realised_lift_10=share_of_top(p, label, 0.1) / 0.1,
        expected_share_top_21=share_of_top(p, p, 0.21),
        realised_share_top_21=share_of_top(p, label, 0.21),
    )


def chances(rng: Rng, traits: Traits, history: History, cutoff: int) -> Floats:
    """Probability of the churn label for each of the population, given the true state but not who has already left.

    An estimate from half of `RUNS` futures per customer.
    """
    rows = history.population(cutoff)
    state = history.states[cutoff].take(rows)
    gone = state.gone_mass / np.maximum(state.gone_mass + state.alive_mass, 1e-300)
    silent = np.zeros(len(rows))
    copies = np.tile(rows, BATCH)
    for _ in range(RUNS // 2 // BATCH):
        silent += (
            _silent(rng, traits.take(copies), history.states[cutoff].take(copies), cutoff).reshape(BATCH, -1).sum(0)
        )
    return gone + (1 - gone) * silent / (RUNS // 2)


def _silent(rng: Rng, traits: Traits, state: State, cutoff: int) -> Bools:
    """Live on from `state` as if nobody had left yet, and tell who falls silent."""
    state.alive[:] = True
    heard = np.zeros(len(traits), dtype=bool)
    for week in range(cutoff, cutoff + HORIZON_WEEKS):
        seen = behaviour.step(rng, traits, state, week)
        if week >= cutoff + GRACE_WEEKS:
            heard |= (seen.uses > 0) | seen.paid
    return ~heard


def auc(score: Floats, chance: Floats) -> float:
    """Expected AUC of a score when row i is positive with `chance[i]` (0/1 labels give the plain AUC)."""
    _, rank, counts = np.unique(score, return_inverse=True, return_counts=True)
    positive = np.bincount(rank, weights=chance, minlength=len(counts))
    negative = np.bincount(rank, weights=1 - chance, minlength=len(counts))
    below = np.cumsum(negative) - negative
    itself = float((chance * (1 - chance)).sum())
    wins = float((positive * (below + 0.5 * negative)).sum()) - 0.5 * itself
    pairs = float(chance.sum() * (1 - chance).sum()) - itself
    return wins / pairs if pairs else 0.5


def share_of_top(score: Floats, chance: Floats, top: float) -> float:
    """Share of all positives among the `top` fraction of rows with the highest score."""
    count = max(1, round(top * len(score)))
    best = np.argsort(-score, kind="stable")[:count]
    return float(chance[best].sum() / chance.sum()) if chance.sum() else 0.0
