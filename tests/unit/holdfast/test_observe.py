"""What every state of the chain says of itself."""

import json
from typing import Any

import pytest

from holdfast.observe import step
from tests.doubles.context import CONTEXT


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The metrics that an invocation wrote."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    (metrics,) = [line for line in lines if "Seconds" in line]
    return metrics


def test_a_state_that_succeeds_says_so_and_counts_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    answer = step(lambda event, context: {"rows": 3, "rejected": 1})({"run": "r"}, CONTEXT)

    metrics = told(capsys)
    assert answer == {"rows": 3, "rejected": 1}
    assert (metrics["Succeeded"], metrics["RowsOut"], metrics["RowsRejected"]) == ([1.0], [3.0], [1.0])


def test_a_state_that_fails_tells_its_seconds_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        step(failing)({"run": "r"}, CONTEXT)

    assert "Succeeded" not in told(capsys)
