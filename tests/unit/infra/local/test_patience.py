"""How much longer than on AWS what is deployed may take. Lambda and Step Functions are stood in for by what they keep."""

import json
from typing import Any

import pytest

from infra.catalogue import FUNCTIONS
from infra.local import patience

MACHINE = json.dumps({
    "StartAt": "Features",
    "States": {
        "Features": {"Type": "Task", "TimeoutSeconds": 930},
        "Train": {"Type": "Task", "TimeoutSeconds": 3600, "HeartbeatSeconds": 90, "Retry": [{"IntervalSeconds": 2}]},
    },
})  # fmt: skip


class Runtime:
    """Keeps the limits of functions and of one state machine."""

    def __init__(self) -> None:
        self.limits = {name: spec.timeout_s for name, spec in FUNCTIONS.items()}
        self.definition = MACHINE
        self.updates = 0

    def get_paginator(self, _: str) -> "Runtime":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        said = {name: {"Variables": {"POWERTOOLS_SERVICE_NAME": name}} for name in self.limits}
        return [
            {"Functions": [{"FunctionName": name, "Timeout": limit, "Environment": said[name]}]}
            for name, limit in self.limits.items()
        ]

    def update_function_configuration(self, *, FunctionName: str, Timeout: int) -> None:  # noqa: N803
        self.limits[FunctionName] = Timeout
        self.updates += 1

    def describe_state_machine(self, **_: str) -> dict[str, str]:
        return {"definition": self.definition}

    def update_state_machine(self, *, definition: str, **_: str) -> None:
        self.definition = definition

    def given(self, times: int) -> "Runtime":
        patience.give(self, self, "arn:machine", times)
        return self


def test_functions_states_and_heartbeats_may_take_longer_and_nothing_else_changes() -> None:
    runtime = Runtime().given(6)
    states = json.loads(runtime.definition)["States"]

    assert (runtime.limits["Features"], runtime.limits["Webhook"]) == (5400, 60)
    assert states["Features"]["TimeoutSeconds"] == 5580
    assert (states["Train"]["HeartbeatSeconds"], states["Train"]["Retry"][0]["IntervalSeconds"]) == (540, 2)


@pytest.mark.parametrize("times", [1, 4, 6])
def test_what_was_given_before_does_not_add_up_and_can_be_taken_back(times: int) -> None:
    again, once = Runtime().given(6).given(times), Runtime().given(times)

    assert again.limits == once.limits
    assert json.loads(again.definition) == json.loads(once.definition)


def test_as_long_as_on_aws_nothing_is_touched() -> None:
    assert Runtime().given(1).updates == 0
