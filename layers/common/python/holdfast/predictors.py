"""The three small models of a bundle beside the trees, applied in numpy: calibrator, value model, personas."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from holdfast.errors import BundleInvalid
from holdfast.reading import known

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_OUTLIER = 5.0
"""Standard deviations beyond which a value says no more about a persona."""


class Calibrator(Protocol):
    """Turns a margin in log-odds into a probability; never falls as the margin rises."""

    def __call__(self, margin: Doubles) -> Doubles: ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Sigmoid:
    """Platt scaling: probability = 1 / (1 + exp(-(slope * margin + intercept)))."""

    slope: float
    intercept: float

    def __call__(self, margin: Doubles) -> Doubles:
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * margin + self.intercept, -50, 50))))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "sigmoid", **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """A rising line through knots (margin, probability), level beyond the outermost."""

    margins: list[float]
    probabilities: list[float]

    def __call__(self, margin: Doubles) -> Doubles:
        return np.asarray(np.interp(margin, self.margins, self.probabilities))

    def to_json(self) -> dict[str, Any]:
        return {"kind": "isotonic", **asdict(self)}


_CALIBRATORS: dict[str, type[Sigmoid] | type[Isotonic]] = {"sigmoid": Sigmoid, "isotonic": Isotonic}


def calibrator_from_json(value: dict[str, Any]) -> Calibrator:
    """Read a calibrator. Raises BundleInvalid for an unknown kind and for one that is not monotone."""
    fields = dict(value)
    kind = fields.pop("kind", None)
    if kind not in _CALIBRATORS:
        raise BundleInvalid(f"calibrator of kind {kind!r}; known are {sorted(_CALIBRATORS)}")
    calibrator = known(_CALIBRATORS[kind], fields)
    if np.any(np.diff(calibrator(np.linspace(-20, 20, 401))) < 0):
        raise BundleInvalid("the calibrator falls somewhere as the margin rises")
    return calibrator


def signed_log(values: Doubles) -> Doubles:
    """sign(x) * log(1 + |x|): tames long tails and keeps nought and the sign."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


@dataclass(frozen=True)
class ValueModel:
    """Linear regression for the money a customer brings within the horizon, in the configured currency.

    With target `log1p` it is fitted on log(1 + money) over signed logs of the features, and `smearing` (after Duan,
    1983, here as the ratio of totals) brings the mean back; with `money` it is fitted on both as they are. Features are
    held to the range that they had in training, and the answer to `ceiling`, so that a line is never followed to where
    nobody was. With `none` there was nothing to learn from and every value is NaN.
    """

    target: Literal["log1p", "money", "none"]
    features: list[str]
    impute: list[float]
    low: list[float]
    high: list[float]
    mean: list[float]
    scale: list[float]
    coefficients: list[float]
    intercept: float
    smearing: float
    ceiling: float
    residual_low: float
    """10 % quantile of the residuals on rows not fitted on, in the target's own scale."""
    residual_high: float
    """90 % quantile."""

    def predict(self, columns: Floats) -> tuple[Doubles, Doubles, Doubles]:
        """Amount, low and high [n] of float32 columns [n, features]: eight of ten fall between low and high."""
        if self.target == "none":
            nothing = np.full(len(columns), np.nan)
            return nothing, nothing, nothing
        line = self.line(columns)
        amount, low, high = (self._money(line + shift) for shift in (0.0, self.residual_low, self.residual_high))
        amount = np.clip(amount * self.smearing, 0, self.ceiling)
        return amount, np.minimum(low, amount), np.maximum(high, amount)

    def line(self, columns: Floats) -> Doubles:
        """The regression's own answer, in the scale of its target."""
        impute, low, high, mean, scale, coefficients = self._numbers
        raw = columns.astype(np.float64)
        filled = np.minimum(np.maximum(np.where(np.isnan(raw), impute, raw), low), high)
        scaled = ((signed_log(filled) if self.target == "log1p" else filled) - mean) / scale
        return np.asarray(scaled @ coefficients + self.intercept)

    @cached_property
    def _numbers(self) -> list[Doubles]:
        """The lists as arrays, made once: making them costs more than one row's answer."""
        lists = (self.impute, self.low, self.high, self.mean, self.scale, self.coefficients)
        return [np.array(numbers, np.float64) for numbers in lists]

    def _money(self, line: Doubles) -> Doubles:
        money = np.expm1(np.minimum(line, 50.0)) if self.target == "log1p" else line
        return np.clip(money, 0, self.ceiling)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Persona:
    """A kind of user, named by what sets it apart."""

    name: str
    sentence: str
    share: float
    """Of the customers it was found on."""


@dataclass(frozen=True)
class Personas:
    """k-means over signed logs of behaviour, standardised; a missing value counts as the mean."""

    features: list[str]
    mean: list[float]
    scale: list[float]
    centroids: list[list[float]]
    personas: list[Persona]
    stability: list[dict[str, float]] = field(default_factory=list)
    """For each number of clusters that was looked at how well they are found again; nothing where the number was said."""

    def nearest(self, columns: Floats) -> NDArray[np.intp]:
        """Index of the nearest centroid [n] for float32 columns [n, len(features)]."""
        mean, scale, centroids, lengths = self._numbers
        return np.asarray((lengths - 2 * standardised(columns, mean, scale) @ centroids.T).argmin(axis=1))

    @cached_property
    def _numbers(self) -> tuple[Doubles, Doubles, Doubles, Doubles]:
        centroids = np.array(self.centroids, np.float64)
        return np.array(self.mean, np.float64), np.array(self.scale, np.float64), centroids, (centroids**2).sum(axis=1)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Personas":
        return known(cls, {**value, "personas": [known(Persona, persona) for persona in value["personas"]]})


def standardised(columns: Floats, mean: Doubles, scale: Doubles) -> Doubles:
    """Signed logs in standard deviations from the mean, outliers held, missing at the mean."""
    points = (signed_log(columns.astype(np.float64)) - mean) / scale
    return np.minimum(np.maximum(np.where(np.isnan(points), 0.0, points), -_OUTLIER), _OUTLIER)
