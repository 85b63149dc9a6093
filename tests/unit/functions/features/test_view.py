"""The kernel says what a plain loop over the rows says."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.activity import usual_gap
from features.cells import Cells, cells
from features.rows import dated, measures, met
from features.view import View
from tests.unit.functions.features.builders import activity, at

CUTOFF = 100
PEOPLE = ["a", "b", "c"]
KINDS = ("login", "view")
WINDOWS = [7, 14, 30]
NIGHT = {"night": (0, 6)}

moment = st.one_of(st.integers(40, 104).map(float), st.floats(40, 104).map(lambda day: round(day, 4)))
row = st.fixed_dictionaries({
    "who": st.sampled_from([*PEOPLE, "stranger"]), "day": moment, "late": st.sampled_from([0.0, 0.0, 0.01, 1.0, 30.0]),
    "kind": st.sampled_from([*KINDS, "rare", None]), "module": st.sampled_from(["api", None]),
    "minutes": st.one_of(st.none(), st.floats(-1000, 1000)),
}).map(lambda r: {**r, "known": r["day"] + r["late"]})  # fmt: skip
log = st.lists(row, max_size=25)


def held(rows: list[dict], sums: tuple[str, ...] = ("minutes",)) -> Cells:
    texts = {"kind": KINDS, "module": ("api",)}
    return cells(dated(activity(rows), NIGHT), pa.array(PEOPLE), texts, sums, NIGHT)


def view(rows: list[dict], cutoff: int | np.ndarray = CUTOFF) -> View:
    return View(held(rows), cutoff, WINDOWS)


def naive(rows: list[dict], fold: Callable[[list[dict]], float]) -> list[float]:
    seen = [r for r in rows if r["day"] < CUTOFF and r["known"] <= CUTOFF]
    return [fold([r for r in seen if r["who"] == person]) for person in PEOPLE]


def last_days(rows: list[dict], window: float) -> list[dict]:
    return [r for r in rows if r["day"] >= CUTOFF - window]


@settings(max_examples=60, deadline=None)
@given(log)
def test_windows_count_and_add_up_like_a_plain_loop(rows):
    seen = view(rows)

    counts, kinds, sums = seen.counts, seen.by("kind"), seen.measure("minutes")
    by_module = seen.total_by("module", "minutes")

    for i, window in enumerate([*WINDOWS, math.inf]):
        assert counts[i].tolist() == naive(rows, lambda own, w=window: len(last_days(own, w)))
        minutes = naive(rows, lambda own, w=window: sum(r["minutes"] or 0 for r in last_days(own, w)))
        assert sums.total[i].tolist() == pytest.approx(minutes, abs=1e-6)
        known = naive(rows, lambda own, w=window: sum(r["minutes"] is not None for r in last_days(own, w)))
        assert sums.filled[i].tolist() == known
        for code, kind in enumerate(KINDS):
            of_kind = naive(rows, lambda own, w=window, k=kind: sum(r["kind"] == k for r in last_days(own, w)))
            assert kinds[code, i].tolist() == of_kind
        in_api = naive(rows, lambda own, w=window: sum(r["minutes"] or 0 for r in last_days(own, w) if r["module"]))
        assert by_module[0, i].tolist() == pytest.approx(in_api, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(log)
def test_extremes_squares_nights_and_weekends_are_those_of_a_plain_loop(rows):
    seen = view(rows)

    sums, night, weekend = seen.measure("minutes"), seen.daypart("night"), seen.weekend

    def of(own: list[dict], window: float, fold: Callable) -> float:
        known = [r["minutes"] for r in last_days(own, window) if r["minutes"] is not None]
        return fold(known) if known else math.nan

    for i, window in enumerate([*WINDOWS, math.inf]):
        assert sums.low[i].tolist() == pytest.approx(naive(rows, lambda own, w=window: of(own, w, min)), nan_ok=True)
        assert sums.high[i].tolist() == pytest.approx(naive(rows, lambda own, w=window: of(own, w, max)), nan_ok=True)
        squares = naive(rows, lambda own, w=window: sum((r["minutes"] or 0) ** 2 for r in last_days(own, w)))
        assert sums.squares[i].tolist() == pytest.approx(squares, abs=1e-6)
        early = naive(rows, lambda own, w=window: sum(at(r["day"]).hour < 6 for r in last_days(own, w)))
        assert night[i].tolist() == early
        idle = naive(rows, lambda own, w=window: sum(at(r["day"]).weekday() >= 5 for r in last_days(own, w)))
        assert weekend[i].tolist() == idle


@settings(max_examples=60, deadline=None)
@given(log)
def test_days_recency_and_decay_are_those_of_a_plain_loop(rows):
    seen = view(rows)

    first, last = seen.moments()
    logins, used, fading = seen.active_days(("kind", 0)), seen.since_last("module")[0], seen.decayed(7)

    def ago(own: list[dict], choose: Callable) -> float:
        return CUTOFF - choose(r["day"] for r in own) if own else math.nan

    assert first.tolist() == pytest.approx(naive(rows, lambda own: ago(own, min)), nan_ok=True)
    assert last.tolist() == pytest.approx(naive(rows, lambda own: ago(own, max)), nan_ok=True)
    api = naive(rows, lambda own: ago([r for r in own if r["module"] == "api"], max))
    assert used.tolist() == pytest.approx(api, nan_ok=True)
    days = naive(rows, lambda own: len({int(r["day"]) for r in last_days(own, 7) if r["kind"] == "login"}))
    assert logins[0].tolist() == days
    half = naive(rows, lambda own: sum(0.5 ** ((CUTOFF - 1 - int(r["day"])) / 7) for r in own))
    assert fading.tolist() == pytest.approx(half)
    assert seen.decayed(7, "kind").sum(axis=0).tolist() <= [value + 1e-9 for value in half]

    def longest(own: list[dict]) -> float:
        active = sorted({int(r["day"]) for r in own})
        return max((b - a for a, b in pairwise(active)), default=math.nan)

    assert seen.days.longest.tolist() == pytest.approx(naive(rows, longest), nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(log, st.lists(st.integers(60, 104), min_size=3, max_size=3))
def test_each_customer_may_have_a_cutoff_of_its_own(rows, days):
    each = view(rows, np.array(days))
    alone = [view(rows, day) for day in days]

    for said in (lambda seen: seen.counts, lambda seen: seen.by("kind"), lambda seen: seen.measure("minutes").total,
                 lambda seen: seen.since_last("kind"), lambda seen: seen.days.active, lambda seen: seen.decayed(7)):  # fmt: skip
        for who, seen in enumerate(alone):
            assert np.array_equal(said(each)[..., who], said(seen)[..., who], equal_nan=True)


def test_marks_of_days_are_the_same_in_blocks_of_customers(monkeypatch):
    rows = [{"who": who, "day": 60.0 + i * i % 40, "kind": "login"} for i, who in enumerate(PEOPLE * 6)]
    whole = view(rows)

    monkeypatch.setattr("features.view._BLOCK", 50)
    blocks = view(rows)

    assert np.array_equal(whole.days.active, blocks.days.active)
    assert np.array_equal(whole.active_days(("kind", 0)), blocks.active_days(("kind", 0)))


def test_a_row_is_not_seen_before_it_arrives():
    late = [{"who": "a", "day": 90.5, "known": 103.25}]

    assert [view(late, day).counts[2, 0] for day in (100, 103, 104)] == [0, 0, 1]


def test_what_arrives_at_the_very_cutoff_is_seen_and_what_happens_at_it_is_not():
    rows = [{"who": "a", "day": 99.5, "known": 100.0}, {"who": "b", "day": 100.0, "known": 100.0}]

    assert view(rows).counts[2].tolist() == [1, 0, 0]


def test_usual_gap_is_the_mean_distance_of_active_days():
    rows = [{"who": "a", "day": day} for day in (80.0, 84.0, 84.5, 90.0)] + [{"who": "b", "day": 95.0}]
    seen = view(rows)

    gap = usual_gap(*seen.moments(), seen.days.active[-1])

    assert gap[0] == 5.0
    assert np.isnan(gap[1])


def test_sums_do_not_depend_on_the_order_of_the_rows():
    rows = [{"who": "a", "day": 95.2, "minutes": value} for value in (0.1, 1e9, -1e9, 0.2, 0.3)]

    both = [view(order).measure("minutes").total for order in (rows, rows[::-1])]

    assert np.array_equal(*both)
    assert both[0][0, 0] == 0.6


def test_numbers_that_are_none_are_no_values():
    rows = [{"who": "a", "day": 95.2, "minutes": value} for value in (1.5, math.inf, math.nan, None, 1e18)]

    sums = view(rows).measure("minutes")

    assert (sums.total[0, 0], sums.filled[0, 0]) == (1.5, 1)


def test_measures_may_have_any_name_and_booleans_are_none():
    rows = activity([{"who": "a", "day": 95.0, 'x"; --': 2.0}], ('x"; --',)).append_column("open", pa.array([True]))

    names = measures(dated(rows, {}).schema)
    found = cells(dated(rows, {}), pa.array(PEOPLE), {}, names, {})

    assert names == ['x"; --']
    assert found.measures['x"; --'].total.tolist() == [2.0]


def test_texts_are_coded_alike_as_plain_strings_and_as_a_dictionary():
    plain = dated(
        activity(
            [
                {"who": who, "day": 95.0, "kind": kind}
                for who, kind in zip("abxa", ["view", None, "login", "else"], strict=True)
            ]
        ),
        {},
    )
    coded = plain.set_column(0, "customer_id", plain["customer_id"].dictionary_encode())
    coded = coded.set_column(coded.column_names.index("kind"), "kind", coded["kind"].dictionary_encode())

    both = [cells(rows, pa.array(PEOPLE), {"kind": KINDS}, (), ()) for rows in (plain, coded)]

    assert [found.customer.tolist() for found in both] == [[0, 1, 0]] * 2
    assert [found.codes["kind"].tolist() for found in both] == [[1, 2, 2]] * 2


def test_kinds_are_the_most_frequent_ones_before_the_cutoff_and_the_declared_ones():
    kinds = ["b"] * 3 + ["a"] * 2 + ["Login"] + ["rare"]
    rows = [{"who": "a", "day": 10.0 + i, "kind": kind} for i, kind in enumerate(kinds)]
    rows += [{"who": "a", "day": 60.0, "kind": "later"}] * 9

    assert met(dated(activity(rows), {}), "kind", before=50, most=2, always={"login"}) == ("Login", "a", "b")
