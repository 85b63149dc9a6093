"""After a rotation every table says the same of the same people, under the current key, however often the work was cut short."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from holdfast.keyring import UNDER, keyring
from holdfast.lake import Lake
from tests.doubles.catalog import folder_lake
from tests.unit.functions.validate.test_upkeep import Folder
from validate import rekeying
from validate.rekeying import pending, rekeyed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BORN = keyring("a1B2" * 16, "s")
RING = BORN.rotated(NOW)
FIRST, KEY = BORN.current, RING.current
PEOPLE = [f"u-{n}" for n in range(5)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = folder_lake(tmp_path)
    ids = FIRST.each(PEOPLE)
    made.replace("customers", pa.table({"customer_id": ids, "plan": ["a", "b", None, "k1_x", "c"]}))
    for night in range(3):
        rows = {"event_id": [f"{night}{n}" for n in range(5)], "customer_id": [None, *ids[1:]],
                "account_id": FIRST.each(PEOPLE, "account"), "amount": [1.5] * 5}  # fmt: skip
        made.append("events", pa.table(rows))
    made.append("scores_history", pa.table({"customer_id": ids}))
    return made


def column(lake: Lake, table: str, name: str) -> list:
    return lake.read(table)[name].to_pylist()


def everything(lake: Lake) -> dict[str, list]:
    return {name: sorted(map(str, lake.read(name).to_pylist())) for name in lake.names()}


def test_every_column_of_pseudonyms_goes_on_and_nothing_else_changes(lake):
    before = lake.read("events").sort_by("event_id")

    done = rekeyed(lake, Folder(), KEY)

    after = lake.read("events").sort_by("event_id")
    assert after["customer_id"].to_pylist() == [None, *KEY.each(PEOPLE[1:])] * 3
    assert after["account_id"].to_pylist() == KEY.each(PEOPLE, "account") * 3
    assert after.select(["event_id", "amount"]) == before.select(["event_id", "amount"])
    assert column(lake, "customers", "customer_id") == KEY.each(PEOPLE)
    assert column(lake, "customers", "plan") == ["a", "b", None, "k1_x", "c"]
    assert (done.tables, done.files, done.left) == (3, 5, ())
    assert pending(lake, KEY) == ["scores_history"]


def test_a_second_time_changes_nothing(lake):
    rekeyed(lake, Folder(), KEY)
    before = {name: lake.snapshot_id(name) for name in lake.names()}

    assert rekeyed(lake, Folder(), KEY).files == 0
    assert {name: lake.snapshot_id(name) for name in lake.names()} == before


def test_with_one_key_no_table_is_looked_at(lake, monkeypatch):
    monkeypatch.setattr(Lake, "table", None)
    assert rekeyed(lake, Folder(), FIRST).tables == 0


@pytest.mark.parametrize("turn", range(9))
def test_whoever_is_killed_is_finished_by_the_next(lake, monkeypatch, turn):
    """Killed before its nth commit, wherever that is."""
    commits = iter(range(100))
    exchange, changed = rekeying.compaction.exchange, Lake.changed

    def dying(self, name, doing="writing"):
        if next(commits) == turn:
            raise KeyboardInterrupt
        return changed(self, name, doing)

    monkeypatch.setattr(rekeying, "_FILES", 1)
    monkeypatch.setattr(Lake, "changed", dying)
    if turn < 8:
        with pytest.raises(KeyboardInterrupt):
            rekeyed(lake, Folder(), KEY)
    monkeypatch.undo()
    assert rekeying.compaction.exchange is exchange

    rekeyed(lake, Folder(), KEY)

    known = set(column(lake, "events", "customer_id")) - {None}
    assert known == set(KEY.each(PEOPLE[1:]))
    assert set(column(lake, "customers", "customer_id")) == set(KEY.each(PEOPLE))
    assert lake.read("events").num_rows == 15
    assert all(lake.table(name).properties[UNDER] == "k2" for name in lake.names())


def test_what_there_is_no_time_for_is_named_and_done_later(lake, monkeypatch):
    monkeypatch.setattr(rekeying, "_FILES", 1)
    asked = iter([True, True, True, False])
    first = rekeyed(lake, Folder(), KEY, lambda: next(asked, False))
    assert first.left
    assert rekeyed(lake, Folder(), KEY).left == ()
    assert set(column(lake, "events", "customer_id")) - {None} == set(KEY.each(PEOPLE[1:]))


def test_two_rotations_can_be_made_good_at_once(lake):
    last = RING.rotated(NOW).current
    lake.append("events", pa.table({"event_id": ["x"], "customer_id": KEY.each(["u-1"]), "account_id": ["plain"]}))

    rekeyed(lake, Folder(), last)

    ids = lake.read("events")["customer_id"]
    assert pc.sum(pc.equal(ids, last.one("u-1"))).as_py() == 4
    assert set(ids.to_pylist()) - {None} == set(last.each(PEOPLE[1:]))


def test_what_a_late_run_writes_under_the_key_before_is_found_the_next_time(lake):
    rekeyed(lake, Folder(), KEY)
    lake.append("scores_history", pa.table({"customer_id": FIRST.each(["u-1"])}))

    assert rekeyed(lake, Folder(), KEY).files == 1
    assert set(column(lake, "scores_history", "customer_id")) == set(KEY.each(PEOPLE))
    assert everything(lake)["scores_history"].count(str({"customer_id": KEY.one("u-1")})) == 2
