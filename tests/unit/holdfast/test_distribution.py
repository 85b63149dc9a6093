"""Shares of bins."""

import numpy as np
import pytest

from holdfast.distribution import apart, described, miscalibrated, shares


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


def test_the_distance_of_a_distribution_from_itself_is_nought_and_grows_with_the_shift() -> None:
    held, some, more = [0.5, 0.5], [0.6, 0.4], [0.9, 0.1]

    distances = [apart(now, held, 10_000, 10_000).divergence for now in (held, some, more)]

    assert distances[0] == pytest.approx(0)
    assert distances[1] == pytest.approx(0.6 * np.log(1.2) + 0.4 * np.log(0.8), abs=1e-3)
    assert distances == sorted(distances)


def test_an_empty_bin_is_unlikely_and_not_impossible() -> None:
    assert np.isfinite(apart([0.5, 0.5], [1.0, 0.0], 1000, 1000).divergence)


def test_a_bin_that_nobody_is_ever_in_is_no_degree_of_freedom() -> None:
    assert apart([0.5, 0.5, 0.0], [0.4, 0.6, 0.0], 100, 100).freedom == 1


def test_the_sampling_level_is_what_chance_reaches_on_average() -> None:
    draw = np.random.default_rng(0)
    found = [apart(*(draw.multinomial(500, [0.1] * 10) / 500 for _ in range(2)), 500, 500) for _ in range(2000)]

    assert np.mean([each.divergence for each in found]) == pytest.approx(found[0].sampling, rel=0.05)
    assert np.mean([each.chi_squared for each in found]) == pytest.approx(9, rel=0.05)


def test_probabilities_that_came_true_are_no_further_from_what_happened_than_chance() -> None:
    draw = np.random.default_rng(1)
    said = draw.beta(1, 9, 5000)
    edges = described(said)["edges"]

    found = [miscalibrated(said, draw.random(5000) < said, edges) for _ in range(300)]
    wrong = miscalibrated(said, draw.random(5000) < 2 * said, edges)

    assert np.mean([each.chi_squared for each in found]) == pytest.approx(10, rel=0.1)
    assert wrong.chi_squared > 200


def test_what_came_true_exactly_is_not_less_than_nothing_from_what_was_said() -> None:
    found = [miscalibrated(np.full(1000, k / 100), np.arange(1000) < 10 * k, [0.5]) for k in range(1, 100)]

    assert min(each.chi_squared for each in found) == 0
