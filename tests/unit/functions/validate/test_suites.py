"""Suites are read strictly: what they cannot mean is refused with what they may say."""

import pytest

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import HubSpotSource, IntercomSource
from holdfast.vendors import streams_of
from validate.expectations import FORMS
from validate.suites import FOLDER, parse, suite_for

ARTICLE = r"""
expectation_suite_name: customer_data_validation
dataset_parameters:
- name: customer_id
  expectation_type: expect_column_to_exist
  meta:
    notes: Mandatory primary key.
- name: email
  expectation_type: expect_column_values_to_match_regex
  regex: ^[\w\.-]+@[\w\.-]+\.\w{2,}$
  meta:
    notes: Validate email format.
"""
NEWER = """
{"name": "orders", "id": "1f", "meta": {"great_expectations_version": "1.24.1"}, "expectations": [
 {"type": "expect_column_values_to_be_between", "severity": "critical", "id": "2e", "meta": {},
  "kwargs": {"column": "amount", "min_value": 0, "mostly": 0.9, "row_condition": "paid == True", "condition_parser": "pandas"}},
 {"type": "expect_column_values_to_not_be_null", "severity": "warning", "kwargs": {"column": "id"}, "notes": ["An order", "has an id."]}]}
"""


def entry(rule: str, kwargs: str = "{column: a}", more: str = "") -> str:
    return f"expectation_suite_name: s\nexpectations:\n  - expectation_type: {rule}\n    kwargs: {kwargs}\n{more}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_suite_can_be_read_and_bears_its_files_name(path):
    suite = parse(path.read_text(), path.name)

    assert suite.name == path.stem
    assert suite.expectations


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "t.yml: not YAML"),
        ("[]", "a list `expectations`"),
        (
            entry("expect_miracles"),
            "'expect_miracles' is unknown; there are expect_column_distinct_values_to_be_in_set, ",
        ),
        (entry("expect_column_to_exist", "{}"), "needed: column"),
        (entry("expect_column_values_to_be_unique", "{column: a, colour: b}"), "colour in kwargs"),
        (
            entry("expect_column_values_to_be_unique", more="    severity: loud"),
            "'loud' is unknown; there are critical, halt, info, quarantine, warn, warning",
        ),
        (entry("expect_column_values_to_be_unique", "{column: a, mostly: 2}"), "mostly is 2"),
        ("expectations: [expect_column_to_exist]", "an expectation is a mapping"),
    ],
)
def test_what_a_suite_cannot_mean_is_refused(text, says):
    with pytest.raises(ConfigurationInvalid, match=r"^t\.yml") as caught:
        parse(text, "t.yml")

    assert says in str(caught.value)


def test_the_most_particular_suite_wins(tmp_path):
    for name in ("crm_deals", "hubspot_deals", "deals"):
        (tmp_path / f"{name}.yml").write_text(f"expectation_suite_name: {name}\nexpectations: []\n")

    assert suite_for("crm", "hubspot", "deals", tmp_path).name == "crm_deals"
    assert suite_for("other", "hubspot", "deals", tmp_path).name == "hubspot_deals"
    assert suite_for("other", "kind", "deals", tmp_path).name == "deals"
    assert suite_for("other", "kind", "none", tmp_path).expectations == ()


def test_the_articles_own_spelling_is_read():
    suite = parse(ARTICLE, "t.yml")
    exists, matches = suite.expectations

    assert suite.name == "customer_data_validation"
    assert (exists.rule, exists.column, exists.reason) == (
        "expect_column_to_exist",
        "customer_id",
        "Mandatory primary key.",
    )
    assert matches.kwargs == {"column": "email", "regex": r"^[\w\.-]+@[\w\.-]+\.\w{2,}$"}


def test_what_great_expectations_writes_today_is_read_with_its_severities():
    suite = parse(NEWER, "t.json")
    between, there = suite.expectations

    assert suite.name == "orders"
    assert (between.severity, between.mostly, between.condition) == ("halt", 0.9, ("compare", "paid", "==", True))
    assert (there.severity, there.reason) == ("warn", "An order has an id.")


