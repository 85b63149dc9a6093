"""What is kept of a table's columns, and what is not because it may say who somebody is."""

from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from validate.profile import lateness, profile
from validate.scan import types_of

NIGHT = datetime(2026, 11, 1, tzinfo=UTC)


def placed(**columns: list) -> tuple[duckdb.DuckDBPyConnection, dict[str, str], int]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    table = pa.table(columns)
    connection.register("landed", table)
    connection.execute("CREATE VIEW placed AS SELECT *, 'f' AS _file, row_number() OVER () - 1 AS _row FROM landed")
    return connection, types_of(connection, "landed"), table.num_rows


def test_numbers_are_told_by_bounds_and_quantiles():
    told = profile(*placed(age=[None, *range(1, 101)]))["age"]

    assert (told["there"], told["nulls"], told["least"], told["most"]) == (100, 1, 1, 100)
    assert told["quantiles"] == [1, 5, 25, 50, 75, 95, 99]
    assert told["distinct"] == pytest.approx(100, rel=0.1)


def test_a_text_of_few_values_is_told_by_its_most_frequent_and_rare_ones_are_left_out():
    told = profile(*placed(plan=["pro"] * 7 + ["free"] * 9 + ["custom deal"]))["plan"]

    assert told["top"] == [("free", 9), ("pro", 7)]
    assert told["lengths"] == [3, 4, 11]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("email", ["a@b.example"] * 9),
        ("customer", ["Ann"] * 9),
        ("phone", [4915112345] * 9),
        ("note", ["write to ann@b.example"] * 9),
        ("plan", [f"text {n}" for n in range(400)]),
    ],
)
def test_values_that_may_say_who_somebody_is_are_never_told(name, values):
    told = profile(*placed(**{name: values}))[name]

    assert not told.get("top")
    assert not any(str(value) in str(told) for value in values)


def test_events_say_their_span_and_how_late_they_arrive():
    hours = [0, 0, 1, 30]
    table = placed(event_time=[NIGHT + timedelta(days=n) for n in range(4)],
                   known_at=[NIGHT + timedelta(days=n, hours=late) for n, late in enumerate(hours)])  # fmt: skip

    told = lateness(*table)

    assert (told["first"], told["last"]) == (NIGHT, NIGHT + timedelta(days=3))
    assert told["late_share"] == 0.25
    assert told["quantiles"][-1] == 30 * 3600


def test_a_table_without_event_time_has_no_lateness():
    assert lateness(*placed(created_at=[NIGHT])) == {}
