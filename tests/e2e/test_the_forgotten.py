"""Privacy on the deployed demo, in short: nobody is named where nobody should be, and one person is forgotten to the last byte.

Runs behind the files that need the lake as the first night left it, and before the one that archives an object, which nobody can search.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from infra.cli import scan
from infra.cli.deployment import Deployment
from infra.cli.leaks import leaked
from infra.cli.scan import Needles
from tests.e2e.conftest import Demo
from tests.e2e.test_demo import executions

SHORTEST = 6
Person = dict[str, str]


@pytest.fixture(scope="module")
def people(demo: Demo) -> list[Person]:
    """Everybody of the world, with their ids in both systems."""
    folder = next(demo.state.glob("world-*")) / "crm"
    support = {
        each["external_id"]: each["id"] for each in pq.read_table(folder / "intercom_contacts.parquet").to_pylist()
    }
    contacts = pq.read_table(folder / "hubspot_contacts.parquet").to_pylist()
    return [
        {"email": each["email"], "external": each["external_id"], "intercom": support[each["external_id"]], "hubspot": each["id"],
         "name": f"{each['firstname']} {each['lastname']}".strip()}
        for each in contacts if each["external_id"] in support
    ]  # fmt: skip


@pytest.fixture(scope="module")
def her(demo: Demo, people: list[Person]) -> Person:
    """Somebody who is scored."""
    ranked = json.loads(
        demo.client("s3").get_object(Bucket=demo.outputs["artifacts_bucket"], Key="rankings/latest.json")["Body"].read()
    )
    scored = {each["customer_id"] for each in ranked["customers"]}
    # The last: other files write log lines of the first.
    return next(each for each in reversed(people) if scored & set(pseudonyms(demo, each["external"])))


def pseudonyms(demo: Demo, identifier: str) -> tuple[str, ...]:
    return scan.ring_of(Deployment(**demo.outputs)).pseudonyms(identifier)


@pytest.fixture(scope="module")
def needles(demo: Demo, her: Person) -> Needles:
    own = [her["email"], her["external"], her["intercom"]]
    made = [each for one in (*own, her["hubspot"]) for each in pseudonyms(demo, one)]
    return Needles(frozenset([*own, *made]), frozenset([her["hubspot"]]))


def test_nothing_that_the_deployment_says_names_anybody(demo: Demo, people: list[Person]) -> None:
    texts = {text for each in people for name, text in each.items() if name != "hubspot" and len(text) >= SHORTEST}

    assert len(texts) > 3 * len(people)
    assert leaked(Deployment(**demo.outputs), Needles(frozenset(texts))) == []


def test_the_search_for_what_is_said_can_fail(demo: Demo) -> None:
    said = executions(demo)[0]["name"]

    assert leaked(Deployment(**demo.outputs), Needles(frozenset({said})))


def test_a_person_is_exported_whole_and_then_forgotten_to_the_last_byte(
    demo: Demo, her: Person, needles: Needles, tmp_path: Path
) -> None:
    deployment = Deployment(**demo.outputs)
    demo.holdfast("export", her["email"], "--to", str(tmp_path / "her"))
    (score,) = json.loads((tmp_path / "her" / "table-scores.json").read_text())

    assert score["reasons"]
    assert scan.scanned(deployment, needles)

    said = demo.holdfast("forget", "-", "--yes", typed=her["external"])

    assert "nothing is left" in said
    assert scan.scanned(deployment, needles) == []
    assert "nothing is held of this person: forgotten before" in demo.holdfast("forget", her["email"], expect=1)
    assert "closed asked" in demo.holdfast("privacy", "receipts")
    assert "404" in demo.holdfast("score", her["external"], expect=1)
