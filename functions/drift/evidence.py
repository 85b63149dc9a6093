"""What a drift check looks at: the newest features and scores, and the champion's reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from drift.divergence import Shift, shifts
from holdfast.bundle import IMPORTANCE, REFERENCE, Bundle, load
from holdfast.feature_set import AS_OF, judged_tag, tag_of
from holdfast.lake import Lake
from holdfast.matrix import floats, matrix
from holdfast.registry import Registry
from holdfast.scoring import Scorer
from holdfast.store import Store

PREDICTION = "churn_probability"
_DRAWN = 15
"""Columns on Evidently's page: those furthest apart, and those that matter most."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Columns of now by name, the bundle that holds the reference, and the rows that the reference was made of."""

    bundle: Bundle
    scorer: Scorer
    features: pa.Table
    probability: NDArray[np.float64]
    examples: pa.Table

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
        return known | {PREDICTION: "Predicted churn probability"}

    def shifts(self) -> list[Shift]:
        """How far every feature and the prediction moved, furthest first."""
        held: dict[str, Any] = self.bundle.json(REFERENCE)
        columns = {name: floats(self.features[name]) for name in self._names()} | {PREDICTION: self.probability}
        return shifts(columns, held["features"] | {PREDICTION: held["prediction"]}, held["rows"])

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
    version = scorer.feature_set.version
    features, scores = _kept(lake, "features", tag_of(version)), lake.read("scores")
    examples = _kept(lake, "training_examples", judged_tag(version), tag_of(version))
    if features is None or scores is None or examples is None or not features.num_rows:
        return None
    holdout = examples.filter(pc.is_in(examples["split"], pa.array(["holdout", "fold"])))
    return Evidence(bundle, scorer, features, floats(scores["probability"]), holdout)


def _kept(lake: Lake, name: str, *tags: str) -> pa.Table | None:
    """A table where the youngest of some tags keeps it; its newest rows where none does."""
    held = lake.tags(name)
    kept = [held[tag] for tag in tags if tag in held]
    newest = max(kept, key=lambda snapshot: lake.said_of(name, snapshot).get(AS_OF, ""), default=None)
    return lake.read(name, snapshot_id=newest)
