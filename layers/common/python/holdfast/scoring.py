"""From a feature vector to a score: probability, value, persona, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.bundle import CALIBRATOR, PERSONAS, SETTINGS, TABLES, VALUE, Bundle
from holdfast.errors import BundleInvalid
from holdfast.feature_set import FeatureSet
from holdfast.predictors import Calibrator, Doubles, Floats, Personas, ValueModel, calibrator_from_json
from holdfast.reading import known
from holdfast.trees import TreeTables

_NO_MODELS = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""What files that somebody else wrote fail with."""
BANDS = ("low", "medium", "high")


@dataclass(frozen=True, eq=False)
class Scores:
    """What a bundle says about n rows."""

    rows: Floats
    """The vectors that were scored, [n, features]."""
    margin: Doubles
    contributions: Doubles
    """Log-odds, [n, features]; base + their sum is the margin."""
    probability: Doubles
    value: Doubles
    value_low: Doubles
    value_high: Doubles
    persona: NDArray[np.intp]
    band: NDArray[np.intp]
    """Index into `BANDS`."""

    def __len__(self) -> int:
        return len(self.margin)


@dataclass(frozen=True, eq=False)
class Scorer:
    """One bundle, ready to score."""

    version: str
    feature_set: FeatureSet
    trees: TreeTables
    calibrator: Calibrator
    value: ValueModel
    personas: Personas
    threshold: float
    """Probability from which the risk is high."""
    currency: str

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> "Scorer":
        """What the files of a bundle say.

        Raises:
            BundleInvalid: the models of the bundle do not fit its features, or are none.
        """
        try:
            return cls._read(bundle)
        except _NO_MODELS as error:
            raise BundleInvalid(
                f"bundle {bundle.version} holds no models that score: {type(error).__name__}"
            ) from error

    @classmethod
    def _read(cls, bundle: Bundle) -> "Scorer":
        settings, feature_set = bundle.json(SETTINGS), bundle.feature_set
        trees = TreeTables.from_bytes(bundle.files[TABLES])
        if trees.width != len(feature_set.names):
            raise BundleInvalid(f"the churn model reads {trees.width} features; the set has {len(feature_set.names)}")
        return cls(
            version=bundle.version,
            feature_set=feature_set,
            trees=trees,
            calibrator=calibrator_from_json(bundle.json(CALIBRATOR)),
            value=known(ValueModel, bundle.json(VALUE)),
            personas=Personas.from_json(bundle.json(PERSONAS)),
            threshold=float(settings["threshold"]),
            currency=settings["currency"],
        )

    def reads(self, layout: str) -> bool:
        """Whether vectors of that layout (`FeatureSet.layout`) hold what the models were trained on."""
        return layout == self.feature_set.layout

    def hold_to(self, feature_set: str) -> None:
        """Refuse vectors of any other layout than the one that the models were trained on.

        Raises:
            BundleInvalid: naming both.
        """
        if not self.reads(feature_set):
            raise BundleInvalid(
                f"model {self.version} was trained on feature set {self.feature_set.layout} and scores no other: "
                f"this is {feature_set or 'of none that it says'}"
            )

    @cached_property
    def base_probability(self) -> float:
        """The calibrated probability at the model's base margin: where every explanation starts."""
        return float(self.calibrator(np.array([self.trees.base]))[0])

    def score(self, rows: Floats) -> Scores:
        """Score float32 rows [n, features], in the order of the feature set, NaN where missing."""
        margin, contributions = self.trees.explain(rows)
        probability = self.calibrator(margin)
        value, low, high = self.value.predict(rows.take(self._value_columns, axis=1))
        return Scores(
            rows, margin, contributions, probability, value, low, high,
            persona=self.personas.nearest(rows.take(self._persona_columns, axis=1)),
            band=np.searchsorted([self.threshold / 2, self.threshold], probability, side="right"),
        )  # fmt: skip

    def points(self, scores: Scores) -> Doubles:
        """Contributions in probability, [n, features]: base probability + their sum is the probability.

        The distance from the base probability is shared out in proportion to the log-odds contributions, so signs stay.
        """
        distance = scores.margin - self.trees.base
        gained = scores.probability - self.base_probability
        near = np.abs(distance) < 1e-6
        ratio = np.where(near, self._slope, gained / np.where(near, 1.0, distance))
        return scores.contributions * ratio[:, None]

    def reasons(self, scores: Scores, top: int) -> Iterator[list[dict[str, Any]]]:
        """For each row the `top` features that move its score most, strongest first."""
        points = self.points(scores)
        for row, features in enumerate(self.strongest(scores, top)):
            yield [self._reason(scores, points, row, int(j)) for j in features if scores.contributions[row, j]]

    def strongest(self, scores: Scores, top: int) -> NDArray[np.intp]:
        """For each row the columns of the `top` features that move its score most, strongest first; of equals the first first."""
        return np.argsort(-np.abs(scores.contributions), axis=1, kind="stable")[:, :top]

    def _reason(self, scores: Scores, points: Doubles, row: int, column: int) -> dict[str, Any]:
        feature, contribution = self.feature_set.features[column], float(scores.contributions[row, column])
        value = float(scores.rows[row, column])
        return {
            "feature": feature.name,
            "sentence": feature.sentence,
            "value": None if np.isnan(value) else float(f"{value:.6g}"),
            "unit": feature.unit,
            "contribution_log_odds": round(contribution, 6),
            "contribution_points": round(float(points[row, column]), 6),
            "direction": "raises" if contribution > 0 else "lowers",
            "actionable": feature.actionable,
        }

    @cached_property
    def _slope(self) -> float:
        step = 1e-4
        below, above = self.calibrator(np.array([self.trees.base - step, self.trees.base + step]))
        return float((above - below) / (2 * step))

    @cached_property
    def _value_columns(self) -> NDArray[np.intp]:
        return self._positions(self.value.features)

    @cached_property
    def _persona_columns(self) -> NDArray[np.intp]:
        return self._positions(self.personas.features)

    def _positions(self, names: Sequence[str]) -> NDArray[np.intp]:
        position = {name: j for j, name in enumerate(self.feature_set.names)}
        return np.array([position[name] for name in names], np.intp)
