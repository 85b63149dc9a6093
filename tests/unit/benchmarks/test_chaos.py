"""What a seed draws, when it befalls, and what the checksums see."""

import gzip
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from benchmarks.chaos import summed, well
from benchmarks.chaos_door import Answer, Asked
from benchmarks.chaos_faults import KINDS, NIGHTS, REFUSALS, STATES, Befalling, Fault, drawn
from benchmarks.chaos_files import dated
from benchmarks.chaos_nights import Story, waited
from benchmarks.chaos_stage import Stage
from benchmarks.chaos_sums import Differing, counted, differing

TO_S3 = Asked(1, "Transform", "s3", "PUT", "/lake/x")


def befalling(*faults: Fault, filled: list[int] | None = None, **usual: int) -> Befalling:
    return Befalling(faults, usual, lambda: (filled if filled is not None else []).append(1))


def test_a_seed_draws_the_same_schedule_again() -> None:
    assert drawn(17) == drawn(17)
    assert drawn(17) != drawn(17 + len(KINDS))


def test_a_series_of_seeds_meets_every_kind_of_fault_and_kills_every_state() -> None:
    schedules = [drawn(seed) for seed in range(len(KINDS) * len(STATES))]

    faults = [fault for schedule in schedules for fault in schedule.faults]
    assert {fault.kind for fault in faults} == {*KINDS}
    assert {fault.where for fault in faults if fault.kind == "killed"} == {*STATES}
    assert {fault.where for fault in faults if fault.kind == "throttled"} == {*REFUSALS}
    assert {schedule.night for schedule in schedules} == {*NIGHTS}
    assert {schedule.redriven for schedule in schedules} == {True, False}


def test_a_kind_that_cannot_be_met_here_is_left_out() -> None:
    kinds = {fault.kind for seed in range(100) for fault in drawn(seed, frozenset({"disk_full"})).faults}

    assert kinds == {*KINDS} - {"disk_full"}


def test_a_burst_of_refusals_begins_at_its_request_and_ends() -> None:
    door = befalling(Fault("throttled", "s3", at=0.5, count=2), s3=5)

    answers = [door(TO_S3, False) for _ in range(6)]

    assert [isinstance(each, Answer) for each in answers] == [False, False, True, True, False, False]
    assert door.happened == {"throttled": 2}


def test_what_happens_after_an_answer_waits_for_it() -> None:
    door = befalling(Fault("cut", "Transform", at=0.0, after=True), Transform=9)

    assert [door(TO_S3, after) for after in (False, True, False, True)] == [None, "cut", None, None]


def test_requests_of_others_are_let_through() -> None:
    door = befalling(Fault("hung", "Features", at=0.0), Features=9)

    assert door(TO_S3, False) is None
    assert door(Asked(1, "Features", "glue", "POST", "/"), False) == "hold"


def test_the_disk_is_filled_and_the_request_goes_on() -> None:
    filled: list[int] = []
    door = befalling(Fault("disk_full", "Transform"), filled=filled, Transform=1)

    assert door(TO_S3, False) is None
    assert filled == [1]


def test_rows_that_are_missing_and_rows_that_are_there_twice_are_counted() -> None:
    whole = {"events": Counter("aabc"), "deals": Counter("x"), "emails": Counter("y")}
    ours = {"events": Counter("abbbc"), "deals": Counter("x"), "calls": Counter("z")}

    assert differing(ours, whole) == [Differing("calls", 0, 1), Differing("emails", 1, 0), Differing("events", 1, 2)]
    assert differing(whole, whole) == []


def test_when_and_by_which_run_a_row_was_written_is_no_difference() -> None:
    row = {"id": "1", "name": "a", "_updated_at": 1, "_removed": False}
    gone = row | {"_removed": True}

    assert counted([row | {"run": "x", "_known_at": 1}]) == counted([row | {"run": "y", "_known_at": 2}])
    assert counted([gone]) == counted([gone | {"_updated_at": 2}])
    assert counted([row]) != counted([row | {"_updated_at": 2}])
    assert counted([row]) != counted([gone])
    assert counted([row, row]) != counted([row])


def test_lines_of_another_day_are_other_events() -> None:
    line = {"event_id": "e", "ts": "2026-10-31T19:11:57.116Z", "received_at": "2026-10-31T23:00:00Z", "event": "edit"}
    later = json.loads(gzip.decompress(dated(gzip.compress(json.dumps(line).encode()), 2)))

    assert later == line | {"event_id": "e-2", "ts": "2026-11-02T19:11:57.116Z", "received_at": "2026-11-02T23:00:00Z"}


def test_a_series_says_what_was_lost_and_which_seeds_were_not_mended() -> None:
    stories = [_story(1, ["SUCCEEDED"]), _story(2, ["FAILED: x", "SUCCEEDED"], mended=["redrive"]),
               _story(3, ["FAILED: x"], wrong=[asdict(Differing("events", 2, 1))]), _story(4, ["FAILED: x", "SUCCEEDED"])]  # fmt: skip

    answer = summed(stories)

    assert answer["runs"] == 4
    assert answer["faults"] == {"twice": 4}
    assert answer["mended_by"] == {"itself": 3, "redrive": 1}
    assert answer["not_mended"] == [3]
    assert answer["rows_lost_or_duplicated"] == 3


def test_a_run_that_failed_after_the_last_redrive_is_not_well() -> None:
    assert not well(_story(1, ["SUCCEEDED", "FAILED: x"], mended=["night"]))


def _story(seed: int, ended: list[str], **told: Any) -> dict[str, Any]:
    return asdict(Story(seed, "first", [asdict(Fault("twice"))], ended=ended, rows=10, **told))


def test_a_series_whose_runtime_is_gone_ends_with_a_sentence(tmp_path: Path) -> None:
    def unanswered(**_: str) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    stage = Stage(tmp_path, 1, 60)
    stage.__dict__["steps"] = SimpleNamespace(describe_execution=unanswered)

    with pytest.raises(SystemExit, match="killed from outside"):
        waited(stage, "arn")
