"""What a failed run says of itself."""

import json

from report.failure import Failure, alert_text, failed_state, was_redriven


def entered(name: str) -> dict:
    return {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": name}}


def test_the_state_before_the_failure_state_is_the_one_that_failed() -> None:
    newest_first = [entered("Failed"), {"type": "TaskFailed"}, entered("Transform"), entered("ValidateAll")]

    assert failed_state(newest_first) == "Transform"


def test_a_state_inside_a_map_is_resumed_at_the_map() -> None:
    assert failed_state([entered("Failed"), entered("Ingest"), entered("IngestAll")]) == "IngestAll"


def test_only_the_message_of_a_functions_error_is_for_people() -> None:
    cause = json.dumps({"errorMessage": "hubspot refused us", "stackTrace": ["secret path"]})

    failure = Failure.of({"failure": {"Error": "SourceRefused", "Cause": cause}}, "IngestAll", "nightly-1")

    assert failure.cause == "hubspot refused us"


def test_a_first_failure_is_not_a_redrive_and_a_second_one_is_counted() -> None:
    assert not was_redriven({}, redrives=0)
    assert was_redriven({}, redrives=1)
    assert not was_redriven({"resumed": {"count": 1}}, redrives=1)
    assert was_redriven({"resumed": {"count": 1}}, redrives=2)


def test_the_alert_says_what_why_and_the_next_command() -> None:
    subject, body = alert_text(Failure("nightly-1", "Train", "TrainingRefused", "12 churners"), "holdfast")

    assert subject == "holdfast: run nightly-1 failed in Train"
    assert body["why"] == "12 churners"
    assert body["next"].endswith("holdfast redrive nightly-1")


def test_a_subject_is_what_sns_accepts_whatever_the_run_is_called() -> None:
    subject, _ = alert_text(Failure("nächtlich-" + "x" * 200, "Train", "E", "c"), "holdfast")

    assert len(subject) == 100
    assert subject.isascii()
