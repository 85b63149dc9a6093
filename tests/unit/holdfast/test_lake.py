"""Tables of the lake are replaced whole, columns included."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from holdfast.lake import Lake
from tests.doubles.catalog import folder_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return folder_lake(tmp_path)


def rows(**columns: list) -> pa.Table:
    return pa.table(columns)


def test_replacing_with_the_same_rows_commits_nothing(lake):
    lake.replace("features", rows(a=[1, 2], b=[1.0, None]))
    before = lake.snapshot_id("features")

    changed = lake.replace("features", rows(a=[1, 2], b=[1.0, None]))

    assert not changed
    assert lake.snapshot_id("features") == before


def test_the_same_rows_under_other_properties_are_a_change(lake):
    lake.replace("features", rows(a=[1]), {"set": "one"})

    assert lake.replace("features", rows(a=[1]), {"set": "two"})
    assert lake.table("features").current_snapshot().summary["set"] == "two"


def test_replacing_gives_the_table_the_new_columns_in_their_order(lake):
    lake.replace("features", rows(id=["x"], a=[1.0], b=[2.0], c=[3.0]))

    lake.replace("features", rows(id=["y"], d=[4.0], c=[3.0], a=[1.0]))

    assert lake.read("features").to_pydict() == {"id": ["y"], "d": [4.0], "c": [3.0], "a": [1.0]}
    assert lake.read("features").column_names == ["id", "d", "c", "a"]


def test_an_older_snapshot_keeps_its_own_columns(lake):
    lake.replace("features", rows(id=["x"], a=[1.0], b=[2.0]))
    older = lake.snapshot_id("features")

    lake.replace("features", rows(id=["y"], a=[5.0]))

    assert lake.read("features", snapshot_id=older).to_pydict() == {"id": ["x"], "a": [1.0], "b": [2.0]}


def test_a_column_that_was_gone_may_come_back(lake):
    for columns in ({"a": [1.0], "b": [2.0]}, {"a": [1.0]}, {"b": [7.0], "a": [1.0]}):
        lake.replace("features", rows(**columns))

    assert lake.read("features").to_pydict() == {"b": [7.0], "a": [1.0]}


@pytest.mark.parametrize(
    ("before", "now"),
    [(["1"], [1.5]), ([1.5], ["x"]), ([1], [1.5]), ([True], ["x"]), ([1.5], [datetime(2026, 1, 1, tzinfo=UTC)])],
)
def test_a_column_of_another_type_takes_that_type_and_older_snapshots_keep_theirs(lake, before, now):
    lake.replace("raw", rows(id=["x"], a=before, b=[1]))
    older = lake.snapshot_id("raw")

    lake.replace("raw", rows(id=["x"], a=now, b=[1]))

    assert lake.read("raw").to_pydict() == {"id": ["x"], "a": now, "b": [1]}
    assert lake.read("raw", snapshot_id=older).to_pydict() == {"id": ["x"], "a": before, "b": [1]}


def test_columns_and_rows_change_in_one_commit_or_not_at_all(lake):
    lake.replace("raw", rows(id=["x"], a=["1"]))
    impossible = pa.table({"id": ["x"], "a": [1.0], "c": pa.array([None], pa.null())})

    with pytest.raises(Exception, match="null"):
        lake.replace("raw", impossible)

    assert lake.read("raw").to_pydict() == {"id": ["x"], "a": ["1"]}
