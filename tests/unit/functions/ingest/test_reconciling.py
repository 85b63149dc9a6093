"""Every line of every log file is accounted for; a file that cannot be read fails alone, and not for ever."""

import gzip
import json
from dataclasses import replace

import pytest

from holdfast.contracts import Extract, failed_key, landed_key
from holdfast.errors import SourceGarbled
from holdfast.store import read_json, write_json
from ingest.accounts import write_failure
from ingest.landing import Landing
from ingest.planning import planned
from ingest.reconciling import counts_key
from tests.doubles.logs import Logs, line


@pytest.fixture
def logs(tmp_path) -> Logs:
    return Logs(tmp_path)


def poisoned(logs: Logs, run: str, *poison: str) -> None:
    """Plan and Ingest as the state machine goes where a function dies of some files: its batch is then read one by one."""
    plan = planned(run, logs.settings, "uploads", lambda bucket: logs.uploads, logs.ledger, logs.artifacts)
    for batch in map(Extract.parse, read_json(logs.artifacts, plan.batches)):
        names = [file["key"].removeprefix("usage/") for file in read_json(logs.artifacts, batch.batch)]
        if not set(names) & set(poison):
            logs.read(batch)
            continue
        for place, name in enumerate(names):
            alone = replace(batch, only=place)
            if name in poison:
                failed = replace(alone, failure={"Error": "Runtime.ExitError", "Cause": '{"errorMessage": "killed"}'})
                write_failure(
                    Landing(failed, logs.landing, logs.quarantine, logs.artifacts, lambda bucket: logs.uploads)
                )
            else:
                logs.read(alone)


def test_lines_of_a_file_are_what_landed_what_was_rejected_and_what_was_empty(logs):
    logs.put("x", line(1), "", "not json", line(2, os="mac"), "   ", line(3))
    logs.uploads.write("usage/y", gzip.compress(b"x" * 1000)[:20])

    logs.night("a")

    said = read_json(logs.artifacts, counts_key("a", "usage"))
    assert {name: said[name] for name in ("lines", "empty", "rows", "rejected", "gap")} == {
        "lines": 6, "empty": 2, "rows": 3, "rejected": 2, "gap": 0
    }  # fmt: skip
    assert [(file["key"], file["lines"], bool(file["broken"])) for file in said["files"]] == [
        ("usage/x", 6, False), ("usage/y", 0, True)
    ]  # fmt: skip


def test_a_line_of_which_nobody_knows_is_a_gap(logs):
    logs.put("x", line(1), line(2))
    logs.land("a")
    (key,) = [key for key in logs.artifacts.objects if "/landed/" in key]
    account = read_json(logs.artifacts, key)
    account["files"][0]["lines"] += 1
    write_json(logs.artifacts, key, account)

    logs.finish("a")

    assert logs.answer.gap == 1
    assert read_json(logs.artifacts, counts_key("a", "usage"))["files"][0]["gap"] == 1


def test_a_file_that_kills_the_function_fails_alone_and_is_named(logs):
    for name in ("x", "y", "z"):
        logs.put(name, line(ord(name)))

    poisoned(logs, "a", "y")
    logs.finish("a")

    assert [row["event_id"] for row in logs.rows()] == ["usage:e0120", "usage:e0122"]
    assert set(logs.ledger.booked("usage")) == {"uploads/usage/x", "uploads/usage/z"}
    ((subject, body),) = logs.alerts
    assert subject == "1 log files of usage cannot be read"
    assert body["files"] == ["s3://uploads/usage/y: Runtime.ExitError: killed (tried once)"]


def test_it_is_tried_alone_the_next_nights_and_put_into_quarantine_in_the_end(logs):
    logs.put("x", line(1))
    logs.put("y", line(2))

    for night in ("a", "b"):
        poisoned(logs, night, "y")
        logs.finish(night)
    logs.put("z", line(3))
    poisoned(logs, "c", "y")
    logs.finish("c")

    (told,) = logs.told("file")
    assert "tried 3 times: Runtime.ExitError: killed" in told["reason"]
    assert json.loads(told["row"])["file"] == "usage/y"
    assert "uploads/usage/y" in logs.ledger.booked("usage")
    assert [row["event_id"] for row in logs.rows()] == ["usage:e0001", "usage:e0003"]


def test_a_file_that_can_be_read_again_is_in_and_forgotten(logs):
    logs.put("x", line(1))
    poisoned(logs, "a", "x")
    logs.finish("a")

    rows = logs.night("b")

    assert [row["event_id"] for row in rows] == ["usage:e0001"]
    assert logs.alerts == []
    assert logs.ledger.note("usage", "events", "failed") == {}


def test_more_files_than_are_tolerated_fail_the_run_which_says_why(logs):
    for number in range(10):
        logs.put(f"f{number}", line(number))
    poisoned(logs, "a", "f1", "f2")

    with pytest.raises(
        SourceGarbled, match=r"2 of 10 log files cannot be read, such as .*f1: Runtime.ExitError: killed"
    ):
        logs.finish("a")


def test_a_source_of_which_nothing_can_be_read_is_garbled(logs):
    logs.put("x", "<html>", "</html>")

    with pytest.raises(SourceGarbled, match=r"usage answered garbage: all 2 lines or files were rejected.*not JSON"):
        logs.night("a")


def test_a_batch_that_is_read_after_its_files_were_read_alone_lands_once_and_the_reverse(logs):
    logs.put("x", line(1), "bad")
    logs.put("y", line(2))
    poisoned(logs, "a", "y")
    logs.land("a")

    logs.finish("a")

    assert logs.answer.rows == 2
    assert len(logs.told("parse")) == 1
    poisoned(logs, "a", "y")
    assert sum(each["rule"] == "parse" for each in logs.told()) == 1


def test_a_batch_without_any_answer_is_a_failure_of_its_files(logs):
    logs.put("x", line(1))
    planned("a", logs.settings, "uploads", lambda bucket: logs.uploads, logs.ledger, logs.artifacts)

    logs.finish("a")

    assert "ended without an answer" in logs.alerts[0][1]["files"][0]


def test_keys_of_one_batch_begin_with_no_other():
    assert landed_key("r", "work/r/usage-00001.json", "00001") == "work/r/landed/usage-00001.json"
    assert failed_key("r", "work/r/usage-00001.json", "00001-0002") == "work/r/failed/usage-00001-0002.json"
