"""What the state leaves behind: two tables, a tag and a feature set."""

import weakref
from datetime import timedelta

import pytest

from features import synthesis
from features.features import kept
from features.held import over, tables_of
from features.synthesis import synthesise
from holdfast.lake import Lake
from holdfast.store import MemoryStore, read_json
from tests.doubles.catalog import folder_lake
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings

AS_OF = at(120)


@pytest.fixture
def lake(tmp_path) -> Lake:
    lake = folder_lake(tmp_path)
    rows = [
        {
            "who": f"c{i * i % 7}",
            "day": 120 - i * i % 119 - i / 500,
            "kind": ["login", "view"][i % 3 % 2],
            "minutes": float(i % 11),
        }
        for i in range(1, 240)
    ]
    lake.replace("customers", customers([f"c{i}" for i in range(7)]))
    lake.replace("events", activity(rows).append_column("event_id", [[str(i) for i in range(len(rows))]]))
    return lake


def run(lake: Lake, store: MemoryStore, text: str = SMALL, days: int = 0):
    made = synthesise(tables_of(lake), settings(), definitions(text), AS_OF + timedelta(days=days))
    return kept(made, lake, store, AS_OF.isoformat())


def test_tables_tag_and_feature_set_are_written(lake):
    store = MemoryStore()

    answer = run(lake, store)

    held = read_json(store, f"feature_sets/{answer.feature_set}.json")
    names = [feature["name"] for feature in held["features"]]
    examples, features = (lake.read(name, snapshot_id=snapshot) for name, snapshot in (
        ("training_examples", answer.examples_snapshot), ("features", answer.features_snapshot)))  # fmt: skip
    assert answer.rows == len(examples) + len(features)
    assert features.column_names[3:] == examples.column_names[6:] == names
    assert lake.table("features").refs()[f"fs-{answer.feature_set}"].snapshot_id == answer.features_snapshot
    assert answer.as_of == AS_OF.isoformat()


def test_running_again_changes_nothing(lake):
    store = MemoryStore()
    first = run(lake, store)
    before = dict(store.objects)

    assert run(lake, store) == first
    assert store.objects == before


def test_another_feature_set_replaces_the_columns_and_the_old_one_can_still_be_read(lake):
    store = MemoryStore()
    first = run(lake, store)

    second = run(lake, store, SMALL.replace("windows_days = [7, 14, 30]", "windows_days = [7, 21, 30]", 1))

    assert second.feature_set != first.feature_set
    assert "events_21d" in lake.read("features").column_names
    assert "events_14d" not in lake.read("features").column_names
    tagged = lake.table("features").refs()[f"fs-{first.feature_set}"].snapshot_id
    assert "events_14d" in lake.read("features", snapshot_id=tagged).column_names


def test_only_columns_that_are_needed_are_read(lake):
    assert "event_id" not in tables_of(lake)["events"].column_names


def test_of_all_activity_nothing_is_held_any_more_when_the_matrices_are_made(lake, monkeypatch):
    read, there = [], []
    given, made = lake.read, synthesis.matrix

    def reading(name, *arguments, **named):
        rows = given(name, *arguments, **named)
        read.append((name, weakref.ref(rows)))
        return rows

    def making(*arguments):
        there.append({name for name, rows in read if rows() is not None})
        return made(*arguments)

    monkeypatch.setattr(lake, "read", reading)
    monkeypatch.setattr(synthesis, "matrix", making)

    synthesise(tables_of(lake), settings(), definitions(), AS_OF)

    assert sorted(name for name, _ in read) == ["customers", "events"]
    assert there
    assert set.union(*there) == {"customers"}


def test_what_stands_in_for_a_table_is_taken_and_the_table_is_not_read(lake, monkeypatch):
    grouped = activity([{"who": "c1", "day": 100.0, "kind": "login"}])
    monkeypatch.setattr(lake, "read", lambda name, *_, **__: pytest.fail(f"{name} was read"))

    held = over({"events": grouped}, tables_of(lake))

    assert (set(held), held["events"]) == ({"customers", "events"}, grouped)
    assert "deals" not in held