@pytest.mark.parametrize("kind", ["hubspot", "intercom"])
def test_every_stream_of_an_api_has_a_suite_that_holds_its_key(kind):
    source = HubSpotSource(kind="hubspot") if kind == "hubspot" else IntercomSource(kind="intercom")

    for stream in streams_of(source):
        suite = suite_for("any", kind, stream)
        asked = {(each.rule, each.column) for each in suite.expectations}
        assert {("expect_column_values_to_not_be_null", "id"), ("expect_column_values_to_be_unique", "id")} <= asked, (
            stream
        )


def test_more_than_25_of_great_expectations_own_are_known():
    ours = {
        "expect_column_values_to_be_in_other_table",
        "expect_table_row_count_to_be_near_last_runs",
        "expect_column_to_be_fresh",
    }

    assert len(set(FORMS) - ours) >= 40


@pytest.mark.parametrize(
    ("rule", "kwargs", "says"),
    [
        ("expect_column_values_to_match_regex", "{column: a, regex: '(?=b)'}", "no look-around"),
        ("expect_column_values_to_match_regex", "{column: a, regex: '('}", "is no regular expression"),
        ("expect_column_values_to_be_between", "{column: a}", "min_value or max_value is needed"),
        (
            "expect_column_values_to_be_between",
            "{column: a, min_value: 3, max_value: 2}",
            "min_value is above max_value",
        ),
        ("expect_column_values_to_be_in_set", "{column: a, value_set: b}", "a list with at least one value"),
        ("expect_column_pair_values_to_be_equal", "{column_A: a}", "column_B in kwargs missing"),
        ("expect_column_values_to_be_unique", "{column: a, row_condition: 'a + 1 == 2'}", "is compared with no column"),
        (
            "expect_column_values_to_be_unique",
            "{column: a, row_condition: 'a.str.len() > 2'}",
            "is compared with no column",
        ),
        ("expect_column_values_to_be_unique", "{column: a, row_condition: 'a == b'}", "is no value"),
        ("expect_column_values_to_be_unique", "{column: a, condition_parser: spark}", "there are great_expectations"),
    ],
)
def test_kwargs_that_mean_nothing_are_refused_by_file_and_expectation(rule, kwargs, says):
    with pytest.raises(ConfigurationInvalid, match=rf"^t\.yml:\d+: 1: {rule}") as caught:
        parse(entry(rule, kwargs), "t.yml")

    assert says in str(caught.value)


LINES = """\
expectation_suite_name: t
# one that is right
expectations:
  - expectation_type: expect_column_to_exist
    kwargs: {column: a}

  - expectation_type: expect_column_values_to_be_unique
    kwargs: {column: a, colour: b}
"""


def test_a_mistake_is_told_with_its_line():
    with pytest.raises(
        ConfigurationInvalid, match=r"^t\.yml:7: 2: expect_column_values_to_be_unique: colour in kwargs not"
    ):
        parse(LINES, "t.yml")
    with pytest.raises(ConfigurationInvalid, match=r"^t\.yml:2: sweet; allowed are expectation_suite_name"):
        parse("name: t\nsweet: 1\nexpectations: []", "t.yml")


@pytest.mark.parametrize(
    "text",
    [
        "expectations: 2026-13-45", "!!timestamp x", "!!int ''", "!!float ''", "!!binary é", "{[a]: 1}", "[" * 3000, "&a [*a]",
        "expectations: [{type: [expect_column_to_exist]}]", "name: \x00",
        entry("expect_column_values_to_be_unique", "{column: a, 1: 2, b: 3}"),
        entry("expect_column_values_to_be_unique", more="    severity: [1]"),
        entry("expect_column_values_to_be_unique", "{column: a, condition_parser: [1]}"),
        entry("expect_column_values_to_be_unique", r'{column: a, row_condition: "a == \0"}'),
        entry("expect_column_values_to_be_unique", "{column: a, row_condition: '1 < ` `3'}"),
        entry("expect_column_values_to_match_regex", "{column: a, regex: 1}"),
        entry("expect_column_kl_divergence_to_be_less_than", "{column: a, threshold: 1, partition_object: {values: [a], weights: [b]}}"),
    ],
)  # fmt: skip
def test_whatever_yaml_may_hold_is_refused_in_words(text):
    with pytest.raises(ConfigurationInvalid, match=r"^t\.yml"):
        parse(text, "t.yml")


def test_a_list_that_is_said_twice_is_refused_and_not_lost():
    with pytest.raises(ConfigurationInvalid, match=r"^t\.yml:9: expectations is said twice"):
        parse(LINES + "expectations: []\n", "t.yml")
