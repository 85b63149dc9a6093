"""State Promote on a lake in a folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holdfast.bundle import Bundle, canonical, save
from holdfast.contracts import PromotionWanted
from holdfast.feature_set import FeatureSet, judged_tag, said_of
from holdfast.forgotten import MODELS
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Promotion
from holdfast.store import MemoryStore, read_json, write_json
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, training_examples
from train.promote import promote

NOW = "2026-06-01T03:00:00+00:00"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = folder_lake(tmp_path)
    lake.replace("training_examples", training_examples())
    return lake


def test_the_first_bundle_is_promoted_and_promoting_it_again_changes_nothing(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    wanted = PromotionWanted("run", save(store, bundle()), lake.snapshot_id("training_examples") or 0)

    first = promote(wanted, registry, store, lake, Promotion(), NOW)
    held = registry.champion()
    second = promote(wanted, registry, store, lake, Promotion(), NOW)

    assert (first.champion, first.promoted) == (wanted.bundle, True)
    assert (second.champion, second.promoted, second.reason) == (wanted.bundle, False, "unchanged")
    assert registry.champion() == held


def test_a_challenger_that_does_not_gain_enough_leaves_the_champion_where_it_is(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "earlier", NOW, None)
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(minimum_gain=0.4), NOW)

    assert (answer.champion, answer.promoted) == (bundle().version, False)
    assert "on the same 500 holdout rows" in answer.reason
    assert registry.champion().version == bundle().version  # type: ignore[union-attr]


def test_of_the_examples_only_judged_rows_and_the_models_features_are_read(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table holds every feature of every cutoff: more than the memory of the function where there are many customers."""
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "earlier", NOW, None)
    lake.replace("training_examples", training_examples().append_column("another", [[1.0] * len(training_examples())]))
    read, given = [], lake.read

    def reading(*arguments: Any, **named: Any) -> Any:
        read.append(given(*arguments, **named))
        return read[-1]

    monkeypatch.setattr(lake, "read", reading)
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)
    promote(wanted, registry, store, lake, Promotion(), NOW)

    assert len(read) == 2
    assert {split for rows in read for split in rows["split"].to_pylist()} == {"holdout"}
    assert "another" not in {name for rows in read for name in rows.column_names}


def of_another_set() -> Bundle:
    """A champion that was trained on another feature set, whose columns have other names."""
    renamed = tuple(replace(feature, name=f"old_{feature.name}") for feature in FEATURES.features)
    return Bundle({**bundle().files, "features.json": canonical(FeatureSet(renamed, {}).to_json())})


def test_a_champion_of_another_feature_set_is_judged_by_its_own_columns_of_the_same_run(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, of_another_set()), "earlier", NOW, None)
    theirs = FeatureSet.from_json(of_another_set().json("features.json"))
    rows = training_examples().rename_columns(
        [f"old_{n}" if n in FEATURES.names else n for n in training_examples().column_names]
    )
    lake.keep("training_examples", judged_tag(theirs.version), rows, said_of(theirs, AS_OF))
    lake.replace("training_examples", training_examples(), said_of(FEATURES, AS_OF))
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(minimum_gain=0.4), NOW)

    assert (answer.champion, answer.promoted) == (of_another_set().version, False)
    assert "on the same 500 holdout rows" in answer.reason


def test_a_champion_whose_features_were_not_made_in_this_run_leaves(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, of_another_set()), "earlier", NOW, None)
    theirs = FeatureSet.from_json(of_another_set().json("features.json"))
    lake.keep(
        "training_examples",
        judged_tag(theirs.version),
        training_examples(),
        said_of(theirs, "2026-05-31T00:00:00+00:00"),
    )
    lake.replace("training_examples", training_examples(), said_of(FEATURES, AS_OF))
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(minimum_gain=0.4), NOW)

    assert answer.promoted
    assert "the champion cannot stay" in answer.reason


def test_while_a_feature_set_is_pinned_a_model_of_another_does_not_serve(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    theirs = FeatureSet.from_json(of_another_set().json("features.json"))
    registry.promote(save(store, of_another_set()), "rollback", NOW, None, pin=theirs.version)
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(), NOW)
    registry.promote(of_another_set().version, "release", NOW, registry.champion(), pin="")
    released = promote(wanted, registry, store, lake, Promotion(), NOW)

    assert (answer.champion, answer.promoted) == (of_another_set().version, False)
    assert f"feature set {theirs.version} is pinned" in answer.reason
    assert released.promoted


def test_a_pin_leaves_models_of_the_pinned_feature_set_their_chance(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "rollback", NOW, None, pin=FEATURES.version)
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    assert promote(wanted, registry, store, lake, Promotion(minimum_gain=-1, confidence=0.5), NOW).promoted
    assert registry.champion().pinned == FEATURES.version  # type: ignore[union-attr]


def test_a_champion_that_learnt_from_somebody_who_was_forgotten_makes_way_and_says_for_whom(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    before = save(store, bundle())
    registry.promote(before, "earlier", NOW, None)
    write_json(store, MODELS, {before: {"receipts": {"r": 3}, "status": "to be replaced"}})
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(minimum_gain=0.4), NOW)

    assert (answer.champion, answer.promoted) == (wanted.bundle, True)
    assert "forgotten" in answer.reason
    assert read_json(store, MODELS)[before]["status"] == f"replaced by {wanted.bundle}"


def test_a_champion_that_cannot_be_read_makes_way(lake: Lake) -> None:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "earlier", NOW, None)
    store.objects[f"bundles/{bundle().version}/churn.json"] += b" "
    wanted = PromotionWanted("run", save(store, bundle(8)), lake.snapshot_id("training_examples") or 0)

    answer = promote(wanted, registry, store, lake, Promotion(), NOW)

    assert (answer.champion, answer.promoted) == (bundle(8).version, True)
    assert f"the champion {bundle().version} cannot be read" in answer.reason
