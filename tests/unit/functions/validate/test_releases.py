"""Rows that leave quarantine are judged once more, and enter once."""

import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import manifest_key
from holdfast.quarantine import Release, waiting
from holdfast.settings import parse_settings
from holdfast.store import MemoryStore, read_json, write_json
from infra.cli import quarantine
from infra.cli.quarantine import Wanted, held, parsed_changes, parsed_file, release
from infra.trouble import Trouble
from validate.judgement import Subject, Zones, verdict
from validate.releases import settle
from validate.suites import parse

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SUITE = parse(
    "name: s\nexpectations:\n"
    "- {type: expect_column_values_to_be_between, kwargs: {column: age, min_value: 0, max_value: 120}}\n"
    "- {type: expect_column_values_to_be_unique, kwargs: {column: id}}\n",
    "s.yml",
)
ROWS = pa.table(
    {"id": ["1", "2", "3"], "age": [30.0, 230.0, -1.0], "email": ["ann@example.com", "bo@example.com", None]}
)


class House:
    """Landing, quarantine and artifacts in memory."""

    def __init__(self) -> None:
        self.landing, self.quarantine, self.artifacts = (
            MemoryStore(name) for name in ("landing", "quarantine", "artifacts")
        )
        self.zones = Zones(self.landing, self.quarantine, self.artifacts)

    def land(self, run: str, table: str, rows: pa.Table) -> None:
        buffer = io.BytesIO()
        pq.write_table(rows, buffer)
        self.landing.write(f"landing/run={run}/{table}/00000.parquet", buffer.getvalue())

    def judge(self, run: str, table: str = "usage_events", kind: str = "events") -> list[dict]:
        """The rows that pass."""
        answer = verdict(Subject(run, table, table.partition("_")[0], kind), SUITE, self.zones, NOW)
        passed = [pq.read_table(io.BytesIO(self.landing.read(key))) for key in read_json(self.artifacts, answer.files)]
        return sorted((row for table in passed for row in table.to_pylist()), key=lambda row: row["id"])

    def mend(self, run: str, table: str = "usage_events", rule: str = "", **changes: object) -> tuple[str, int]:
        return release(self.quarantine, self.artifacts, held(self.quarantine, Wanted(run, table, rule)), changes, {})


def test_a_source_that_is_a_file_is_an_api_as_well_whose_whole_pulls_have_all_there_is() -> None:
    settings = parse_settings('[sources.billing]\nkind = "rest"\nconnector = "subscriptions"\n[churn]\nkind = "usage"')
    house = House()
    subject = Subject.of("one", "billing_customers", settings)
    for run, full in (("one", False), ("two", True)):
        write_json(house.landing, manifest_key(run, subject.table), {"full": full})
    house.land("one", subject.table, ROWS)
    house.judge("one", subject.table, subject.kind)
    house.mend("one", subject.table, age=40)
    house.land("two", subject.table, ROWS.slice(0, 1))

    assert ages(house.judge("two", subject.table, subject.kind)) == {"1": 30.0}


def ages(rows: list[dict]) -> dict[str, float]:
    return {row["id"]: row["age"] for row in rows}


@pytest.fixture
def house() -> House:
    """One night of events of which two rows failed."""
    house = House()
    house.land("one", "usage_events", ROWS)
    house.judge("one")
    settle("one", house.artifacts)
    return house


def test_mended_events_enter_with_the_next_run_although_nothing_else_landed(house: House) -> None:
    _, rows = house.mend("one", age=40)

    assert rows == 2
    assert waiting(house.artifacts, ["usage"]) == {"usage_events"}
    assert ages(house.judge("two")) == {"2": 40.0, "3": 40.0}


def test_what_has_entered_does_not_enter_again(house: House) -> None:
    name, _ = house.mend("one", age=40)
    house.judge("two")
    assert quarantine.entered_by(house.artifacts, "usage_events", name) == ""

    assert settle("two", house.artifacts) == 1
    assert not waiting(house.artifacts, ["usage"])
    assert house.judge("three") == []
    assert quarantine.entered_by(house.artifacts, "usage_events", name) == "two"


