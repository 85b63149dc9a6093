"""Log files between two nights of a deployed demo: a new field, an object that cannot be read, and what people are told."""

import json

import pytest

from holdfast.lake import glue_lake
from holdfast.ledger import MemoryLedger
from holdfast.locks import Locks
from tests.e2e.conftest import CUSTOMERS, Day, Demo


def test_a_new_field_is_a_column_and_an_archived_file_fails_alone(
    demo: Demo, odd_files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts, schema = demo.holdfast("alerts"), demo.holdfast("schema", "show", "usage")

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    outputs = demo.outputs
    lake = glue_lake(
        outputs["database"],
        outputs["lake_bucket"],
        outputs["region"],
        Locks(MemoryLedger()),
        endpoint=outputs["endpoint"],
    )
    events = lake.read("events")
    assert events is not None
    entered = dict(zip(events["event_id"].to_pylist(), events["experiment"].to_pylist(), strict=True))
    assert {n: entered.get(f"usage:night-{n}", "not there") for n in range(3)} == {0: "blue", 1: "not there", 2: "blue"}
    assert "2 rows of log files, 1 files failed, 1 changes of schema" in odd_files
    assert "experiment is new: column experiment (text)" in alerts
    assert "archived.ndjson" in alerts
    assert "experiment" in schema


def test_a_file_that_cannot_be_read_is_tried_again_the_next_night(day: Day) -> None:
    assert "0 rows of log files, 1 files failed" in day.said


def test_what_entered_through_the_distributed_map_is_what_was_uploaded(demo: Demo) -> None:
    outputs = demo.outputs
    listed = demo.client("s3").list_objects_v2(Bucket=outputs["artifacts_bucket"], Prefix="reconciliation/")["Contents"]
    read = {each["Key"]: json.loads(_body(demo, each["Key"])) for each in listed}
    first = min(key for key in read if key.endswith("/files/usage.json"))
    table = read[first.replace("files/usage.json", "table.json")]

    truth = json.loads((demo.state / f"world-{CUSTOMERS}-7" / "truth.json").read_text())["usage"]
    assert read[first]["lines"] == truth["lines"]
    assert read[first]["rejected"] == truth["malformed"]
    assert table["entered"] == truth["lines"] - truth["malformed"] - truth["duplicates"]
    assert table["repeats"] == truth["duplicates"]
    assert all(each["gap"] == 0 for key, each in read.items() if not key.endswith("kept_out.json"))


def _body(demo: Demo, key: str) -> bytes:
    return bytes(demo.client("s3").get_object(Bucket=demo.outputs["artifacts_bucket"], Key=key)["Body"].read())
