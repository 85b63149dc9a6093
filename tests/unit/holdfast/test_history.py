"""A history says what was known at any moment, as a model that keeps every table whole would."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import history
from holdfast.tables import TIME

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = dict[str, dict]


def table(rows: Rows, *columns: str) -> pa.Table:
    fields = [("id", pa.string()), *((name, pa.float64() if name == "n" else pa.string()) for name in columns)]
    return pa.table({name: pa.array([({"id": key} | row).get(name) for key, row in sorted(rows.items())], kind)
                     for name, kind in fields})  # fmt: skip


def kept(held: pa.Table | None, there: pa.Table, at: datetime, moments: pa.Table | None = None) -> pa.Table:
    new = history.versions(held, there, "id", at, moments)
    return new if held is None else pa.concat_tables([held, new], promote_options="default")


def known(held: pa.Table, at: datetime) -> Rows:
    rows = history.as_of(held, "id", at).to_pylist()
    return {row.pop("id"): {k: v for k, v in row.items() if k not in history.OWN and v is not None} for row in rows}


def test_a_record_has_one_version_for_each_time_it_changed():
    held = kept(None, table({"a": {"plan": "basic"}, "b": {"plan": "basic"}}, "plan"), T0)
    held = kept(held, table({"a": {"plan": "pro"}, "b": {"plan": "basic"}}, "plan"), T0 + DAY)

    assert [(row["id"], row["plan"], row["_known_at"]) for row in held.to_pylist()] == [
        ("a", "basic", T0), ("b", "basic", T0), ("a", "pro", T0 + DAY)]  # fmt: skip


def test_the_same_rows_once_more_add_nothing():
    there = table({"a": {"plan": "basic"}, "b": {}}, "plan")
    held = kept(None, there, T0)

    assert history.versions(held, there, "id", T0 + DAY).num_rows == 0


def test_a_record_that_goes_and_comes_back_was_gone_in_between():
    held = kept(None, table({"a": {"plan": "x"}}, "plan"), T0)
    held = kept(held, table({}, "plan"), T0 + DAY)
    held = kept(held, table({"a": {"plan": "x"}}, "plan"), T0 + 2 * DAY)

    assert [known(held, T0 + n * DAY) for n in range(3)] == [{"a": {"plan": "x"}}, {}, {"a": {"plan": "x"}}]
    assert held["_removed"].to_pylist() == [False, True, False]


def test_an_event_has_the_sources_time_and_where_it_says_none_that_of_arrival():
    moments = pa.table({"key": ["a"], "moment": pa.array([T0 - 5 * DAY], TIME)})

    held = kept(None, table({"a": {}, "b": {}}, "plan"), T0, moments)

    assert {row["id"]: row["_event_time"] for row in held.to_pylist()} == {"a": T0 - 5 * DAY, "b": T0}


def test_nothing_is_known_before_it_arrived_whenever_it_happened():
    held = kept(
        None, table({"a": {"plan": "x"}}, "plan"), T0, pa.table({"key": ["a"], "moment": pa.array([T0 - DAY], TIME)})
    )

    assert known(held, T0 - timedelta(seconds=1)) == {}


def test_a_column_that_is_new_or_no_longer_there_is_a_change_where_it_says_something():
    held = kept(None, table({"a": {"old": "x"}, "b": {}}, "old"), T0)
    held = kept(held, table({"a": {}, "b": {"new": "y"}}, "new"), T0 + DAY)

    assert known(held, T0) == {"a": {"old": "x"}, "b": {}}
    assert known(held, T0 + DAY) == {"a": {}, "b": {"new": "y"}}
    assert held.num_rows == 4


def test_a_column_whose_type_changes_loses_nothing_of_what_it_held():
    held = kept(None, pa.table({"id": ["a"], "mrr": ["twelve"]}), T0)
    held = kept(held, pa.table({"id": ["a"], "mrr": [12.5]}), T0 + DAY)

    assert known(held, T0) == {"a": {"mrr": "twelve"}}
    assert known(held, T0 + DAY) == {"a": {"mrr__number": 12.5}}
    assert history.versions(held, pa.table({"id": ["a"], "mrr": [12.5]}), "id", T0 + 2 * DAY).num_rows == 0


def test_a_clock_that_goes_back_does_not_change_the_order():
    held = kept(None, table({"a": {"plan": "x"}}, "plan"), T0)
    held = kept(held, table({"a": {"plan": "y"}}, "plan"), T0 - DAY)

    assert known(held, T0 + DAY) == {"a": {"plan": "y"}}


@pytest.mark.parametrize("name", ["order", 'a"b', "Größe"])
def test_columns_may_have_any_name(name):
    held = kept(None, pa.table({"id": ["a"], name: ["x"]}), T0)

    assert known(held, T0) == {"a": {name: "x"}}


VALUES = st.fixed_dictionaries({}, optional={
    "t": st.text(max_size=3), "n": st.floats(allow_nan=False) | st.just(0.5), "u": st.sampled_from(["x", "y"])})  # fmt: skip
TABLES = st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=5)
NIGHTS = st.lists(
    st.tuples(TABLES, st.sampled_from([("t", "n"), ("t", "n", "u"), ("u", "t")]), st.booleans()), min_size=1, max_size=7
)


@settings(max_examples=30, deadline=None)
@given(NIGHTS)
def test_what_was_known_at_any_moment_is_what_a_model_says_that_keeps_every_table(nights):
    held, model = None, []
    for number, (rows, columns, again) in enumerate(nights):
        at = T0 + number * DAY
        there = table(rows, *columns)
        held = kept(held, there, at)
        if again:
            assert history.versions(held, there, "id", at + DAY / 2).num_rows == 0
        seen = {key: {name: row[name] for name in columns if name in row} for key, row in rows.items()}
        model.append((at, seen))

    assert known(held, T0 - DAY) == {}
    for at, seen in model:
        assert known(held, at) == seen
        assert known(held, at + DAY / 2) == seen
