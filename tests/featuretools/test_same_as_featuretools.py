"""Featuretools' own values on random entity sets with random cutoffs, primitive by primitive, missing ones included."""

import json
import math
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import activity, splits
from features.cells import cells
from features.company import Members, statistics
from features.definitions import Definitions
from features.rows import DAY_US, dated
from features.view import View
from tests.unit.functions.features.builders import SMALL, definitions

PYTHON = Path(__file__).parents[2] / ".build/featuretools/bin/python"
EXAMPLES = int(os.environ.get("HOLDFAST_EXAMPLES", "15"))
PEOPLE = ["a", "b", "c", "d", "e"]
COMPANIES = ["x", "x", "y", "x", "y"]
KINDS = ("login", "share", "view")
FIRST, LAST = 40 * DAY_US, 105 * DAY_US

moment = st.one_of(
    st.integers(40, 104).map(lambda day: day * DAY_US), st.integers(FIRST, LAST), st.sampled_from([93 * DAY_US - 1])
)
row = st.fixed_dictionaries({
    "who": st.sampled_from(PEOPLE), "us": moment, "kind": st.sampled_from(KINDS),
    "minutes": st.one_of(st.none(), st.integers(-3000, 3000).map(lambda hundredths: hundredths / 100)),
})  # fmt: skip
log = st.lists(row, min_size=1, max_size=30)


class Featuretools:
    """The worker beside this process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, **asked: Any) -> dict[str, list[float]]:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        said = json.loads(self._process.stdout.readline())
        return {name: [math.nan if value is None else value for value in values] for name, values in said.items()}


@pytest.fixture(scope="module")
def featuretools() -> Iterator[Featuretools]:
    if not PYTHON.exists():
        pytest.skip("Featuretools is not installed: `make test-featuretools` puts it into an environment of its own")
    worker = [PYTHON, Path(__file__).with_name("worker.py")]
    with subprocess.Popen(worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Featuretools(process)
        process.stdin.close()


def view(rows: list[dict], cutoffs: list[int] | int) -> View:
    table = pa.table({
        "customer_id": pa.array([r["who"] for r in rows], pa.string()),
        "event_time": pa.array([r["us"] for r in rows], pa.timestamp("us", tz="UTC")),
        "known_at": pa.array([None for _ in rows], pa.timestamp("us", tz="UTC")),
        "kind": pa.array([r["kind"] for r in rows], pa.string()),
        "minutes": pa.array([r["minutes"] for r in rows], pa.float64()),
    })  # fmt: skip
    declared = definitions()
    coded = cells(dated(table, declared.dayparts), pa.array(PEOPLE), {"kind": KINDS}, ("minutes",), declared.dayparts)
    return View(coded, np.array(cutoffs), declared.edges((7, 30)))


def made(seen: View, declared: Definitions) -> dict[str, np.ndarray]:
    """Holdfast's features of all declared primitives, by name."""
    scope = activity.Scope(declared.entities["event"], seen, (7, 30), declared, {})
    return {feature.name: values for make in (activity.columns, splits.columns) for feature, values in make(scope)}


def ours(features: dict[str, np.ndarray], span: str) -> dict[str, np.ndarray]:
    """What Featuretools has too, over a span."""
    names = {
        "count": f"events_{span}", "login count": f"events_login_{span}", "minutes total": f"events_minutes_{span}",
        "login minutes total": f"events_minutes_login_{span}", "time days": f"events_active_days_{span}",
        "login time days": f"events_login_active_days_{span}", "kinds": f"events_kinds_used_{span}",
        "entropy": f"events_kind_entropy_{span}", "weekend": f"events_weekend_share_{span}",
        **{f"minutes {name}": f"events_minutes_{name}_{span}" for name in ("mean", "min", "max", "std")},
    }  # fmt: skip
    return {theirs: features[name] for theirs, name in names.items()}


def same(
    found: dict[str, np.ndarray], said: dict[str, list[float]], seconds: Callable[[str], bool] = lambda _: False
) -> None:
    for name, values in found.items():
        expected = np.array(said[name]) / (86_400 if seconds(name) else 1)
        assert np.asarray(values).tolist() == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-7, nan_ok=True), name


EVERY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EVERY
@given(rows=log, cutoffs=st.lists(st.integers(60, 104), min_size=5, max_size=5), window=st.sampled_from([7, 30]))
def test_windows_of_any_length_at_a_cutoff_of_each_customer(featuretools, rows, cutoffs, window):
    features = made(view(rows, cutoffs), definitions(DECLARED))

    said = featuretools(customers=PEOPLE, companies=None, events=rows, cutoffs=cutoffs, window=window)

    same(ours(features, f"{window}d"), said)


@EVERY
@given(rows=log, cutoffs=st.lists(st.integers(60, 104), min_size=5, max_size=5))
def test_all_time_and_the_times_since(featuretools, rows, cutoffs):
    features = made(view(rows, cutoffs), definitions(DECLARED))
    times = {"time first": "events_days_since_first", "time last": "events_days_since_last", "time interval": "events_mean_interval",
             "login time last": "events_login_days_since_last"}  # fmt: skip

    said = featuretools(customers=PEOPLE, companies=None, events=rows, cutoffs=cutoffs, window=None)

    same(ours(features, "ever"), said)
    same({theirs: features[name] for theirs, name in times.items()}, said, seconds=lambda _: True)


@EVERY
@given(rows=log, cutoff=st.integers(60, 104), window=st.sampled_from([7, 30]))
def test_statistics_of_a_company_over_its_customers(featuretools, rows, cutoff, window):
    declared = definitions(DECLARED)
    seen = view(rows, cutoff)
    scope = activity.Scope(declared.entities["event"], seen, (7, 30), declared, {})
    members = Members(np.array([0, 0, 1, 0, 1]), np.ones(len(PEOPLE)))
    found = {f.name: values for f, values in statistics(list(activity.columns(scope)), members, declared.company)}
    names = {f"company {name} {child}": f"company_{name}_events_{ours}{window}d"
             for name in declared.company.statistics for child, ours in (("count", ""), ("minutes mean", "minutes_mean_"))}  # fmt: skip

    said = featuretools(customers=PEOPLE, companies=COMPANIES, events=rows, cutoffs=[cutoff] * 5, window=window)

    same({theirs: found[name] for theirs, name in names.items()}, said)


DECLARED = 'distinct_of_none = "missing"\n' + SMALL.replace(
    'of = ["events_30d", ', 'of = ["events_7d", "events_30d", "events_minutes_mean_*", '
).replace('by.kind = ["count", ', 'by.kind = ["count", "measures", ')
