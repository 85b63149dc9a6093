"""Which rows judge inside training: the latest cutoff, a stratified fifth, or stratified folds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from train.examples import Examples

Mask = NDArray[np.bool_]


def inner_holdout(train: Examples, seed: int) -> Mask:
    """The latest training cutoff [n], when it and what precedes it hold both classes; otherwise a stratified fifth."""
    latest = train.cutoff == train.cutoff.max()
    judged, earlier = train.churned[latest], train.churned[~latest]
    if _both(judged) and _both(earlier):
        return np.asarray(latest)
    return fifth(train.churned, seed)


def fifth(churned: Mask, seed: int) -> Mask:
    """A stratified fifth of the rows [n]."""
    return _mask(
        len(churned), train_test_split(np.arange(len(churned)), test_size=0.2, random_state=seed, stratify=churned)[1]
    )


def folds_of(churned: Mask, folds: int, seed: int) -> Iterator[tuple[Mask, Mask]]:
    """Stratified folds as pairs of masks [n]: to fit on, and to judge on."""
    for _, held in StratifiedKFold(folds, shuffle=True, random_state=seed).split(churned, churned):
        outside = _mask(len(churned), held)
        yield ~outside, outside


def _both(churned: Mask) -> bool:
    return bool(churned.any() and not churned.all())


def _mask(size: int, picked: NDArray[np.intp]) -> Mask:
    mask = np.zeros(size, dtype=bool)
    mask[picked] = True
    return mask
