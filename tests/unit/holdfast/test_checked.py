"""What is wrong in a file that people edit is told with the file, the line, the key and what is allowed."""

from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from holdfast import costs, privacy
from holdfast.checked import placed
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import load_settings, parse_settings
from holdfast.toml_lines import line_of

WRONG = """\
# A comment before everything.
name = "holdfast"

[sources.crm]
kind = "hubspot"
customer = "external_id"

[sources.usage]
kind = "events"
prefix = \"\"\"
usage/\"\"\"
fields.customer = "user"

[sources.hubspott]
kind = "hubspott"

[churn]
kind = "usage"
horizon_days = -1

[api]
clients = [
    "crm",
    "CRM",
]
"""
TOLD = [
    "holdfast.toml:6: sources.crm.customer: there is no such key; there are allowed_hosts, api_version, ",
    "holdfast.toml:12: sources.usage.fields.time: this key is needed",
    "holdfast.toml:14: sources.hubspott: ",
    "holdfast.toml:19: churn.horizon_days: Input should be greater than 0",
    "holdfast.toml:22: api.clients.1: String should match pattern",
]


def test_each_mistake_is_named_with_its_line_its_key_and_what_is_allowed() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        parse_settings(WRONG)

    told = str(caught.value).splitlines()
    assert len(told) == len(TOLD)
    assert all(line.startswith(begins) for line, begins in zip(told, TOLD, strict=True)), told
    assert "'hubspot', 'intercom', 'rest', 'events', 'table'" in told[2]


def test_what_is_missing_altogether_has_no_line() -> None:
    with pytest.raises(
        ConfigurationInvalid, match=r"^holdfast.toml: sources: this key is needed\nholdfast.toml: churn: "
    ):
        parse_settings("")


@pytest.mark.parametrize("nested", ["[" * 5000, "x = " + "[" * 5000, "x." * 5000 + "y = 1"])
def test_what_lies_too_deep_is_refused(nested: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"holdfast\.toml: "):
        parse_settings(nested)


def test_a_file_that_is_no_text_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_bytes(b"name = 'x'\nregion = '\xe9'\n")

    with pytest.raises(ConfigurationInvalid, match=r"holdfast\.toml:2: not text in UTF-8"):
        load_settings(path)


def test_what_is_found_later_is_told_with_the_file_and_line_too(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(
        '[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"\n[privacy.columns.crm_contacts]\nemail = "keep"\n'
    )

    with pytest.raises(ConfigurationInvalid, match=r"holdfast\.toml:6: privacy\.columns\.crm_contacts\.email: keep"), placed(path):  # fmt: skip
        privacy.declared(load_settings(path))


@pytest.mark.parametrize(
    ("parse", "file", "old", "new", "said"),
    [
        (
            privacy.parse,
            privacy.FILE,
            '"pseudonymise"',
            '"hash"',
            r"privacy\.toml:\d+: \S+: Input should be 'key', 'ps",
        ),
        (costs.parse, costs._FILE, "spot = 0.35", "spot = 35", r"prices\.toml:\d+: containers\.spot: .*less than or"),
        (
            costs.parse,
            costs._FILE,
            "request =",
            "reqest =",
            r"prices\.toml:\d+: functions\.request: this key is needed",
        ),
    ],
)
def test_the_files_that_are_shipped_are_held_to_the_same(parse, file: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=said):
        parse(file.read_text().replace(old, new, 1))


KEYS = st.text("ab.\"'é \n", max_size=3)
VALUES = st.recursive(
    st.integers(-5, 5) | st.text("a\"'[]{}=#\n\\", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5), st.data())
def test_the_line_of_a_key_is_the_one_without_which_it_is_not_there(content: dict, data: st.DataObject) -> None:
    text, path, node = tomli_w.dumps(content, multiline_strings=True), [], content
    while isinstance(node, dict | list) and node and (not path or data.draw(st.booleans())):
        path.append(data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))))
        node = node[path[-1]]

    line = line_of(text, path)

    before = "\n".join(text.split("\n")[: line - 1])
    assert line_of(before, path) is None
    assert line_of(text, [*path, "nobody"]) is None


def test_a_line_is_not_looked_for_for_ever() -> None:
    text = "x = [\n" + "1,\n" * 20_000 + "]\ny = 1\n"

    assert line_of(text, ["y"]) is None
