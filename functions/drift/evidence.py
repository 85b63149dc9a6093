"""What a drift check looks at: the newest features and scores, what came of those scored earlier, and the champion's reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, EqualTo, Or, Reference

from drift.divergence import CALIBRATION, OUTCOME, PREDICTION, Outcomes, Shift, shifts
from holdfast.bundle import IMPORTANCE, REFERENCE, Bundle, load, origin
from holdfast.feature_set import AS_OF, judged_tag, tag_of
from holdfast.lake import Lake
from holdfast.matrix import floats, matrix
from holdfast.registry import Registry
from holdfast.scoring import Scorer
from holdfast.store import Store

_SAID = {
    PREDICTION: "Predicted churn probability",
    OUTCOME: "Share of customers who left, at the latest day of which it is known",
    CALIBRATION: "What was predicted of them (before) against what happened (now)",
}
_HELD_OUT = Or(*(EqualTo(term=Reference("split"), value=split) for split in ("holdout", "fold")))
_EVERY = AlwaysTrue()
_OWN = ("customer_id", "cutoff", "split", "label")
_DRAWN = 15
"""Columns on Evidently's page: those furthest apart, and those that matter most."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """The rows that were scored last with what was said of them, the bundle that holds the reference, the rows of which that speaks
    (the latest labelled ones, where those are no longer kept), and the latest outcomes."""

    bundle: Bundle
    scorer: Scorer
    features: pa.Table
    probability: NDArray[np.float64]
    examples: pa.Table
    outcomes: Outcomes

    @property
    def rows(self) -> int:
        """Customers looked at."""
        return int(self.features.num_rows)

    @property
    def day(self) -> str:
        """The day the features are of, as ISO date."""
        return str(pc.max(self.features["cutoff"]).as_py().date())

    @property
    def sentences(self) -> dict[str, str]:
        """What each column says."""
        known = {feature.name: feature.sentence for feature in self.scorer.feature_set.features}
        return known | _SAID

    def shifts(self) -> list[Shift]:
        """How far every feature, the prediction and what came of it moved, furthest first."""
        columns = {name: floats(self.features[name]) for name in self._names()} | {PREDICTION: self.probability}
        return shifts(columns, self.bundle.json(REFERENCE), self.outcomes)

    def tables(self, furthest: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        """Now and the reference with the columns to draw, named in plain words."""
        important = [entry["feature"] for entry in self.bundle.json(IMPORTANCE)]
        here = set(self._names()) & set(self.examples.column_names)
        names = [name for name in dict.fromkeys([*furthest[:_DRAWN], *important[:_DRAWN]]) if name in here]
        now, before = (
            pa.table({f"{self.sentences[n]} ({n})": floats(table[n]) for n in names})
            for table in (self.features, self.examples)
        )
        if not set(self.scorer.feature_set.names) <= set(self.examples.column_names):
            return now, before
        predicted = self.scorer.score(matrix(self.examples, self.scorer.feature_set.names)).probability
        said, same = self.sentences[PREDICTION], self.features.num_rows == len(self.probability)
        return (
            (now.append_column(said, [self.probability]), before.append_column(said, [predicted]))
            if same
            else (now, before)
        )

    def _names(self) -> list[str]:
        return [name for name in self.scorer.feature_set.names if name in self.features.column_names]


def gather(lake: Lake, store: Store, registry: Registry) -> Evidence | None:
    """Read it all at the newest snapshots of the champion's feature set; None while there is no champion or nothing is scored."""
    champion = registry.champion()
    if champion is None:
        return None
    bundle = load(store, champion.version)
    scorer = Scorer.from_bundle(bundle)
    version, names = scorer.feature_set.version, scorer.feature_set.names
    features, scores = _kept(lake, "features", names, (tag_of(version),)), lake.read("scores", ("probability",))
    holdout = _kept(lake, "training_examples", names, (judged_tag(version), tag_of(version)), _HELD_OUT)
    if features is None or scores is None or holdout is None or not features.num_rows:
        return None
    judged = _judged(lake, store, champion.version, names)
    return Evidence(
        bundle, scorer, features, floats(scores["probability"]), holdout if judged is None else judged,
        _outcomes(lake, holdout, pc.max(features["cutoff"]).as_py()),
    )  # fmt: skip


def _judged(lake: Lake, store: Store, version: str, names: Sequence[str]) -> pa.Table | None:
    """The rows that the champion was judged on, of which its reference speaks; None where they are no longer kept."""
    snapshot, table = (
        origin(store, version).get("snapshots", {}).get("training_examples"),
        lake.table("training_examples"),
    )
    if snapshot is None or table is None or table.snapshot_by_id(snapshot) is None:
        return None
    return _read(lake, "training_examples", names, snapshot, _HELD_OUT)


def _outcomes(lake: Lake, examples: pa.Table, now: datetime) -> Outcomes:
    """What came of the customers of the latest labelled day, beside what had been said of them on that day.

    Labels that are known on the day itself (a column of the customers) were trained on: what is said of them is no forecast.
    """
    known = examples.filter(pc.is_valid(examples["label"]))
    day = pc.max(known["cutoff"]).as_py()
    said = _history(lake, day) if day is not None and day < now else None
    if said is None or not said.num_rows:
        return Outcomes(floats(known["label"]) > 0, None)
    both = known.select(["customer_id", "label"]).join(said, "customer_id", join_type="inner")
    return Outcomes(floats(both["label"]) > 0, floats(both["probability"]))


def _history(lake: Lake, day: datetime) -> pa.Table | None:
    night = EqualTo(term=Reference("as_of"), value=day.isoformat())
    return lake.read("scores_history", ("customer_id", "probability"), night)


def _kept(
    lake: Lake, name: str, names: Sequence[str], tags: Sequence[str], where: BooleanExpression = _EVERY
) -> pa.Table | None:
    """A table where the youngest of some tags keeps it; its newest rows where none does."""
    held = lake.tags(name)
    kept = [held[tag] for tag in tags if tag in held]
    newest = max(kept, key=lambda snapshot: lake.said_of(name, snapshot).get(AS_OF, ""), default=None)
    return _read(lake, name, names, newest, where)


def _read(
    lake: Lake, name: str, names: Sequence[str], snapshot: int | None, where: BooleanExpression
) -> pa.Table | None:
    """Of a table that has thousands of columns, and rows of every cutoff, what is looked at: features that are there, and whose they are."""
    there = set(lake.columns(name, snapshot))
    columns = [column for column in (*_OWN, *names) if column in there]
    return lake.read(name, columns, where, snapshot_id=snapshot) if columns else None
