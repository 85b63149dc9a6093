"""Days marked by age and customer: how many, the last, and the longest time between two."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.rows import Floats

Bools = npt.NDArray[np.bool_]
"""(days, customers), the day before the cutoff first."""


class Days(NamedTuple):
    """Of days with any event: how many, (spans, customers); days from the last to the cutoff, longest distance of two."""

    active: Floats
    last: Floats
    longest: Floats


def active(marks: Bools, edges: Sequence[int]) -> Floats:
    """(spans, customers): how many days are marked."""
    starts = [0, *(edge for edge in edges if edge < len(marks))]
    bands = np.zeros((len(edges) + 1, marks.shape[1]))
    bands[: len(starts)] = np.add.reduceat(marks.view(np.uint8), starts, axis=0, dtype=np.int32)
    return bands.cumsum(axis=0)


def last(marks: Bools) -> Floats:
    """(customers,): days from the last marked one to the cutoff; NaN where there is none."""
    return np.where(marks.any(axis=0), marks.argmax(axis=0), np.nan)


def longest(marks: Bools) -> Floats:
    """(customers,): the longest distance of two marked days that follow one another; NaN before the second."""
    reached = np.full(marks.shape[1], -1)
    longest = np.zeros(marks.shape[1])
    for age, day in enumerate(marks):
        np.maximum(longest, np.where(day & (reached >= 0), age - reached, 0), out=longest)
        reached[day] = age
    return np.where(longest > 0, longest, np.nan)
