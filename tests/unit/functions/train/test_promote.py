"""State Promote on a lake in a folder."""

from pathlib import Path

import pytest

from holdfast.bundle import save
from holdfast.contracts import PromotionWanted
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Promotion
from holdfast.store import MemoryStore
from tests.doubles.catalog import folder_lake
from tests.doubles.models import bundle, training_examples
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
