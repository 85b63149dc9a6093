"""A recorded feature set is made once more as it was, whatever is deployed and whatever arrived since."""

import json
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from features import features as state
from features.champions import keep_champions
from features.features import kept, made_of
from features.held import tables_of
from features.remade import remade
from features.synthesis import synthesise
from holdfast.bundle import Bundle, canonical, save
from holdfast.content import content_digest
from holdfast.errors import ConfigurationInvalid
from holdfast.feature_set import FEATURE_SET, FeatureSet, judged_tag, key_of, tag_of
from holdfast.registry import Champion
from holdfast.store import MemoryStore, read_json
from tests.doubles.catalog import folder_lake
from tests.doubles.models import bundle
from tests.unit.functions.features.builders import SMALL, activity, at, definitions, settings
from tests.unit.functions.features.test_synthesis import AS_OF, tables

OTHER = SMALL.replace("windows_days = [7, 14, 30]", "windows_days = [7, 21, 30]", 1)


def recorded(wanted: FeatureSet) -> FeatureSet:
    return FeatureSet.from_json(json.loads(canonical(wanted.to_json())))


def test_from_the_same_tables_the_same_bytes_come_out() -> None:
    first = synthesise(tables(), settings(), definitions(), AS_OF)

    again = remade(tables(), settings(), recorded(first.feature_set), AS_OF)

    assert content_digest(again.examples) == content_digest(first.examples)
    assert content_digest(again.features) == content_digest(first.features)
    assert again.feature_set.version == first.feature_set.version


def test_kinds_and_modules_that_are_new_since_then_change_no_feature_but_the_totals() -> None:
    held = tables()
    first = synthesise(held, settings(), definitions(), AS_OF)
    new = activity(
        [{"who": "c001", "day": 119.5, "kind": "new", "module": "new", "minutes": 1.0}] * 500, ("minutes", "amount")
    )
    held["events"] = pa.concat_tables([held["events"], new])

    again = remade(held, settings(), recorded(first.feature_set), AS_OF)

    assert again.features.column_names == first.features.column_names
    one = {"before": first.features, "after": again.features}
    seen = {
        name: rows.filter(pa.compute.equal(rows["customer_id"], "c001")).to_pylist()[0] for name, rows in one.items()
    }
    assert seen["after"]["events_7d"] == seen["before"]["events_7d"] + 500
    assert seen["after"]["feature_adoption_score"] == seen["before"]["feature_adoption_score"]
    assert seen["after"]["events_login_7d"] == seen["before"]["events_login_7d"]


def test_what_has_no_source_any_more_is_unknown() -> None:
    held = tables()
    first = synthesise(held, settings(), definitions(), AS_OF)
    del held["emails"]
    held["customers"] = held["customers"].drop_columns(["seats"])
    held["events"] = held["events"].drop_columns(["amount"])

    again = remade(held, settings(), recorded(first.feature_set), AS_OF).features

    assert again.column_names == first.features.column_names
    assert again["emails_7d"].null_count == again["customer_seats"].null_count == len(again)
    assert again["events_amount_7d"].to_pylist() == [0.0] * len(again)
    assert again["events_7d"] == first.features["events_7d"]


def test_a_set_that_other_code_made_is_refused_with_what_to_do() -> None:
    first = synthesise(tables(), settings(), definitions(), AS_OF).feature_set
    reworded = FeatureSet((replace(first.features[0], unit="hours"), *first.features[1:]), first.recipe)
    unreadable = FeatureSet(first.features, first.recipe | {"definitions": {"windows": [7]}})

    with pytest.raises(
        ConfigurationInvalid, match=f"1 of its features are made otherwise by now, {first.names[0]} first"
    ):
        remade(tables(), settings(), reworded, AS_OF)
    with pytest.raises(
        ConfigurationInvalid, match=r"can no longer be made: its definitions .* `holdfast features release`"
    ):
        remade(tables(), settings(), unreadable, AS_OF)


@pytest.fixture
def night(tmp_path):
    """A lake after a night under the first definitions, and a champion that was trained on it."""
    lake, store = folder_lake(tmp_path), MemoryStore()
    for name, rows in tables().items():
        lake.replace(name, rows)
    made = synthesise(tables_of(lake), settings(), definitions(), AS_OF)
    kept(made, lake, store, AS_OF.isoformat(), {"run": "first"})
    trained = Bundle({**bundle().files, "features.json": canonical(made.feature_set.to_json())})
    return lake, store, made, Champion(save(store, trained), "first", "2026-06-01T03:00:00+00:00")


def test_a_champion_of_other_definitions_finds_its_features_of_the_new_day_beside_the_runs_own(night) -> None:
    lake, store, first, champion = night
    day = AS_OF + timedelta(days=1)
    own = synthesise(tables_of(lake), settings(), definitions(OTHER), day)

    def a_run():
        keep_champions(champion, own.feature_set, tables_of(lake), lake, store, settings(), day.isoformat())
        return kept(own, lake, store, day.isoformat()), len(lake.table("features").snapshots())

    answer, snapshots = a_run()

    theirs = lake.read("features", snapshot_id=lake.tags("features")[tag_of(first.feature_set.version)])
    judged = lake.read(
        "training_examples", snapshot_id=lake.tags("training_examples")[judged_tag(first.feature_set.version)]
    )
    assert theirs.column_names[3:] == judged.column_names[6:] == first.feature_set.names
    assert set(theirs["cutoff"].to_pylist()) == {day}
    assert set(judged["split"].to_pylist()) == {"holdout"}
    assert lake.snapshot_id("features") == answer.features_snapshot
    assert lake.said_of("features")[FEATURE_SET] == own.feature_set.version
    assert a_run() == (answer, snapshots)


def test_a_champion_whose_features_cannot_be_made_stops_no_run(night, monkeypatch) -> None:
    lake, store, first, champion = night
    own = synthesise(tables_of(lake), settings(), definitions(OTHER), AS_OF)
    gone = first.feature_set.recipe | {"definitions": {"windows": [7]}}
    trained = Bundle(
        {**bundle().files, "features.json": canonical(FeatureSet(first.feature_set.features, gone).to_json())}
    )
    version = FeatureSet(first.feature_set.features, gone).version

    keep_champions(
        replace(champion, version=save(store, trained)),
        own.feature_set,
        tables_of(lake),
        lake,
        store,
        settings(),
        AS_OF.isoformat(),
    )

    assert judged_tag(version) not in lake.tags("training_examples")


def test_while_a_version_is_pinned_a_run_makes_it_and_after_the_release_what_is_deployed(night, monkeypatch) -> None:
    lake, store, first, _ = night
    monkeypatch.setattr(state, "shipped", lambda: definitions(OTHER))
    version = first.feature_set.version

    pinned = made_of(tables_of(lake), store, settings(), at(121).isoformat(), version)
    released = made_of(tables_of(lake), store, settings(), at(121).isoformat())

    assert pinned.feature_set.version == version
    assert set(pinned.examples["split"].to_pylist()) == {"train", "holdout"}
    assert "events_14d" in pinned.features.column_names
    assert "events_21d" in released.features.column_names


def test_what_is_known_of_a_set_is_written_once(night) -> None:
    lake, store, first, _ = night
    kept(first, lake, store, AS_OF.isoformat(), {"run": "second"})

    assert read_json(store, key_of(first.feature_set.version))["first"] == {"run": "first"}
