"""What is written down of a run."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from holdfast.runs import keep, outlived, record, recorded, revision, tag_of
from holdfast.store import MemoryStore
from tests.doubles.catalog import folder_lake

DAY = datetime(2026, 11, 24, 3, tzinfo=UTC)


def test_states_add_to_what_is_known_of_a_run_and_a_second_try_changes_nothing():
    store = MemoryStore()
    for _ in range(2):
        record(store, "n", revision={"git": "a"})
        record(store, "n", bundle="b")

    assert recorded(store, "n") == {"run": "n", "revision": {"git": "a"}, "bundle": "b"}


def test_the_revision_lies_beside_the_configuration_or_is_unknown(tmp_path):
    config = tmp_path / "holdfast.toml"
    assert revision(str(config)) == {}

    (tmp_path / "revision.json").write_text(json.dumps({"git": "abc"}))

    assert revision(str(config)) == {"git": "abc"}


def test_tags_of_runs_outlive_their_days_and_others_stay():
    tags = [tag_of("old", datetime(2026, 8, 1, tzinfo=UTC)), tag_of("new", DAY), "fs-123", "run-of-mine", "main"]

    assert outlived(tags, DAY, 90) == ["run-2026-08-01-old"]


def test_a_run_keeps_what_it_read_and_a_night_that_changed_nothing_commits_nothing(tmp_path):
    lake = folder_lake(tmp_path)
    lake.replace("customers", pa.table({"id": [1]}))
    read = {"customers": lake.snapshot_id("customers") or 0}

    keep(lake, "first", DAY, read)
    kept = lake.tags("customers")
    keep(lake, "second", DAY + timedelta(days=1), read)

    assert kept[tag_of("first", DAY)] == read["customers"]
    assert lake.tags("customers") == kept


def test_a_snapshot_that_is_used_for_long_is_kept_for_its_last_users(tmp_path):
    lake, late = folder_lake(tmp_path), DAY + timedelta(days=30)
    lake.replace("customers", pa.table({"id": [1]}))
    read = {"customers": lake.snapshot_id("customers") or 0}
    keep(lake, "first", DAY, read)

    keep(lake, "late", late, read)

    assert lake.tags("customers")[tag_of("late", late)] == read["customers"]


def test_tags_that_are_let_go_leave_the_rows(tmp_path):
    lake = folder_lake(tmp_path)
    lake.replace("customers", pa.table({"id": [1]}))
    keep(lake, "first", DAY, {"customers": lake.snapshot_id("customers") or 0})

    lake.untag("customers", [tag_of("first", DAY)])

    assert tag_of("first", DAY) not in lake.tags("customers")
    assert lake.read("customers").num_rows == 1
