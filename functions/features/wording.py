"""Stable names and plain words for features."""

import hashlib
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from features.rows import Floats
from holdfast.feature_set import Feature

Column = tuple[Feature, npt.NDArray[np.float64]]
"""A feature and its value for every customer; NaN where it cannot be said."""


def slug(text: str) -> str:
    """snake_case of any text: "PaymentMethod" gives payment_method; what has no Latin letters gives a digest."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    plain = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")[:48].rstrip("_")
    return plain or "x" + hashlib.sha256(text.encode()).hexdigest()[:6]


def humanised(text: str) -> str:
    """Words of a column name, with a capital: "MonthlyCharges" gives "Monthly charges"."""
    words = slug(text).replace("_", " ")
    return words[:1].upper() + words[1:]


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def any_of(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name fits a pattern, in which * is anything."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def spans(windows: Sequence[int]) -> list[tuple[str, str]]:
    """For each window and for all time: the end of the name and the end of the sentence."""
    return [(f"{days}d", f"in the last {days} days") for days in windows] + [("ever", "so far")]


def share(part: Floats, whole: Floats) -> Floats:
    """part / whole, between 0 and 1; NaN where there is no whole."""
    return np.minimum(over(part, whole), 1.0)


def over(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where the whole is zero."""
    out = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out
