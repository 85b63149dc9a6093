"""A table against its suite: what halts, what is sorted out, what passes."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import manifest_key
from holdfast.errors import ConfigurationInvalid, SourceGarbled, SuiteFailed
from holdfast.store import MemoryStore, read_json, write_json
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


def test_a_halt_says_counts_three_examples_without_anybodys_data_and_the_next_command():
    emails = ["ann@example.com", *(f"Bob{n} Smith" for n in range(5))]
    rules = suite("expect_column_values_to_match_regex", "halt", column="email", regex="@")

    with pytest.raises(SuiteFailed) as caught:
        verdict(WHAT, rules, House(a=table(email=emails)).zones, NOW)

    said = str(caught.value)
    assert "expect_column_values_to_match_regex(email): 5 rows of 6" in said
    assert said.count("email Aaa9 Aaaaa") == 3
    assert "Smith" not in said
    assert "`holdfast quarantine list --run r --table usage_events`" in said


def test_what_came_of_a_suite_is_kept_also_when_it_halts():
    house = House(a=table(x=[1, None]))

    with pytest.raises(SuiteFailed):
        verdict(WHAT, suite("expect_column_values_to_not_be_null", "halt", column="x"), house.zones, NOW)
    result = read_json(house.artifacts, "quality/run=r/usage_events.json")
    (entry,) = read_json(house.artifacts, "quality/history/usage_events.json")

    assert (result["rows"], result["halted"], result["expectations"][0]["unexpected"]) == (2, True, 1)
    assert result["profile"]["x"] == {
        "type": "BIGINT", "there": 1, "nulls": 1, "distinct": 1, "least": 1, "most": 1, "quantiles": [1] * 7,
    }  # fmt: skip
    assert (entry["run"], entry["held"], entry["asked"]) == ("r", 0, 1)
    assert entry["broken"][0]["rule"] == "expect_column_values_to_not_be_null"


def test_judging_a_run_again_replaces_what_its_history_says():
    house, rules = House(a=table(x=[1, None])), suite("expect_column_values_to_not_be_null", column="x")
    verdict(WHAT, rules, house.zones, NOW)
    verdict(WHAT, rules, house.zones, NOW + timedelta(hours=1))

    assert len(read_json(house.artifacts, "quality/history/usage_events.json")) == 1


def test_the_number_of_rows_is_held_against_the_last_runs():
    house, rules = House(), suite("expect_table_row_count_to_be_near_last_runs", "halt", max_change=0.5)
    for day, rows in enumerate((100, 110, 90)):
        run = Subject(f"r{day}", "usage_events", "usage", "events")
        house.landing.objects[f"landing/run=r{day}/usage_events/a.parquet"] = written(table(x=[1] * rows))
        verdict(run, rules, house.zones, NOW + timedelta(days=day))
    house.landing.objects[f"{PREFIX}a.parquet"] = written(table(x=[1] * 40))

    with pytest.raises(SuiteFailed, match="'rows': 40, 'usual': 100"):
        verdict(WHAT, rules, house.zones, NOW + timedelta(days=4))


def test_a_key_is_looked_for_in_the_other_table_of_this_run_and_where_that_is_only_changes_in_the_lake_too():
    house = House()
    house.landing.objects["landing/run=r/crm_deals/a.parquet"] = written(table(company_id=["1", "2", "3", None]))
    house.landing.objects["landing/run=r/crm_companies/a.parquet"] = written(pa.table({"id": ["1"]}))
    write_json(house.landing, manifest_key("r", "crm_companies"), {"full": False})
    zones = replace(house.zones, held=lambda table, column: ["2"] if (table, column) == ("crm_companies", "id") else [])
    rules = suite(
        "expect_column_values_to_be_in_other_table", column="company_id", other_table="companies", other_column="id"
    )

    assert verdict(Subject("r", "crm_deals", "crm", "hubspot"), rules, zones, NOW).quarantined == 1


def test_without_any_row_of_the_other_table_no_key_is_looked_for():
    house = House(a=table(company_id=["1"]))
    rules = suite(
        "expect_column_values_to_be_in_other_table", column="company_id", other_table="companies", other_column="id"
    )

    assert verdict(WHAT, rules, house.zones, NOW).quarantined == 0


def test_old_data_is_not_fresh():
    house = House(a=table(at=[NOW - timedelta(hours=30), None]))

    verdict(WHAT, suite("expect_column_to_be_fresh", "halt", column="at", max_age_hours=31), house.zones, NOW)
    with pytest.raises(SuiteFailed, match="expect_column_to_be_fresh"):
        verdict(WHAT, suite("expect_column_to_be_fresh", "halt", column="at", max_age_hours=29), house.zones, NOW)


def test_wholes_are_not_judged_by_changes_alone():
    house = House(a=table(x=[1.0]))
    write_json(house.landing, manifest_key("r", "usage_events"), {"full": False})

    verdict(WHAT, suite("expect_column_mean_to_be_between", "halt", column="x", min_value=5), house.zones, NOW)


def test_a_column_of_the_wrong_type_fails_with_the_types_in_the_reason():
    house = House(a=table(x=["old", "4", None]))

    answer = verdict(WHAT, suite("expect_column_values_to_be_between", column="x", min_value=0), house.zones, NOW)

    reasons = [
        row["reason"]
        for body in house.quarantine.objects.values()
        for row in pq.read_table(io.BytesIO(body)).to_pylist()
    ]
    assert answer.quarantined == 2
    assert all("column x is VARCHAR, which has no order with 0" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("rule", "kwargs"),
    [
        ("expect_column_values_to_be_in_set", {"value_set": ["yesterday", 4]}),
        ("expect_column_values_to_be_between", {"min_value": "yesterday"}),
    ],
)
def test_a_time_is_not_held_against_what_is_none(rule, kwargs):
    assert verdict(WHAT, suite(rule, column="at", **kwargs), House(a=table(at=[NOW, None])).zones, NOW).quarantined == 1


def test_an_expectation_for_an_optional_column_is_passed_over_where_there_is_none():
    rules = parse(
        "name: s\nexpectations: [{type: expect_column_values_to_be_unique, kwargs: {column: y}, meta: {if_present: true}}]",
        "s.yml",
    )

    assert verdict(WHAT, rules, House(a=table(x=[1])).zones, NOW).rows == 1
