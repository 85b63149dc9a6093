"""What an operator sees of a run."""

import json
from datetime import UTC, datetime, timedelta

from infra.cli.follow import progress_of, summary, waits_of

START = datetime(2026, 11, 1, 3, tzinfo=UTC)


def entered(name: str, second: int) -> dict:
    return {"timestamp": START + timedelta(seconds=second), "stateEnteredEventDetails": {"name": name}}


def exited(name: str, second: int, document: dict) -> dict:
    details = {"name": name, "output": json.dumps(document)}
    return {"timestamp": START + timedelta(seconds=second), "stateExitedEventDetails": details}


def test_only_the_states_of_the_chain_are_shown() -> None:
    events = [entered("Resume", 0), entered("Plan", 1), {"timestamp": START}, exited("Plan", 2, {"plan": {}})]

    assert [(p.state, p.document) for p in progress_of(events)] == [("Plan", None), ("Plan", {"plan": {}})]


def test_rows_of_all_streams_are_added_up_and_rejected_ones_are_named() -> None:
    landed = [{"table": "a", "rows": 1200, "rejected": 0}, {"table": "b", "rows": 34, "rejected": 2}]

    assert summary("IngestAll", {"ingested": {"streams": landed}}) == "1,234 rows, 2 rejected of streams and tables"


def test_of_log_files_everything_that_is_not_as_it_should_be_is_named():
    well = {"rows": 1200, "rejected": 0, "failed": 0, "gap": 0, "changes": 0}

    assert summary("Reconcile", {"reconciled": well}) == "1,200 rows of log files"
    assert summary("Reconcile", {"reconciled": well | {"failed": 1, "changes": 3}}) == (
        "1,200 rows of log files, 1 files failed, 3 changes of schema"
    )


def test_a_state_that_was_caught_is_said_to_have_failed() -> None:
    assert summary("Train", {"failure": {"Error": "TrainingRefused"}}) == "failed"


def test_what_the_state_machine_waits_for_is_said() -> None:
    asked = {"table": "crm_contacts", "wait_until": "2026-11-02T00:00:00Z"}
    wait = {"timestamp": START, "stateEnteredEventDetails": {"name": "SourceWantsQuiet", "input": json.dumps(asked)}}

    assert list(waits_of([entered("Plan", 0), wait])) == ["crm_contacts wants quiet until 2026-11-02T00:00:00Z"]


def test_what_goes_to_spark_is_said_with_its_size() -> None:
    grouped = {"request": "s3://l/cells/r/request.json", "cells": "cells/r/", "rows": 2_000_000_000}

    assert summary("Group", {"grouped": grouped}) == "2,000,000,000 rows of activity, which Spark groups"
    assert summary("GroupOnSpark", {"grouped": grouped, "spark": {"by": "Spark"}}) == "grouped by Spark"
