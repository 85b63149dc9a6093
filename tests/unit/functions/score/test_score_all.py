"""State ScoreAll on a lake in a folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from holdfast.bundle import save
from holdfast.contracts import ScoringWanted
from holdfast.errors import BundleInvalid, NoData
from holdfast.feature_set import FeatureSet, said_of, tag_of
from holdfast.lake import Lake
from holdfast.matrix import matrix
from holdfast.scoring import Scorer
from holdfast.settings import Scoring
from holdfast.store import MemoryStore, read_json
from score.held import MemoryVectors
from score.score_all import score_all
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
    assert (item["feature_set"], item["model"], item["as_of"]) == (FEATURES.version, bundle().version, AS_OF)


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


def of_another_version(rows: pa.Table) -> tuple[FeatureSet, pa.Table]:
    """A set whose columns are those of the champion's, and one more: defined alike is not the same."""
    wider = FeatureSet((*FEATURES.features, replace(FEATURES.features[0], name="new")), {"windows_days": [7]})
    return wider, rows.append_column("new", rows["events_30d"])


def test_a_champion_of_another_feature_set_scores_what_was_made_for_it_in_the_same_run(world: World) -> None:
    world.lake.keep("features", tag_of(FEATURES.version), population(), said_of(FEATURES, AS_OF))
    wider, rows = of_another_version(population())
    world.lake.replace("features", rows, said_of(wider, AS_OF))

    answer = world.score()

    scores = world.lake.read("scores", snapshot_id=answer["scores_snapshot"])  # type: ignore[arg-type]
    assert scores is not None
    assert set(scores["feature_set"].to_pylist()) == {FEATURES.version}


def test_another_version_is_refused_even_where_its_columns_are_the_same(world: World) -> None:
    wider, rows = of_another_version(population())
    world.lake.replace("features", rows, said_of(wider, AS_OF))

    with pytest.raises(
        BundleInvalid, match=f"trained on feature set {FEATURES.version} and scores no other: this is {wider.version}"
    ):
        world.score()


def test_what_was_made_for_the_champion_on_an_earlier_day_is_refused(world: World) -> None:
    world.lake.keep("features", tag_of(FEATURES.version), population(), said_of(FEATURES, "2026-05-31T00:00:00+00:00"))
    wider, rows = of_another_version(population())
    world.lake.replace("features", rows, said_of(wider, AS_OF))

    with pytest.raises(BundleInvalid, match="scores no other"):
        world.score()


def test_a_table_that_does_not_say_its_feature_set_is_refused(world: World) -> None:
    world.lake.replace("features", population().slice(1))

    with pytest.raises(BundleInvalid, match="this is of none that it says"):
        world.score()


def test_with_nobody_to_score_the_state_says_so(tmp_path: Path) -> None:
    store = MemoryStore()
    save(store, bundle())

    with pytest.raises(NoData, match="nobody to score"):
        score_all(
            ScoringWanted("run", bundle().version, 1, AS_OF), folder_lake(tmp_path), store, MemoryVectors(), Scoring()
        )
