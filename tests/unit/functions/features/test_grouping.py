"""Cells that an engine made by GROUP BY say bit for bit what rows say."""

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from features.grouping import grouped, shape_of, statement
from features.matrix import Recipe, matrix
from features.rows import dated
from features.world import gather
from tests.unit.functions.features.builders import activity, customers, definitions, settings

CUTOFF = 100
PEOPLE = ["a", "b", "c"]
DAYPARTS = definitions().dayparts
row = st.fixed_dictionaries({
    "who": st.sampled_from([*PEOPLE, "stranger", None]), "day": st.integers(40, 420).map(lambda quarter: quarter / 4),
    "late": st.sampled_from([0.0, 0.0, 0.3, 1.0]), "kind": st.sampled_from(["login", "view", None]),
    "module": st.sampled_from(["api", None]),
    "minutes": st.one_of(st.none(), st.floats(-1e5, 1e5), st.sampled_from([0.1, float("inf"), float("nan"), 1e18])),
}).map(lambda r: {**r, "known": r["day"] + r["late"]})  # fmt: skip


def by_duckdb(rows: pa.Table) -> pa.Table:
    shape = shape_of(rows.schema, DAYPARTS)
    with duckdb.connect() as connection:
        read = rows.select(list(shape.read)).rename_columns(list(shape.read.values()))
        for name, moment in (("us", "event_time"), ("known_us", "known_at")):
            read = read.append_column(name, rows[moment].cast(pa.int64()))
        connection.register("activity", read)
        return grouped(connection.sql(statement(shape)).to_arrow_table(), shape)


def features(events: pa.Table) -> dict[str, bytes]:
    nothing = {"numbers": [], "categories": {}, "dropped": {}}
    tables = {"customers": customers(PEOPLE, company=["x", "x", "y"])}
    world = gather(tables, {"events": events}, settings(), definitions(), CUTOFF)
    made = matrix(world, Recipe(definitions(), (7, 14, 30), {}, "USD", nothing, nothing), CUTOFF, np.arange(3))
    return {feature.name: values.tobytes() for feature, values in made.items()}


@example_settings(max_examples=40, deadline=None)
@given(st.lists(row, max_size=30))
def test_every_feature_is_the_same_from_rows_and_from_groups(log):
    rows = activity([*log, {"who": "a", "day": 95.0, "kind": "login", "module": "api", "minutes": 1.0}])

    assert features(by_duckdb(rows)) == features(dated(rows, DAYPARTS))


def test_rows_of_one_customer_day_kind_and_module_become_one_cell():
    rows = activity([{"who": "a", "day": 90.0 + i / 10, "kind": "login", "minutes": 0.1} for i in range(9)])

    found = by_duckdb(rows).to_pylist()

    assert [(cell["__day"], cell["__count"], cell["minutes"], cell["__filled_minutes"], cell["__part_night"]) for cell in found] \
        == [(90, 9, 0.9, 9, 3)]  # fmt: skip
