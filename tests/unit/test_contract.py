"""Versions of the contracts: what older code said, today's code reads, and the reverse."""

from dataclasses import field, make_dataclass
from functools import partial
from typing import Any

import pytest

from holdfast import contracts, predictors, schema
from holdfast.feature_set import Feature, FeatureSet
from holdfast.reading import known
from holdfast.settings import load_settings
from holdfast.usage import Used
from infra.packaging import ROOT
from ingest.accounts import FileCount
from ingest.planning import File
from tests.contract import recorded
from tests.contract.forms import drawn
from tests.contract.night import UNSAID
from tests.contract.rules import broken

TODAY = drawn(load_settings(ROOT / "holdfast.toml"))
VERSIONS = recorded.versions()
NEWEST = max(VERSIONS)
READERS: dict[str, Any] = {
    "FeatureSet": FeatureSet.from_json,
    "Personas": predictors.Personas.from_json,
    "Calibrator": predictors.calibrator_from_json,
    "Schema": schema.Schema.parse,
    **{each.__name__: partial(known, each) for each in (Feature, predictors.Persona, predictors.ValueModel, Used, File, FileCount)},
    "Column": partial(known, schema.Column),
}  # fmt: skip
"""Document -> how today's code reads it."""
HELD = {"rows": {"type": "int", "required": True}, "why": {"type": "str"}}


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(number, name, said, id=f"v{number} {name}")
        for number, version in VERSIONS.items()
        for name, said in version[f"example_{kind}"].items()
    ]


def written(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """A message as today's code writes it."""
    return getattr(contracts, name).parse(said).to_json()


def test_the_newest_version_says_what_the_code_says() -> None:
    assert recorded.forms(VERSIONS[NEWEST]) == TODAY, (
        f"a contract is not as v{NEWEST} recorded it: look what may be changed in docs/operations.md (Upgrade and rollback), "
        'then record the next version: `make demo ARGS="--customers 320"`, `make contract`'
    )


@pytest.mark.parametrize("number", VERSIONS)
def test_nothing_of_an_older_version_is_broken(number: int) -> None:
    assert broken(recorded.forms(VERSIONS[number]), TODAY) == []


@pytest.mark.parametrize(("number", "name", "said"), examples("messages"))
def test_a_message_of_every_version_comes_to_the_same_today(number: int, name: str, said: dict[str, Any]) -> None:
    assert said.items() <= written(name, said).items()


@pytest.mark.parametrize(("number", "name", "said"), examples("messages"))
def test_what_today_writes_is_read_by_the_code_of_every_version(number: int, name: str, said: dict[str, Any]) -> None:
    form = VERSIONS[number]["messages"][name]
    optional = [(each, Any, field(default=None)) for each in form if not form[each].get("required")]
    older = make_dataclass(name, [*(each for each in form if form[each].get("required")), *optional])

    read = known(older, written(name, said) | {"of_a_later_version": 1})

    assert {each: getattr(read, each) for each in said} == said


@pytest.mark.parametrize(("number", "name", "said"), examples("documents"))
def test_a_document_of_every_version_is_read_today_and_one_of_a_later_version_too(
    number: int, name: str, said: dict[str, Any]
) -> None:
    read = READERS[name]

    assert read(said | {"of_a_later_version": 1}) == read(said)


def test_every_message_has_an_example_or_it_is_said_why_not() -> None:
    assert set(VERSIONS[NEWEST]["example_messages"]) | set(UNSAID) == set(TODAY["messages"])


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param(HELD | {"gap": {"type": "int"}}, "", id="a field with a default is added"),
        pytest.param(HELD | {"rows": {"type": "float", "required": True}}, "", id="a number becomes wider"),
        pytest.param({"why": HELD["why"]}, "has lost rows", id="a field goes"),
        pytest.param({"why": HELD["why"], "lines": HELD["rows"]}, "has lost rows", id="a field is called otherwise"),
        pytest.param(HELD | {"rows": {"type": "str", "required": True}}, "was int and is str", id="another type"),
        pytest.param(HELD | {"why": {"type": "str", "required": True}}, "why has to be there", id="becomes required"),
        pytest.param(HELD | {"gap": HELD["rows"]}, "gap has to be there", id="a field without a default is added"),
    ],
)
def test_what_breaks_a_contract_is_told(now: dict[str, Any], told: str) -> None:
    found = broken({"messages": {"Landed": HELD}}, {"messages": {"Landed": now}})

    assert any(told in each for each in found) if told else found == []


def test_a_message_or_a_table_that_is_gone_is_told() -> None:
    assert broken({"lake": {"deals": HELD}}, {"lake": {}}) == ["lake deals is gone"]
