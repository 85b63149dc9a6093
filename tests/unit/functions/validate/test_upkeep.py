"""The upkeep changes files and never rows: what is small comes together, what is old and unnamed goes, and what is needed stays."""

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import LakeDamaged, TableBusy
from holdfast.lake import Lake
from holdfast.settings import LakeUpkeep
from tests.doubles.catalog import folder_lake
from validate import compaction, upkeep

NOW = datetime.now(UTC)
MONTHS = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC))
RULE = LakeUpkeep(small_files=3)


class Folder:
    """Files of a lake that lies in a folder, each as old as it is said to be."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def put(self, files: Sequence[Path], path: str) -> list[str]:
        place = Path(path.removeprefix("file://"))
        place.mkdir(parents=True)
        return [f"file://{shutil.copy(file, place)}" for file in files]

    def older(self, path: str, before: datetime) -> list[str]:
        found = [each for each in Path(path.removeprefix("file://")).rglob("*") if each.is_file()]
        return [f"file://{each}" for each in found if each.stat().st_mtime < before.timestamp()]

    def remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            Path(path.removeprefix("file://")).unlink()
        self.removed += paths


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return folder_lake(tmp_path)


@pytest.fixture
def add(lake: Lake, tmp_path: Path) -> Callable[..., None]:
    """Adds a file of rows of a month, as a night does."""
    count = iter(range(1000))

    def one(month: int = 0, **more: list) -> None:
        number = next(count)
        rows = pa.table({"event_id": [f"e{number}"], "event_time": [MONTHS[month]], **more})
        place = Path(lake.location("events").removeprefix("file://")) / f"run={number}"
        place.mkdir(parents=True)
        pq.write_table(rows, place / "0.parquet", store_schema=False)
        lake.add_files("events", rows.schema, [f"file://{place}/0.parquet"], month_of="event_time")

    return one


def done(lake: Lake, rule: LakeUpkeep = RULE, now: datetime = NOW, files: Folder | None = None) -> upkeep.Done:
    return upkeep.kept_up(lake, files or Folder(), rule, now, lambda: True)


def data_files(lake: Lake) -> list[str]:
    return [task.file.file_path for task in lake.table("events").scan().plan_files()]


def rows(lake: Lake) -> list[str]:
    return sorted(map(repr, lake.read("events").to_pylist()))


def test_small_files_of_a_month_become_one_with_the_same_rows_in_one_commit(lake, add):
    for month in (0, 0, 0, 1, 1, 1, 1):
        add(month)
    before, commits = rows(lake), len(lake.table("events").metadata.metadata_log)

    assert done(lake).compacted == 7

    assert rows(lake) == before
    assert len(data_files(lake)) == 2
    assert len(lake.table("events").metadata.metadata_log) == commits + 1


def test_columns_that_older_files_lack_are_null_in_the_file_that_takes_their_place(lake, add):
    add()
    add(module=["m"])
    add(module=["n"], amount=[1.5])
    before = rows(lake)

    done(lake)

    (file,) = data_files(lake)
    assert pq.read_schema(file.removeprefix("file://")).names == ["event_id", "event_time", "module", "amount"]
    assert rows(lake) == before


def test_few_small_files_and_large_ones_stay_as_they_are(lake, add):
    for month in (0, 0, 1, 1):
        add(month)
    before = data_files(lake)

    assert done(lake).compacted == 0
    assert compaction.bins(lake.table("events").scan().plan_files(), compaction.Rule(1, 2)) == []
    assert data_files(lake) == before


def test_a_second_upkeep_finds_nothing_to_do(lake, add):
    for _ in range(4):
        add()
    done(lake)
    before = lake.table("events").metadata_location

    assert (done(lake).compacted, lake.table("events").metadata_location) == (0, before)


def test_what_is_said_beside_the_rows_is_still_said_beside_the_same_rows_in_other_files(lake):
    for turn in range(3):
        lake.append("events", pa.table({"a": [turn]}), {"holdfast.digest": "same"})

    done(lake)

    assert lake.said_of("events")["holdfast.digest"] == "same"
    assert len(data_files(lake)) == 1


def test_rows_that_are_not_written_as_they_were_read_are_told_and_nothing_changes(lake, add, monkeypatch):
    for _ in range(3):
        add()
    before = lake.table("events").metadata_location
    monkeypatch.setattr(compaction, "checksum_of_file", lambda path, schema: (2, 0))

    with pytest.raises(LakeDamaged, match="nothing is changed"):
        done(lake)

    assert lake.table("events").metadata_location == before


def test_rows_that_came_while_files_were_brought_together_are_kept(lake, add):
    for _ in range(3):
        add()

    class Meanwhile(Folder):
        def put(self, files: Sequence[Path], path: str) -> list[str]:
            add(1)
            return super().put(files, path)

    assert done(lake, files=Meanwhile()).compacted == 3
    assert len(rows(lake)) == 4


def test_a_table_that_was_replaced_while_its_files_were_brought_together_is_left_for_the_next_time(lake):
    for turn in range(3):
        lake.append("events", pa.table({"a": [turn]}))

    class Meanwhile(Folder):
        def put(self, files: Sequence[Path], path: str) -> list[str]:
            lake.replace("events", pa.table({"a": [9]}))
            return super().put(files, path)

    assert done(lake, files=Meanwhile()).left == ("events",)
    assert lake.read("events")["a"].to_pylist() == [9]


def test_without_time_nothing_is_begun_and_the_tables_are_named(lake, add):
    add()

    assert upkeep.kept_up(lake, Folder(), RULE, NOW, lambda: False).to_json() == {
        "tables": 0, "compacted": 0, "expired": 0, "orphans": 0, "left": ("events",)}  # fmt: skip


def test_old_snapshots_expire_and_tagged_and_newest_ones_stay(lake):
    ids = []
    for turn in range(8):
        lake.replace("features", pa.table({"a": [turn]}))
        ids.append(lake.snapshot_id("features"))
    lake.tag("features", "fs-1", ids[1])

    expired = done(lake, now=NOW + timedelta(days=31)).expired

    left = {one.snapshot_id for one in lake.table("features").snapshots()}
    assert expired > 0
    assert {ids[1], ids[-1]} <= left
    assert ids[2] not in left
    assert lake.read("features", snapshot_id=ids[1])["a"].to_pylist() == [1]


def test_schemas_go_with_the_last_snapshot_that_has_them(lake):
    for turn in range(8):
        lake.replace("features", pa.table({"id": [1], f"feature_{turn}": [turn]}))
    lake.tag("features", "mine", next(one.snapshot_id for one in lake.table("features").snapshots()))
    kept = lake.table("features").snapshot_by_name("mine").schema_id

    done(lake, now=NOW + timedelta(days=31))

    table = lake.table("features")
    assert set(table.schemas()) == {kept} | {one.schema_id for one in table.snapshots()}
    assert lake.columns("features", lake.tags("features")["mine"]) == ["id", "feature_0"]


def test_a_feature_set_that_was_last_made_long_ago_is_let_go_and_other_tags_are_not(lake):
    for turn in range(8):
        lake.replace("features", pa.table({"a": [turn]}))
        lake.tag("features", ["fs-1", "judged-1", "mine", "fs-2", "a", "b", "c", "d"][turn])

    done(lake, now=NOW + timedelta(days=RULE.keep_runs_days - 1))
    before = set(lake.tags("features"))
    done(lake, now=NOW + timedelta(days=RULE.keep_runs_days + 1))

    assert before >= {"fs-1", "judged-1", "mine", "fs-2"}
    assert before - set(lake.tags("features")) == {"fs-1", "judged-1", "fs-2"}


def test_snapshots_that_are_young_enough_stay(lake):
    for turn in range(8):
        lake.replace("features", pa.table({"a": [turn]}))

    assert done(lake, now=NOW + timedelta(days=29)).expired == 0


def aged(lake: Lake, table: str, days: int) -> None:
    for file in Path(lake.table(table).location().removeprefix("file://")).rglob("*"):
        os.utime(file, (0, (NOW - timedelta(days=days)).timestamp()))


def test_files_that_no_snapshot_needs_go_when_they_are_old_and_every_other_stays_readable(lake, add):
    for _ in range(4):
        add()
    stray = Path(lake.location("events").removeprefix("file://")) / "run=dead" / "0.parquet"
    stray.parent.mkdir()
    stray.write_bytes(b"left by a writer that was killed")
    aged(lake, "events", 4)
    young = stray.with_name("young.parquet")
    young.write_bytes(b"being written")
    ids = [one.snapshot_id for one in lake.table("events").snapshots()]
    before = {one: lake.read("events", snapshot_id=one).num_rows for one in ids}

    files = Folder()
    found = done(lake, files=files)

    assert not stray.exists()
    assert young.exists()
    assert found.orphans == len(files.removed) >= 1
    assert {one: lake.read("events", snapshot_id=one).num_rows for one in ids} == before


def test_after_expiry_the_files_of_what_was_forgotten_go(lake):
    for turn in range(8):
        lake.replace("features", pa.table({"a": [turn]}))
    aged(lake, "features", 40)
    place = Path(lake.location("features").removeprefix("file://"))
    before = len(list(place.iterdir()))

    done(lake, now=NOW + timedelta(days=31))

    assert len(list(place.iterdir())) < before
    assert lake.read("features")["a"].to_pylist() == [7]


def test_a_table_that_is_written_meanwhile_is_left_for_the_next_time(lake, add, monkeypatch):
    add()
    lake.replace("other", pa.table({"a": [1]}))

    def busy(lake: Lake, name: str, *_: object) -> int:
        if name == "events":
            raise TableBusy("events is being written by another run")
        return 0

    monkeypatch.setattr(upkeep, "expired", busy)

    found = done(lake)
    assert (found.left, found.tables) == (("events",), 1)


TEXTS = st.one_of(st.none(), st.text(max_size=5))
NUMBERS = st.one_of(st.none(), st.floats(), st.sampled_from([float("nan"), -0.0]))
SOME = st.lists(st.tuples(TEXTS, NUMBERS, st.lists(st.integers(-5, 5), max_size=2)), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(st.lists(SOME, min_size=3, max_size=5))
def test_any_rows_come_through_unchanged(tmp_path_factory, parts):
    lake = folder_lake(tmp_path_factory.mktemp("lake"))
    for part in parts:
        columns = {"t": pa.array([one[0] for one in part], pa.string()),
                   "n": pa.array([one[1] for one in part], pa.float64()),
                   "l": pa.array([one[2] for one in part], pa.list_(pa.int64()))}  # fmt: skip
        lake.append("events", pa.table(columns))
    before = rows(lake)

    assert done(lake).compacted == len(parts)
    assert rows(lake) == before
