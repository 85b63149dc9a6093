"""What a night writes is what was recorded of one: documents that no class draws, and the tables as they are in the lake."""

from infra.cli.deployment import Deployment
from tests.contract import night, recorded
from tests.contract.rules import broken
from tests.e2e.conftest import Demo


def test_what_a_night_writes_has_all_that_was_recorded(demo: Demo) -> None:
    found, held = night.examples(Deployment(**demo.outputs)), recorded.versions()

    assert [
        broken({kind: version[kind] for kind in ("night_documents", "night_lake")}, found) for version in held.values()
    ] == [[] for _ in held]


def test_each_message_of_a_night_says_what_was_recorded_of_it(demo: Demo) -> None:
    found, held = night.examples(Deployment(**demo.outputs))["example_messages"], recorded.versions()

    for version in held.values():
        assert {name: set(said) - set(found[name]) for name, said in version["example_messages"].items()} == {
            name: set() for name in version["example_messages"]
        }
