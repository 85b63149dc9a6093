"""What `holdfast status` says of a run: what it did, where it is, or what mends it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.cli.status import fresh, outcome, run_line

NOW = datetime(2026, 11, 2, 3, 30, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=3)
NIGHT = {
    "plan": {"run": "nightly-1"}, "validated": [{"rows": 10, "quarantined": 2}, {"rows": 5, "quarantined": 1}],
    "transformed": {"rows": 12}, "scored": {"rows": 1}, "reported": {"report": "r.html"},
}  # fmt: skip


def execution(status: str, **said: Any) -> dict[str, Any]:
    return {"name": "nightly-1", "startDate": BEGAN, "status": status, **said}


def test_a_finished_run_says_what_came_in_what_was_kept_back_and_who_was_scored() -> None:
    ended = {"output": json.dumps(NIGHT), "stopDate": BEGAN + timedelta(minutes=5)}

    line = run_line(execution("SUCCEEDED", **ended), 0.05, NOW, "Report")

    assert line.says == "12 new rows, 3 kept back, 1 customer scored"
    assert (line.seconds, line.mend, line.usd) == (300.0, "", 0.05)


def test_a_running_run_says_where_it_is_and_for_how_long() -> None:
    line = run_line(execution("RUNNING"), None, NOW, "Features")

    assert (line.says, line.seconds, line.mend) == ("in Features", 3 * 3600, "")


def test_a_failed_run_says_why_and_the_command_that_mends_it() -> None:
    line = run_line(execution("FAILED", cause="Validate: SuiteBroken: no", stopDate=NOW), None, NOW, "ValidateAll")

    assert line.says == "Validate: SuiteBroken: no"
    assert line.mend == "holdfast runs retry nightly-1"


def test_a_run_that_ended_without_a_word_says_where() -> None:
    line = run_line(execution("TIMED_OUT", stopDate=NOW), None, NOW, "Train")

    assert line.says == "ended in Train"


def test_scores_are_as_old_as_the_last_night_that_scored() -> None:
    night = run_line(execution("SUCCEEDED", output=json.dumps(NIGHT), stopDate=NOW - timedelta(hours=2)), 0.1, NOW, "")
    sync = run_line(execution("SUCCEEDED", output=json.dumps({"transformed": {"rows": 3}}), stopDate=NOW), 0.1, NOW, "")

    assert fresh([sync, night], NOW) == "scores are 2 h 0 min old; their night took 1 h 0 min from pulling to report"
    assert fresh([sync], NOW) == "nobody has been scored by the runs shown"


def test_a_run_with_nothing_to_do_says_so() -> None:
    assert outcome({"plan": {}}) == "nothing to do"
