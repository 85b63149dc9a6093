"""The loop that a deployment runs, in process: train on what is known, score and check every day, retrain on an alert, promote who wins.

The product's own trainer, rule and comparison, on the reduced world; no AWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from benchmarks.drift_world import FEATURES, HORIZON, NAMES, Life
from drift.divergence import CALIBRATION, OUTCOME, PREDICTION, Outcomes, Shift, shifts
from drift.memory import Memory
from drift.rule import judged
from holdfast.bundle import CHURN, REFERENCE, Bundle
from holdfast.scoring import Scorer
from holdfast.settings import Settings, parse_settings
from train.boosting import THREADS
from train.comparison import decide, judge
from train.evaluation import auc
from train.examples import HOLDOUT, TRAIN, Examples
from train.search import margin
from train.trainer import train_bundle

SETTINGS: Settings = parse_settings("""
    [sources.usage]
    kind = "events"
    prefix = "usage/"
    fields = { customer = "user", time = "at" }
    [churn]
    kind = "usage"
    [training]
    trees = 60
    learning_rate = 0.1
    depth = 3
    personas = 2
    cutoffs = 6
    step_days = 23
""")
HISTORY_WEEKS = 46
_FIRST = date(2026, 1, 1)


def examples(life: Life, day: int) -> Examples:
    """What Features makes at a midnight: training cutoffs, and the latest labelled one as holdout."""
    training = SETTINGS.training
    last = day - HORIZON
    cutoffs = [(last - HORIZON - back * training.step_days, TRAIN) for back in range(training.cutoffs)][::-1]
    parts = [_labelled(life, cutoff, split) for cutoff, split in [*cutoffs, (last, HOLDOUT)]]
    return Examples(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.churned for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.cutoff for part in parts]),
        np.concatenate([part.split for part in parts]),
    )


def _labelled(life: Life, day: int, split: str) -> Examples:
    places = life.population(day)
    rows = life.rows(places, day)
    n = len(rows)
    at = np.full(n, np.datetime64(named(day), "D"))
    return Examples(rows, life.churned(places, day), np.full(n, np.nan), at, np.full(n, split))


def named(day: int) -> str:
    """A day as ISO date."""
    return str(_FIRST + timedelta(days=day))


@dataclass
class Served:
    """One model in service, and what it said of whom on each day."""

    bundle: Bundle
    since: int
    scorer: Scorer = field(init=False)
    spread: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.scorer = Scorer.from_bundle(self.bundle)
        self.booster = xgb.Booster({"nthread": THREADS}, model_file=bytearray(self.bundle.files[CHURN]))
        self.reference = self.bundle.json(REFERENCE)

    def measured(self, rows: NDArray[np.float32], churned: NDArray[np.bool_]) -> "Served":
        """With the standard deviation of every column, for telling how far one has moved."""
        spread = dict(zip(NAMES, np.nanstd(rows.astype(np.float64), axis=0), strict=True))
        self.spread = spread | {
            PREDICTION: self.probability(rows).std(),
            OUTCOME: churned.std(),
            CALIBRATION: churned.std(),
        }
        return self

    def probability(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """What it says of rows, by XGBoost's own margin: a hundred times as fast as with reasons, and equal (tests hold it so)."""
        return self.scorer.calibrator(margin(self.booster, rows))


def trained(life: Life, day: int) -> Served:
    """A model of all that is known at a midnight, by the product's trainer."""
    known = examples(life, day)
    holdout = known.of(HOLDOUT)
    return Served(train_bundle(known, FEATURES, SETTINGS), day).measured(holdout.rows, holdout.churned)


@dataclass
class Watch:
    """The daily check of one life: what the model in service says, what became of it, and what the rule finds."""

    life: Life
    served: Served
    memory: Memory = field(default_factory=Memory)
    said: dict[int, tuple[NDArray[np.intp], NDArray[np.float64]]] = field(default_factory=dict)

    def look(self, day: int) -> list[Shift]:
        """Score the customers of a midnight and hold them to the reference."""
        places = self.life.population(day)
        rows = self.life.rows(places, day)
        self.said[day] = places, self.served.probability(rows)
        columns = dict(zip(NAMES, rows.T, strict=True)) | {PREDICTION: self.said[day][1]}
        found = shifts(columns, self.served.reference, self._outcomes(day - HORIZON))
        check = judged(named(day), self.served.bundle.version, len(rows), found, SETTINGS.drift)
        self.memory = self.memory.having(check)
        return found

    def standardised(self, found: Mapping[str, Shift]) -> dict[str, float]:
        """Means of now in standard deviations of the column; of the calibration, how much more happened than was said."""
        known = {name: shift.now / self.served.spread[name] for name, shift in found.items() if shift.now is not None}
        if CALIBRATION in found:
            calibration = found[CALIBRATION]
            known[CALIBRATION] -= (calibration.before or 0.0) / self.served.spread[CALIBRATION]
        return known

    @property
    def drifted(self) -> frozenset[str]:
        """What drifted in enough windows in a row."""
        return self.memory.confirmed(SETTINGS.drift.windows)

    def _outcomes(self, day: int) -> Outcomes:
        places, said = self.said.get(day, (self.life.population(day), None))
        return Outcomes(self.life.churned(places, day), said)

    def accuracy(self, day: int) -> float:
        """AUC of the model in service on the customers of a midnight, once it is known who of them left."""
        places = self.life.population(day)
        return auc(self.life.churned(places, day), self.served.probability(self.life.rows(places, day)))


@dataclass
class Loop:
    """A watch whose alerts are answered: a challenger is trained on the day, compared as Promote does, and serves if it wins."""

    watch: Watch
    answered: list[tuple[int, bool]] = field(default_factory=list)
    """Days of alerts, and whether the challenger won."""

    def run(self, first: int, until: int) -> None:
        """Look every day; after an alert the rule's cool-down holds."""
        for day in range(first, until):
            self.watch.look(day)
            if self.watch.drifted and not self.watch.memory.quiet(named(day), SETTINGS.drift.cooldown_days):
                self.answered.append((day, self._retrained(day)))

    def _retrained(self, day: int) -> bool:
        watch = self.watch
        known = examples(watch.life, day)
        challenger = Served(train_bundle(known, FEATURES, SETTINGS), day)
        holdout, rule = known.of(HOLDOUT), SETTINGS.promotion
        judgement = judge(challenger.bundle, watch.served.bundle, holdout, holdout, rule)
        won = decide(replace(judgement, serves_days=day - watch.served.since), rule).promoted
        watch.memory = replace(watch.memory, told=named(day))
        if won:
            watch.served = challenger
        return won
