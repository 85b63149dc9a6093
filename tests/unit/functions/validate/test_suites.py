"""Suites are read strictly: what they cannot mean is refused with what they may say."""

import pytest

from holdfast.errors import ConfigurationInvalid
from validate.suites import FOLDER, parse, suite_for


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
