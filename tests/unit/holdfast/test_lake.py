"""Tables of the lake are replaced whole, columns included."""

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
