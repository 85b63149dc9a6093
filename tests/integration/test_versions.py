"""Nights over changing definitions, from the lake to the API's vectors: who is judged by what, who serves, and what a rollback holds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features import features as state
from features.champions import keep_champions
from features.features import kept, made_of
from features.held import tables_of
from holdfast.contracts import Featured, Promoted, PromotionWanted, Scored, ScoringWanted, TrainingWanted
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Promotion, Scoring, Settings
from holdfast.store import MemoryStore
from infra.cli import feature_sets, rollback
from score.held import MemoryVectors
from score.score_all import score_all
from score.serving import Serving
from tests.doubles.catalog import folder_lake
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings
from train.job import trained_on
from train.promote import promote

PEOPLE, DAYS = 400, 160
OTHER = SMALL.replace("windows_days = [7, 14, 30]", "windows_days = [7, 21, 30]", 1)
SMALL_MODELS = '[training]\ncutoffs = 3\nstep_days = 14\ntrees = 20\ndepth = 3\npersonas = 2\nminimum_churners = 10\n[value]\nmeasure = "minutes"'
STAYS = Promotion(minimum_gain=0.9)
WINS = Promotion(minimum_gain=-1.0)


def people() -> dict[str, pa.Table]:
    """Who tires of the product comes ever more rarely before they stop."""
    luck = np.random.default_rng(2)
    rows = []
    for number in range(PEOPLE):
        end, day, gap = luck.uniform(50, 3 * DAYS), luck.uniform(0, 5), luck.uniform(1, 3)
        while day < min(end, DAYS):
            rows.append(
                {
                    "who": f"c{number:03d}",
                    "day": day,
                    "kind": ["login", "view"][int(day) % 2],
                    "module": "api",
                    "minutes": luck.uniform(1, 30),
                }
            )
            day += gap * (1 + 3 * (day > end - 20))
    return {
        "customers": customers([f"c{i:03d}" for i in range(PEOPLE)], created=[-1.0] * PEOPLE),
        "events": activity(rows),
    }


@dataclass
class House:
    """What lasts from night to night."""

    lake: Lake
    settings: Settings = field(default_factory=lambda: settings(rest=SMALL_MODELS))
    store: MemoryStore = field(default_factory=MemoryStore)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    vectors: MemoryVectors = field(default_factory=MemoryVectors)
    runs: list[dict[str, str]] = field(default_factory=list)

    def night(self, day: int, rule: Promotion = WINS) -> tuple[Featured, Promoted, Scored]:
        """The states behind Transform, as the state machine calls them."""
        run, as_of = f"night-{day}", at(day).isoformat()
        tables, champion = tables_of(self.lake), self.registry.champion()
        made = made_of(tables, self.store, self.settings, as_of, champion.pinned if champion else "")
        if champion:
            keep_champions(champion, made.feature_set, tables, self.lake, self.store, self.settings, as_of)
        featured = kept(made, self.lake, self.store, as_of, {"run": run, "made_at": as_of})
        trained = trained_on(
            TrainingWanted(run, featured.feature_set, featured.examples_snapshot, as_of, ""),
            self.lake,
            self.store,
            self.settings,
        )
        self.runs.insert(0, {"run": run, "feature_set": featured.feature_set, "bundle": trained.bundle})
        wanted = PromotionWanted(run, trained.bundle, featured.examples_snapshot)
        promoted = promote(wanted, self.registry, self.store, self.lake, rule, as_of)
        scored = self.score(ScoringWanted(run, promoted.champion, featured.features_snapshot, as_of))
        return featured, promoted, scored

    def score(self, wanted: ScoringWanted) -> Scored:
        return score_all(wanted, self.lake, self.store, self.vectors, Scoring())

    def roll_back(self, version: str, now: datetime) -> rollback.Plan:
        trained = feature_sets.models_of(version, self.runs)
        plan = rollback.planned(self.lake, self.store, self.registry.champion(), version, trained)
        rollback.roll_back(self.registry, plan, "rollback", now.isoformat())
        self.score(ScoringWanted.parse(plan.scoring("rollback")))
        return plan

    def served(self) -> str:
        """The feature set of the table `scores`."""
        (only,) = set(self.lake.read("scores")["feature_set"].to_pylist())
        return str(only)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(folder_lake(tmp_path))
    for name, rows in people().items():
        made.lake.replace(name, rows)
    deployed(monkeypatch, SMALL)
    return made


def deployed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(state, "shipped", lambda: definitions(text))


def test_a_champion_that_stays_scores_by_its_own_features_of_the_new_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, champion, _ = house.night(DAYS - 2)
    deployed(monkeypatch, OTHER)

    second, judged, scored = house.night(DAYS - 1, STAYS)

    assert second.feature_set != first.feature_set
    assert judged.champion == champion.champion
    assert "holdout rows" in judged.reason
    assert house.served() == first.feature_set
    assert scored.rows > 100
    assert set(house.lake.read("scores")["as_of"].to_pylist()) == {at(DAYS - 1)}


def test_a_rollback_holds_over_nights_until_its_release(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, champion, _ = house.night(DAYS - 3)
    deployed(monkeypatch, OTHER)
    second, challenger, _ = house.night(DAYS - 2)
    assert (house.served(), challenger.champion != champion.champion) == (second.feature_set, True)

    plan = house.roll_back(first.feature_set, at(DAYS - 2) + timedelta(hours=9))
    item = house.vectors.items[house.lake.read("scores")["customer_id"][0].as_py()]
    third, pinned, _ = house.night(DAYS - 1)

    assert (plan.model, plan.as_of) == (
        champion.champion,
        at(DAYS - 2).isoformat(),
    )  # made that night for the champion's judgement
    assert item["model"] == champion.champion
    assert third.feature_set == first.feature_set == house.served()
    assert pinned.reason.startswith("the challenger wins")  # a model of the pinned version may
    assert house.registry.champion().pinned == first.feature_set

    rollback.released(house.registry)
    fourth, free, _ = house.night(DAYS)

    assert fourth.feature_set != first.feature_set
    assert free.promoted
    assert house.served() == fourth.feature_set


def test_the_api_answers_with_a_pair_that_fits_at_every_moment_of_a_night(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.night(DAYS - 2)
    serving, before = Serving(house.registry, house.store, lambda: 0.0), dict(house.vectors.items)
    serving.current()
    deployed(monkeypatch, OTHER)
    house.night(DAYS - 1)

    for items in (before, house.vectors.items):
        for item in list(items.values())[:5]:
            assert serving.fitting(item).version == item["model"]
            assert serving.fitting(item).scorer.reads(item["feature_set"])