def test_until_it_has_entered_a_release_is_tried_again(house: House) -> None:
    house.mend("one", age=40)
    house.judge("broken off")

    assert ages(house.judge("two")) == {"2": 40.0, "3": 40.0}


def test_the_same_release_again_changes_nothing(house: House) -> None:
    first = house.mend("one", age=40)
    before = dict(house.quarantine.objects)

    assert house.mend("one", age=40) == first
    assert house.quarantine.objects == before


def test_a_released_row_that_still_fails_is_in_quarantine_again_under_the_new_run(house: House) -> None:
    house.mend("one")

    assert house.judge("two") == []
    assert [(row.run, json.loads(row.row)["id"]) for row in held(house.quarantine, Wanted("two"))] == [
        ("two", "2"),
        ("two", "3"),
    ]


def test_a_released_row_joins_the_suite_of_the_run_so_that_a_key_cannot_enter_twice(house: House) -> None:
    house.mend("one", age=40)
    house.land(
        "two", "usage_events", pa.table({"id": ["2", "9"], "age": [5.0, 6.0], "email": [None, None]}, ROWS.schema)
    )

    assert ages(house.judge("two")) == {"3": 40.0, "9": 6.0}


def test_a_snapshot_that_still_has_the_bad_row_gets_the_mended_one_in_its_place_every_night() -> None:
    house = House()
    for run in ("one", "two", "three"):
        house.land(run, "crm_customers", ROWS)
    house.judge("one", "crm_customers", "table")
    house.mend("one", "crm_customers", age=40)

    for run in ("two", "three"):
        assert ages(house.judge(run, "crm_customers", "table")) == {"1": 30.0, "2": 40.0, "3": 40.0}
        settle(run, house.artifacts)


def test_a_snapshot_whose_row_was_mended_at_the_source_is_taken_as_it_is() -> None:
    house = House()
    house.land("one", "crm_customers", ROWS)
    house.judge("one", "crm_customers", "table")
    house.mend("one", "crm_customers", age=40)
    house.land(
        "two", "crm_customers", pa.table({"id": ["1", "2"], "age": [30.0, 23.0], "email": [None, None]}, ROWS.schema)
    )

    assert ages(house.judge("two", "crm_customers", "table")) == {"1": 30.0, "2": 23.0}


def test_changes_of_a_stream_get_the_mended_row_once_and_a_full_pull_only_what_it_has() -> None:
    house = House()
    for run, full in (("one", False), ("two", False), ("three", True)):
        write_json(house.landing, manifest_key(run, "hubspot_contacts"), {"full": full})
    house.land("one", "hubspot_contacts", ROWS)
    house.judge("one", "hubspot_contacts", "hubspot")
    house.mend("one", "hubspot_contacts", age=40)
    house.land("three", "hubspot_contacts", ROWS.slice(0, 2))

    assert ages(house.judge("two", "hubspot_contacts", "hubspot")) == {"2": 40.0, "3": 40.0}
    assert ages(house.judge("three", "hubspot_contacts", "hubspot")) == {"1": 30.0, "2": 40.0}


def test_a_mended_row_that_failed_can_be_mended_again_also_in_a_snapshot() -> None:
    house = House()
    for run in ("one", "two", "three"):
        house.land(run, "crm_customers", ROWS)
    house.judge("one", "crm_customers", "table")
    house.mend("one", "crm_customers", age=400)
    house.judge("two", "crm_customers", "table")
    house.mend("two", "crm_customers", age=40)

    assert ages(house.judge("three", "crm_customers", "table")) == {"1": 30.0, "2": 40.0, "3": 40.0}


def test_a_row_that_was_released_is_not_released_differently(house: House) -> None:
    house.mend("one", age=40)

    with pytest.raises(Trouble, match="released already"):
        house.mend("one", age=41)


