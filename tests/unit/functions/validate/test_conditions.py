"""Row conditions leave the rows that pandas leaves, in all three spellings."""

import duckdb
import pyarrow as pa
import pytest

from validate.conditions import ConditionError, compiled, parsed
from validate.scan import types_of

ROWS = pa.table({"plan": ["pro", "free", None, "team"], "seats": [3.0, None, 9.0, 5.0], "the age": [1, 2, 3, 4]})


def left(condition) -> list[int]:
    connection = duckdb.connect()
    connection.register("rows", ROWS)
    where = compiled(parsed(condition), types_of(connection))
    return [row[0] for row in connection.execute(f'SELECT "the age" FROM rows WHERE {where}').fetchall()]


@pytest.mark.parametrize(
    "condition",
    ['plan == "pro"', 'plan != "pro"', "seats > 4 and plan.notnull()", "not (seats > 4)", "`the age` in [1, 4] or seats.isnull()",
     "2 < `the age` <= 4", '(plan == "pro") | (seats >= 9)', '~(plan in ["pro", "free"])', 'plan not in ["pro"]'],
)  # fmt: skip
def test_the_rows_are_those_that_pandas_leaves(condition):
    assert left(condition) == list(ROWS.to_pandas().query(condition)["the age"])


def test_great_expectations_own_syntax_says_the_same():
    assert left('col("seats").notNull() and col("seats") > 4') == [3, 4]


def test_conditions_of_1_x_say_the_same():
    parts = [
        {"type": "comparison", "column": {"name": "seats"}, "operator": ">", "parameter": 4},
        {"type": "nullity", "column": {"name": "plan"}, "is_null": False},
    ]

    assert left({"type": "and", "conditions": parts}) == [4]
    assert left({"type": "pass_through", "pass_through_filter": "seats > 4"}) == [3, 4]


@pytest.mark.parametrize(
    "condition", ["seats", "f(seats)", "seats > other", "seats ==", "1", 4, {"type": "magic"}, "seats == None"]
)
def test_what_cannot_be_said_is_refused(condition):
    with pytest.raises(ConditionError, match="row_condition"):
        parsed(condition)
