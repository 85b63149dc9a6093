"""What Step Functions says of an execution."""

from collections.abc import Iterable, Iterator
from typing import Any


def entered_states(events: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Names of the states that an execution's events say were entered, one for each time, in the order of the events."""
    return (event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event)
