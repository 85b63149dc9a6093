"""State ScoreAll on a lake in a folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holdfast.bundle import save
from holdfast.contracts import ScoringWanted
from holdfast.errors import BundleInvalid, NoData
from holdfast.feature_set import FeatureSet
from holdfast.lake import Lake
from holdfast.matrix import matrix
from holdfast.scoring import Scorer
from holdfast.settings import Scoring
from holdfast.store import MemoryStore, read_json, write_json
from score.held import MemoryVectors
from score.score_all import check_definitions, score_all
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, population


class World:
    """Everything that the state touches."""

    def __init__(self, folder: Path) -> None:
        self.lake: Lake = folder_lake(folder)
        self.store, self.held = MemoryStore(), MemoryVectors()
        self.lake.replace("features", population(), {"holdfast.feature_set": FEATURES.version})
        save(self.store, bundle())

    def score(self, as_of: str = AS_OF) -> dict[str, object]:
        wanted = ScoringWanted("run-1", bundle().version, self.lake.snapshot_id("features") or 0, as_of)
        return score_all(wanted, self.lake, self.store, self.held, Scoring()).to_json()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_everybody_is_scored_as_the_bundle_says(world: World) -> None:
    answer = world.score()

    scores = world.lake.read("scores", snapshot_id=answer["scores_snapshot"])  # type: ignore[arg-type]
    assert scores is not None
    assert answer["rows"] == scores.num_rows == 300
    expected = Scorer.from_bundle(bundle()).score(matrix(population(), FEATURES.names))
    np.testing.assert_allclose(scores["probability"].to_numpy(), expected.probability, atol=1e-8)
    np.testing.assert_allclose(scores["margin"].to_numpy(), expected.margin, atol=1e-8)
    assert all(1 <= len(reasons) <= 5 for reasons in scores["reasons"].to_pylist())
    assert set(scores["model"].to_pylist()) == {bundle().version}


def test_the_ranking_begins_with_whoever_is_most_likely_to_leave(world: World) -> None:
    answer = world.score()

    ranking = read_json(world.store, str(answer["ranking"]))
    probabilities = [customer["probability"] for customer in ranking["customers"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(len(customer["reasons"]) <= 3 for customer in ranking["customers"])
    assert ranking == read_json(world.store, "rankings/latest.json")
    assert (ranking["total"], ranking["as_of"], ranking["run"]) == (300, AS_OF, "run-1")


def test_the_held_vectors_are_the_rows_that_were_scored(world: World) -> None:
    world.score()

    rows = matrix(population(), FEATURES.names)
    item = world.held.items[population()["customer_id"][17].as_py()]
    np.testing.assert_array_equal(np.frombuffer(item["vector"], dtype="<f4"), rows[17])
    assert (item["feature_set"], item["as_of"]) == (FEATURES.version, AS_OF)


def test_every_night_stays_beside_the_others_and_a_night_that_is_scored_again_counts_once(world: World) -> None:
    world.score()
    world.score("2026-09-02T00:00:00+00:00")
    world.score()
    world.score("2026-09-02T00:00:00+00:00")

    nights = world.lake.read("scores_history")
    assert nights is not None
    assert nights.num_rows == 600
    assert len(nights["as_of"].unique()) == 2
    assert "reasons" not in nights.column_names


def test_scoring_again_writes_nothing(world: World) -> None:
    first = world.score()
    objects, items = dict(world.store.objects), dict(world.held.items)

    second = world.score()

    assert first == second
    assert (world.store.objects, world.held.items) == (objects, items)


def test_another_feature_set_with_the_same_definitions_will_do(world: World) -> None:
    wider = FeatureSet((*FEATURES.features, replace(FEATURES.features[0], name="new")), {"windows_days": [7]})
    write_json(world.store, f"feature_sets/{wider.version}.json", wider.to_json())

    check_definitions(FEATURES, wider.version, world.store)


def test_a_feature_that_is_defined_otherwise_is_named_and_refused(world: World) -> None:
    changed = FeatureSet((replace(FEATURES.features[0], unit="hours"), *FEATURES.features[1:]), {})
    write_json(world.store, f"feature_sets/{changed.version}.json", changed.to_json())

    with pytest.raises(BundleInvalid, match="without 1 of its features: events_30d"):
        check_definitions(FEATURES, changed.version, world.store)


def test_a_table_that_does_not_say_its_feature_set_is_refused() -> None:
    with pytest.raises(BundleInvalid, match="does not say its feature set"):
        check_definitions(FEATURES, None, MemoryStore())


def test_with_nobody_to_score_the_state_says_so(tmp_path: Path) -> None:
    store = MemoryStore()
    save(store, bundle())

    with pytest.raises(NoData, match="nobody to score"):
        score_all(
            ScoringWanted("run", bundle().version, 1, AS_OF), folder_lake(tmp_path), store, MemoryVectors(), Scoring()
        )
