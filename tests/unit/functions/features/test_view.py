"""The kernel says what a plain loop over the rows says."""

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.cells import cells, dated, measures, met
from features.view import View
from tests.unit.functions.features.builders import activity

CUTOFF = 100
PEOPLE = ["a", "b", "c"]
KINDS = ("login", "view")
WINDOWS = [7, 14, 30]

moment = st.one_of(st.integers(40, 104).map(float), st.floats(40, 104).map(lambda day: round(day, 4)))
row = st.fixed_dictionaries({
    "who": st.sampled_from([*PEOPLE, "stranger"]), "day": moment, "late": st.sampled_from([0.0, 0.0, 0.01, 1.0, 30.0]),
    "kind": st.sampled_from([*KINDS, "rare", None]), "module": st.sampled_from(["api", None]),
    "minutes": st.one_of(st.none(), st.floats(-1000, 1000)),
}).map(lambda r: {**r, "known": r["day"] + r["late"]})  # fmt: skip
log = st.lists(row, max_size=25)


def view(rows: list[dict]) -> View:
    return View(cells(dated(activity(rows)), pa.array(PEOPLE), KINDS, ("api",), ("minutes",)), CUTOFF)


def naive(rows: list[dict], fold: Callable[[list[dict]], float]) -> list[float]:
    seen = [r for r in rows if r["day"] < CUTOFF and r["known"] <= CUTOFF]
    return [fold([r for r in seen if r["who"] == person]) for person in PEOPLE]


def last_days(rows: list[dict], window: float) -> list[dict]:
    return [r for r in rows if r["day"] >= CUTOFF - window]


@settings(max_examples=60, deadline=None)
@given(log)
def test_windows_count_and_add_up_like_a_plain_loop(rows):
    seen = view(rows)

    counts, kinds, (sums, filled) = seen.counts(WINDOWS), seen.counts_by("kind", WINDOWS), seen.sums("minutes", WINDOWS)

    for i, window in enumerate([*WINDOWS, math.inf]):
        assert counts[:, i].tolist() == naive(rows, lambda own, w=window: len(last_days(own, w)))
        minutes = naive(rows, lambda own, w=window: sum(r["minutes"] or 0 for r in last_days(own, w)))
        assert sums[:, i].tolist() == pytest.approx(minutes, abs=1e-6)
        known = naive(rows, lambda own, w=window: sum(r["minutes"] is not None for r in last_days(own, w)))
        assert filled[:, i].tolist() == known
        for code, kind in enumerate(KINDS):
            of_kind = naive(rows, lambda own, w=window, k=kind: sum(r["kind"] == k for r in last_days(own, w)))
            assert kinds[:, code, i].tolist() == of_kind


@settings(max_examples=60, deadline=None)
@given(log)
def test_days_recency_and_decay_are_those_of_a_plain_loop(rows):
    seen = view(rows)

    first, last = seen.span()
    logins, used, fading = seen.active_days([7], kind=0), seen.recency_by("module")[:, 0], seen.decayed(7)

    def ago(own: list[dict], choose: Callable) -> float:
        return CUTOFF - choose(r["day"] for r in own) if own else math.nan

    assert first.tolist() == pytest.approx(naive(rows, lambda own: ago(own, min)), nan_ok=True)
    assert last.tolist() == pytest.approx(naive(rows, lambda own: ago(own, max)), nan_ok=True)
    api = naive(rows, lambda own: ago([r for r in own if r["module"] == "api"], max))
    assert used.tolist() == pytest.approx(api, nan_ok=True)
    days = naive(rows, lambda own: len({int(r["day"]) for r in last_days(own, 7) if r["kind"] == "login"}))
    assert logins[:, 0].tolist() == days
    half = naive(rows, lambda own: sum(0.5 ** ((CUTOFF - 1 - int(r["day"])) / 7) for r in own))
    assert fading.tolist() == pytest.approx(half)


def test_a_row_is_not_seen_before_it_arrives():
    late = [{"who": "a", "day": 90.5, "known": 103.25}]
    held = cells(dated(activity(late)), pa.array(PEOPLE), (), (), ())

    assert [View(held, day).counts([30])[0, 0] for day in (100, 103, 104)] == [0, 0, 1]


def test_what_arrives_at_the_very_cutoff_is_seen_and_what_happens_at_it_is_not():
    rows = [{"who": "a", "day": 99.5, "known": 100.0}, {"who": "b", "day": 100.0, "known": 100.0}]
    held = cells(dated(activity(rows)), pa.array(PEOPLE), (), (), ())

    assert View(held, 100).counts([30])[:, 0].tolist() == [1, 0, 0]


def test_usual_gap_is_the_mean_distance_of_active_days():
    rows = [{"who": "a", "day": day} for day in (80.0, 84.0, 84.5, 90.0)] + [{"who": "b", "day": 95.0}]

    gap = view(rows).usual_gap()

    assert gap[0] == 5.0
    assert np.isnan(gap[1])


def test_sums_do_not_depend_on_the_order_of_the_rows():
    rows = [{"who": "a", "day": 95.2, "minutes": value} for value in (0.1, 1e9, -1e9, 0.2, 0.3)]

    both = [view(order).sums("minutes", WINDOWS)[0] for order in (rows, rows[::-1])]

    assert np.array_equal(*both)
    assert both[0][0, 0] == 0.6


def test_numbers_that_are_none_are_no_values():
    rows = [{"who": "a", "day": 95.2, "minutes": value} for value in (1.5, math.inf, math.nan, None)]

    sums, filled = view(rows).sums("minutes", WINDOWS)

    assert (sums[0, 0], filled[0, 0]) == (1.5, 1)


def test_measures_may_have_any_name_and_booleans_are_none():
    rows = activity([{"who": "a", "day": 95.0, 'x"; --': 2.0}], ('x"; --',)).append_column("open", pa.array([True]))

    names = measures(dated(rows))
    held = cells(dated(rows), pa.array(PEOPLE), (), (), names)

    assert names == ['x"; --']
    assert held.sums['x"; --'].tolist() == [2.0]


def test_kinds_are_the_most_frequent_ones_before_the_cutoff_and_the_declared_ones():
    kinds = ["b"] * 3 + ["a"] * 2 + ["Login"] + ["rare"]
    rows = [{"who": "a", "day": 10.0 + i, "kind": kind} for i, kind in enumerate(kinds)]
    rows += [{"who": "a", "day": 60.0, "kind": "later"}] * 9

    assert met(dated(activity(rows)), "kind", before=50, most=2, always={"login"}) == ("Login", "a", "b")
