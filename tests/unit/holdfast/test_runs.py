"""What is written down of a run."""

import json
from datetime import UTC, datetime

from holdfast.runs import outlived, record, recorded, revision, tag_of
from holdfast.store import MemoryStore

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