def test_rows_can_be_mended_one_by_one_in_a_file(house: House) -> None:
    rows = held(house.quarantine, Wanted("one"))
    lines = [quarantine.shown(row, reveal=True) | {"age": 7} for row in rows[:1]]

    name, count = release(house.quarantine, house.artifacts, rows, {}, parsed_file(json.dumps(lines[0])))

    assert (len(name), count) == (12, 1)
    assert ages(house.judge("two")) == {"2": 7.0}


def test_counts_are_by_run_table_and_rule(house: House) -> None:
    (found,) = quarantine.counted(house.quarantine, Wanted())

    assert (found["run"], found["table"], found["rows"]) == ("one", "usage_events", 2)
    assert found["rule"] == "expect_column_values_to_be_between(age)"


def test_who_somebody_is_stays_hidden_unless_it_is_asked_for(house: House) -> None:
    row = held(house.quarantine, Wanted("one"))[0]

    assert quarantine.shown(row, reveal=False)["email"] == "aa@aaaaaaa.aaa"
    assert quarantine.shown(row, reveal=True)["email"] == "bo@example.com"


def test_a_line_that_could_not_be_read_is_hidden_whole() -> None:
    row = quarantine.Held(
        "r", "t", "parse", "not JSON", "quarantine", '{"line": 7, "text": "{\\"user\\": \\"u-1\\""}', ""
    )

    assert quarantine.shown(row, reveal=False) | {"_row": ""} == {
        "_row": "", "_rule": "parse", "_reason": "not JSON", "line": 7, "text": '{"aaaa": "a-9"'}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"age": "old"}, "does not fit its column"), ({"aeg": 4}, "has no column aeg; there are id, age, email")],
)
def test_a_change_that_a_column_cannot_hold_is_refused(house: House, changes: dict[str, object], says: str) -> None:
    with pytest.raises(Trouble, match=says):
        house.mend("one", **changes)


def test_rows_that_are_not_there_were_only_warned_about_or_could_not_be_read_are_refused(house: House) -> None:
    warned = quarantine.Held("r", "t", "rule", "", "warn", "{}", "")
    unread = quarantine.Held("r", "t", "parse", "", "quarantine", "{}", "")

    for rows, says in (([], "no such rows"), ([warned], "only warned about"), ([unread], "could not be read")):
        with pytest.raises(Trouble, match=says):
            release(house.quarantine, house.artifacts, rows, {}, {})


def test_a_mend_of_a_line_that_could_not_be_read_is_told_where_to_mend_it(house: House) -> None:
    unread = quarantine.Held("r", "t", "parse", "", "quarantine", "{}", "")

    with pytest.raises(Trouble, match="mend them in the file that they came from"):
        release(house.quarantine, house.artifacts, [unread], {}, {unread.name: {"age": 7}})


def test_values_on_the_command_line_are_json_or_text() -> None:
    assert parsed_changes(["age=4", "email=a@b.co", "x=null", 'y="4"']) == {
        "age": 4,
        "email": "a@b.co",
        "x": None,
        "y": "4",
    }
    with pytest.raises(Trouble, match="it is column=value"):
        parsed_changes(["age"])


def test_a_release_is_named_by_what_it_says() -> None:
    one, other = Release("{}", "{}"), Release("{}", '{"a":1}')

    assert quarantine.to_lines([one, other, one]) == quarantine.to_lines([other, one])


def test_a_record_that_could_not_be_told_from_another_is_hidden_whole() -> None:
    row = quarantine.Held("r", "t", "parse", "no id", "quarantine", '{"record": {"firstname": "Bo"}}', "")

    assert "Bo" not in json.dumps(quarantine.shown(row, reveal=False))


@pytest.mark.parametrize("line", ['"a text"', "[1]", "7", "null", "{}", "{", "[" * 3000])
def test_a_line_that_is_no_row_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(Trouble, match="line 2 is no row"):
        parsed_file('{"_row": "r1"}\n' + line)
