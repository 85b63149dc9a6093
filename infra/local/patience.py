"""More time than on AWS, for a machine that does much else: what is deployed to the embedded runtime may take so many times as long."""

import re
from typing import Any

from infra.catalogue import FUNCTIONS

_LIMITS = re.compile(r'"(TimeoutSeconds|HeartbeatSeconds)":\s*(\d+)')
_KNOWN = "Features"
"""The function by which is seen how much was given before."""


def give(functions: Any, steps: Any, machine: str, times: int) -> None:
    """Let every function (`functions` is a client of Lambda) and every state of a state machine (of Step Functions) go on for so many
    times as long as the catalogue and the chain say, whatever they were given before."""
    there = [each for page in functions.get_paginator("list_functions").paginate() for each in page["Functions"]]
    given = next(each["Timeout"] for each in there if _name(each) == _KNOWN) // FUNCTIONS[_KNOWN].timeout_s
    if given == times:
        return
    for each in there:
        functions.update_function_configuration(
            FunctionName=each["FunctionName"], Timeout=each["Timeout"] // given * times
        )
    deployed = steps.describe_state_machine(stateMachineArn=machine)["definition"]
    steps.update_state_machine(stateMachineArn=machine, definition=longer(deployed, given, times))


def longer(definition: str, given: int, times: int) -> str:
    """A state machine with limits that were `given` times as long as the chain's so many `times` as long."""
    return _LIMITS.sub(lambda limit: f'"{limit[1]}":{int(limit[2]) // given * times}', definition)


def _name(function: dict[str, Any]) -> str:
    return str(function.get("Environment", {}).get("Variables", {}).get("POWERTOOLS_SERVICE_NAME", ""))
