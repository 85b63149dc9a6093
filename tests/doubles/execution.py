"""An execution of a synthesised state machine by calculation: no clock, no service, each task answers what it is told to.

It keeps what Step Functions limits: how many events the history of the execution has, and how large what enters and leaves each state is.
Events are as AWS lists them for `GetExecutionHistory`. A Distributed Map's items are executions of their own, with histories of their own.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[Any, int], Any]
"""What a task answers to its input when it is invoked for the nth time (from 0) for the same item."""
TRY = 3
"""Scheduled, started, and how it ended."""
CONTEXT = {
    "Execution": {"Name": "n" * 80, "Id": "arn:" + "i" * 300, "Input": {"reason": "r" * 1000}},
    "Task": {"Token": "t" * 1000},
    "State": {"RetryCount": 5},
}
"""Names and tokens as long as Step Functions makes them."""


class Failing(Exception):
    """What a task raises that fails for good."""


@dataclass
class Execution:
    """One execution, and those that its Distributed Maps start."""

    answers: dict[str, Answer]
    worst: bool = False
    """Whether each task fails as often as the definition tries it again, and answers only then."""
    events: int = 2
    """It started, it ended."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of the largest input or output by state."""
    children: list["Execution"] = field(default_factory=list)

    def run(self, machine: dict[str, Any], document: Any, context: dict[str, Any] = CONTEXT) -> Any:
        """The output."""
        name: str | None = machine["StartAt"]
        rounds: dict[str, int] = {}
        while name:
            state = machine["States"][name]
            self._measure(name, document)
            document, name = self._state(name, state, document, context, rounds)
        return document

    def _state(
        self, name: str, state: dict[str, Any], document: Any, context: dict[str, Any], rounds: dict[str, int]
    ) -> Any:
        self.events += 2
        try:
            if state["Type"] == "Choice":
                return document, next(
                    (each["Next"] for each in state["Choices"] if _holds(each, document)), state["Default"]
                )
            result = self._result(name, state, document, context, rounds)
        except Failing as error:
            (catch,) = state["Catch"]
            return _put(document, catch["ResultPath"], {"Error": "E" * 256, "Cause": str(error)}), catch["Next"]
        if isinstance(result, list | dict) and "ResultSelector" in state:
            result = filled(state["ResultSelector"], result, context)
        document = _put(document, state.get("ResultPath", "$"), result)
        self._measure(name, document)
        return document, state.get("Next")

    def _result(
        self, name: str, state: dict[str, Any], document: Any, context: dict[str, Any], rounds: dict[str, int]
    ) -> Any:
        kind = state["Type"]
        if kind == "Task":
            return self._task(name, state, document, context, rounds)
        if kind == "Parallel":
            self.events += 2
            return [self.run(branch, document, context) for branch in state["Branches"]]
        if kind == "Map":
            return self._map(name, state, document, context)
        if kind == "Pass" and "Result" in state:
            return state["Result"]
        return filled(state["Parameters"], document, context) if "Parameters" in state else document

    def _task(
        self, name: str, state: dict[str, Any], document: Any, context: dict[str, Any], rounds: dict[str, int]
    ) -> Any:
        asked = filled(state["Parameters"], document, context) if "Parameters" in state else document
        self._measure(name, asked)
        tries = 1 + self.worst * sum(each["MaxAttempts"] for each in state.get("Retry", ()))
        self.events += tries * (TRY + state["Resource"].endswith(("Token", ".sync")))
        done = rounds[name] = rounds.get(name, -1) + 1
        answer = self.answers[name](asked, done)
        self._measure(name, answer)
        return answer

    def _map(self, name: str, state: dict[str, Any], document: Any, context: dict[str, Any]) -> Any:
        self.events += 2
        distributed = state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        items = self.answers[name](document, 0) if "ItemReader" in state else _at(state["ItemsPath"], document, context)
        self._measure(name, [] if distributed else items)
        found = []
        for item in items:
            own = context | {"Map": {"Item": {"Value": item}}}
            asked = filled(state["ItemSelector"], document, own) if "ItemSelector" in state else item
            found.append((self._child if distributed else self._iteration)(state, asked, own))
        return {} if distributed else found

    def _iteration(self, state: dict[str, Any], asked: Any, context: dict[str, Any]) -> Any:
        self.events += 2
        return self.run(state["ItemProcessor"], asked, context)

    def _child(self, state: dict[str, Any], asked: Any, context: dict[str, Any]) -> Any:
        child = Execution(self.answers, self.worst)
        self.children.append(child)
        return child.run(state["ItemProcessor"], asked, context)

    def _measure(self, name: str, document: Any) -> None:
        size = len(json.dumps(document, separators=(",", ":")).encode())
        self.sizes[name] = max(self.sizes.get(name, 0), size)


def filled(template: Any, document: Any, context: dict[str, Any]) -> Any:
    """A payload template with its paths replaced by what they lead to."""
    if isinstance(template, list):
        return [filled(each, document, context) for each in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _at(value, document, context)
        if key.endswith(".$")
        else filled(value, document, context)
        for key, value in template.items()
    }


def _at(path: str, document: Any, context: dict[str, Any]) -> Any:
    if path.startswith("States."):
        inner = re.fullmatch(r"States\.Array\((.*)\)", path)
        assert inner, f"{path} is not calculated here"
        return [_at(inner[1], document, context)]
    found = context if path.startswith("$$") else document
    for index, name in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        found = found[int(index)] if index else found[name]
    return found


def _put(document: Any, path: str | None, result: Any) -> Any:
    if path is None:
        return document
    return result if path == "$" else {**document, path.removeprefix("$."): result}


def _holds(rule: dict[str, Any], document: Any) -> bool:
    if "And" in rule:
        return all(_holds(each, document) for each in rule["And"])
    try:
        value = _at(rule["Variable"], document, {})
    except KeyError:
        assert rule.get("IsPresent") is True, f"{rule} would fail the execution"
        return False
    compared = {
        "IsPresent": lambda wanted: wanted is True,
        "StringEquals": lambda wanted: value == wanted,
        "NumericGreaterThan": lambda wanted: value > wanted,
        "NumericGreaterThanEquals": lambda wanted: value >= wanted,
    }
    ((how, wanted),) = ((key, each) for key, each in rule.items() if key not in ("Variable", "Next"))
    return bool(compared[how](wanted))
