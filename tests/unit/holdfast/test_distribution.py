"""Shares of bins."""

import numpy as np

from holdfast.distribution import described, shares


def test_shares_of_the_reference_add_up_with_the_missing_last() -> None:
    values = np.append(np.arange(90.0), [np.nan] * 10)

    held = described(values)

    assert len(held["edges"]) == 9
    assert held["shares"] == [0.09] * 10 + [0.1]
    assert held["mean"] == 44.5


def test_a_column_that_repeats_itself_has_fewer_bins() -> None:
    held = described(np.array([0.0] * 95 + [7.0] * 5))

    assert held["edges"] == [0.0]
    assert held["shares"] == [0.0, 1.0, 0.0]


def test_a_column_of_nothing_but_missing_values_is_one_empty_bin() -> None:
    held = described(np.full(4, np.nan))

    assert (held["edges"], held["shares"], held["mean"]) == ([], [0.0, 1.0], None)


def test_no_rows_have_no_shares() -> None:
    assert shares(np.empty(0), [1.0]) == [0.0, 0.0, 0.0]
