"""A past run is made again from what it found, and only if the same comes out."""

import pytest

from features.again import digests, made_again, unchanged
from features.features import kept
from features.held import tables_of
from features.synthesis import Synthesis, synthesise
from holdfast.contracts import FeaturesWanted
from holdfast.errors import NoData, RunDiffers
from holdfast.lake import Lake
from holdfast.runs import record, recorded
from holdfast.store import MemoryStore
from tests.doubles.catalog import folder_lake
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings

AS_OF = at(120)
REVISION = {"git": "0123456789abcdef", "dirty": False, "files": {"uv.lock": "1", "holdfast.toml": "2"}}


def enter(lake: Lake, people: int) -> dict[str, int]:
    """A night's tables, and their snapshots."""
    rows = [
        {"who": f"c{i % people}", "day": 120 - i * i % 119, "kind": "login", "minutes": float(i % 11)}
        for i in range(1, 200)
    ]
    lake.replace("customers", customers([f"c{i}" for i in range(people)]))
    lake.replace("events", activity(rows))
    return {name: lake.snapshot_id(name) or 0 for name in ("customers", "events")}


def made_from(lake: Lake, snapshots: dict[str, int], text: str = SMALL) -> Synthesis:
    return synthesise(tables_of(lake, snapshots), settings(), definitions(text), AS_OF)


def a_run(lake: Lake, store: MemoryStore, snapshots: dict[str, int]) -> FeaturesWanted:
    made = made_from(lake, snapshots)
    answer = kept(made, lake, store, AS_OF.isoformat())
    wrote = {"training_examples": answer.examples_snapshot, "features": answer.features_snapshot}
    record(store, "first", revision=REVISION, feature_set=answer.feature_set, matrix=digests(made), wrote=wrote)
    return FeaturesWanted("again-1", AS_OF.isoformat(), snapshots, {"again": "first"})


def test_after_another_night_the_first_comes_out_the_same_and_the_lake_is_left_alone(tmp_path):
    lake, store = folder_lake(tmp_path), MemoryStore()
    wanted = a_run(lake, store, first := enter(lake, 7))
    second = enter(lake, 5)
    kept(made_from(lake, second), lake, store, AS_OF.isoformat())
    newest = lake.snapshot_id("features"), lake.snapshot_id("training_examples")

    answer = made_again(made_from(lake, first), wanted, store)

    assert answer.examples_snapshot == recorded(store, "first")["wrote"]["training_examples"] != newest[1]
    assert (lake.snapshot_id("features"), lake.snapshot_id("training_examples")) == newest
    assert recorded(store, "again-1")["again"] == "first"


def test_what_comes_out_another_way_is_refused_with_the_revision_to_deploy(tmp_path):
    lake, store = folder_lake(tmp_path), MemoryStore()
    wanted = a_run(lake, store, enter(lake, 7))

    with pytest.raises(RunDiffers, match=r"another training_examples.*check out 0123456789ab and deploy that first"):
        made_again(made_from(lake, enter(lake, 5)), wanted, store)


def test_files_that_differ_are_named():
    past = {"run": "first", "revision": REVISION}

    unchanged(past, REVISION)
    with pytest.raises(RunDiffers, match=r"other content of uv.lock: check out 0123456789ab"):
        unchanged(past, {"git": "fff", "files": REVISION["files"] | {"uv.lock": "3"}})


def test_a_snapshot_that_is_gone_is_said(tmp_path):
    lake = folder_lake(tmp_path)
    enter(lake, 7)

    with pytest.raises(NoData, match="table customers no longer has its snapshot 12"):
        tables_of(lake, {"customers": 12})
