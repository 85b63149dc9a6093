"""A table against its suite: what halts, what is sorted out, what passes."""

import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.errors import ConfigurationInvalid, SourceGarbled, SuiteFailed
from holdfast.store import MemoryStore, read_json
from validate.judgement import Subject, Zones, verdict
from validate.suites import Suite, parse

WHAT = Subject("r", "usage_events", "usage", "events")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PREFIX = "landing/run=r/usage_events/"


class House:
    """Zones in memory over the given landing files."""

    def __init__(self, **files: pa.Table) -> None:
        self.landing, self.quarantine, self.artifacts = (
            MemoryStore("landing"),
            MemoryStore("quarantine"),
            MemoryStore("artifacts"),
        )
        for name, rows in files.items():
            self.landing.objects[f"{PREFIX}{name}.parquet"] = written(rows)
        self.zones = Zones(self.landing, self.quarantine, self.artifacts)

    def read(self, key):
        return pq.read_table(io.BytesIO(self.landing.objects[key]))

    def told(self):
        rows = [row for body in self.quarantine.objects.values() for row in pq.read_table(io.BytesIO(body)).to_pylist()]
        return sorted((row["rule"], row["severity"], json.loads(row["row"])["id"]) for row in rows)


def written(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer)
    return buffer.getvalue()


def suite(rule: str, severity: str = "quarantine", **kwargs: object) -> Suite:
    body = {"expectation_type": rule, "kwargs": kwargs, "severity": severity}
    return parse(json.dumps({"expectation_suite_name": "s", "expectations": [body]}), "s.yml")


def table(**columns: list) -> pa.Table:
    return pa.table({"id": list(range(len(next(iter(columns.values()))))), **columns})


@pytest.mark.parametrize(
    ("rule", "kwargs", "values", "failing"),
    [
        ("expect_column_values_to_not_be_null", {}, ["a", None], [1]),
        ("expect_column_values_to_be_unique", {}, ["a", "b", "a", None, None], [0, 2]),
        ("expect_column_values_to_be_between", {"min_value": 0, "max_value": 5}, [-1, 0, 5, 6, None], [0, 3]),
        ("expect_column_values_to_be_between", {"min_value": 0, "strict_min": True}, [0, 1], [0]),
        (
            "expect_column_values_to_match_regex",
            {"regex": r"^\w+@\w+$"},
            ["a@b", "a b", None, "x'; DROP TABLE"],
            [1, 3],
        ),
        ("expect_column_values_to_be_in_set", {"value_set": ["a", "it's"]}, ["a", "it's", "b", None], [2]),
    ],
)
def test_failing_rows_go_to_quarantine_and_the_others_go_on(rule, kwargs, values, failing):
    house = House(a=table(x=values))

    answer = verdict(WHAT, suite(rule, column="x", **kwargs), house.zones, NOW)

    assert house.told() == [(f"{rule}(x)", "quarantine", number) for number in failing]
    assert (answer.rows, answer.quarantined) == (len(values) - len(failing), len(failing))
    assert read_json(house.artifacts, answer.files) == ["checked/run=r/usage_events/a.parquet"]
    kept = house.read("checked/run=r/usage_events/a.parquet")
    assert not set(failing) & set(kept["id"].to_pylist())


def test_files_without_a_failing_row_pass_as_they_landed():
    house = House(a=table(x=[1, None]), b=table(x=[2]), c=table(x=pa.array([None], pa.int64())))

    answer = verdict(WHAT, suite("expect_column_values_to_not_be_null", column="x"), house.zones, NOW)

    assert read_json(house.artifacts, answer.files) == ["checked/run=r/usage_events/a.parquet", f"{PREFIX}b.parquet"]
    assert (answer.rows, answer.quarantined) == (2, 2)


def test_a_value_that_repeats_in_another_file_is_not_unique():
    house = House(a=table(x=["k"]), b=table(x=["k", "l"]))

    assert verdict(WHAT, suite("expect_column_values_to_be_unique", column="x"), house.zones, NOW).quarantined == 2


def test_mostly_lets_a_share_of_the_judged_rows_fail():
    values = [None] * 5 + ["a"] * 9 + ["b"]
    rule = {"column": "x", "value_set": ["a"]}

    lenient = verdict(
        WHAT, suite("expect_column_values_to_be_in_set", mostly=0.9, **rule), House(a=table(x=values)).zones, NOW
    )
    strict = verdict(
        WHAT, suite("expect_column_values_to_be_in_set", mostly=0.95, **rule), House(a=table(x=values)).zones, NOW
    )

    assert lenient.quarantined == 0
    assert strict.quarantined == 1


def test_a_warning_is_written_down_and_the_rows_pass():
    house = House(a=table(x=[1, None]))

    answer = verdict(WHAT, suite("expect_column_values_to_not_be_null", "warn", column="x"), house.zones, NOW)

    assert house.told() == [("expect_column_values_to_not_be_null(x)", "warn", 1)]
    assert (answer.rows, answer.quarantined) == (2, 0)
    assert read_json(house.artifacts, answer.files) == [f"{PREFIX}a.parquet"]


@pytest.mark.parametrize(
    ("rule", "kwargs", "says"),
    [
        ("expect_column_values_to_not_be_null", {"column": "x"}, r"not_be_null\(x\): 1 rows"),
        ("expect_column_to_exist", {"column": "y"}, r"expect_column_to_exist\(y\)"),
        ("expect_table_row_count_to_be_between", {"min_value": 3}, "row_count_to_be_between"),
    ],
)
def test_a_halt_stops_the_run_with_table_rule_and_count(rule, kwargs, says):
    house = House(a=table(x=[1, None]))

    with pytest.raises(SuiteFailed, match=f"usage_events.*{says}"):
        verdict(WHAT, suite(rule, "halt", **kwargs), house.zones, NOW)


def test_an_expectation_on_a_column_that_is_not_there_is_a_mistake_of_the_suite():
    with pytest.raises(ConfigurationInvalid, match="there is no column 'y'; there are id, x"):
        verdict(WHAT, suite("expect_column_values_to_be_unique", column="y"), House(a=table(x=[1])).zones, NOW)


def test_a_table_without_files_has_no_rows():
    house = House()

    answer = verdict(WHAT, suite("expect_column_values_to_not_be_null", column="x"), house.zones, NOW)

    assert (answer.rows, answer.quarantined, read_json(house.artifacts, answer.files)) == (0, 0, [])


def test_a_table_of_which_everything_was_unreadable_is_garbled():
    house = House()
    house.quarantine.write("run=r/usage_events/parse-000.parquet", b"")

    with pytest.raises(SourceGarbled, match="nothing of it can be read"):
        verdict(WHAT, Suite("s", ()), house.zones, NOW)


def test_judging_again_gives_the_same_bytes():
    house, rules = House(a=table(x=[1, None])), suite("expect_column_values_to_not_be_null", column="x")
    first = verdict(WHAT, rules, house.zones, NOW)
    before = dict(house.quarantine.objects)

    assert verdict(WHAT, rules, house.zones, NOW) == first
    assert house.quarantine.objects == before
