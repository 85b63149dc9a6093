"""What the doctor finds of a demo that is well, and of one whose source is not."""

import json

from tests.e2e.conftest import Demo

CHECKS = [
    "python",
    "node",
    "lock",
    "configuration",
    "runtime",
    "bootstrap",
    "stack",
    "secrets",
    "secrets",
    "sources",
    "sources",
]


def test_a_demo_that_ran_is_well_in_every_check(demo: Demo) -> None:
    told = [json.loads(line) for line in demo.holdfast("doctor", "--json").splitlines()]

    assert [each["check"] for each in told] == CHECKS
    assert not [each for each in told if not each["well"] or each["mend"]]


def test_a_source_that_refuses_is_told_with_the_command_that_says_more(demo: Demo) -> None:
    demo.fault(2, token="another")
    said = demo.holdfast("doctor", expect=1)
    demo.fault(2)

    assert "→ holdfast sources check" in said
    assert said.count("✗") == 1
