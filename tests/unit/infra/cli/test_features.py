"""What `holdfast features` shows of versions, and how it goes back to one."""

from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.bundle import IMPORTANCE, REFERENCE, Bundle, canonical, save
from holdfast.contracts import ScoringWanted
from holdfast.feature_set import FeatureSet, key_of, said_of, tag_of
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Scoring
from holdfast.store import MemoryStore, write_json
from infra.cli import features, rollback
from infra.cli.feature_sets import differences, models_of, named, served, versions
from infra.cli.origins import explanation, spans, valued
from infra.trouble import Trouble
from score.held import MemoryVectors
from score.score_all import score_all
from score.serving import Serving
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, population

NOW = "2026-06-02T03:00:00+00:00"
NEWER = FeatureSet(
    (replace(FEATURES.features[0], unit="events"), *FEATURES.features[1:4], replace(FEATURES.features[1], name="events_14d")),
    {"windows_days": [7, 14, 90]}, {"employees": "constant"},
)  # fmt: skip
RUNS = [
    {"run": "2", "feature_set": NEWER.version, "bundle": "gone"},
    {"run": "1", "feature_set": FEATURES.version, "bundle": bundle().version},
]


class World:
    """A deployment after two nights: the second under other definitions, whose model serves."""

    def __init__(self, folder: Path) -> None:
        self.lake: Lake = folder_lake(folder)
        self.store, self.registry, self.vectors = MemoryStore(), MemoryRegistry(), MemoryVectors()
        for made, when in ((FEATURES, "2026-06-01T03:00:00+00:00"), (NEWER, NOW)):
            write_json(self.store, key_of(made.version), made.to_json() | {"first": {"run": "x", "made_at": when}})
        self.lake.keep("features", tag_of(FEATURES.version), population(), said_of(FEATURES, AS_OF))
        self.newer = Bundle({**bundle(8).files, "features.json": canonical(NEWER.to_json())})
        self.registry.promote(save(self.store, bundle()), "1", NOW, None)
        self.registry.promote(save(self.store, self.newer), "2", NOW, self.registry.champion())

    def plan(self, version: str = FEATURES.version) -> rollback.Plan:
        return rollback.planned(self.lake, self.store, self.registry.champion(), version, models_of(version, RUNS))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_versions_are_listed_with_their_models_and_who_serves(world: World) -> None:
    newest, first = versions(world.store, RUNS, world.registry.champion())

    assert (
        features.line(newest) == f"{NEWER.version}  2026-06-02 03:00      5 features, 1 left out  models gone  serves"
    )
    assert (
        features.line(first)
        == f"{FEATURES.version}  2026-06-01 03:00      5 features, 0 left out  models {bundle().version}"
    )


def test_a_version_may_be_cut_short_and_one_that_is_not_there_is_named(world: World) -> None:
    assert named(world.store, FEATURES.version[:7]).version == FEATURES.version
    with pytest.raises(Trouble, match=r"there is no feature set zzz: `holdfast features list` shows"):
        named(world.store, "zzz")
    with pytest.raises(Trouble, match="2 feature sets begin with"):
        named(world.store, "")


def test_the_default_version_is_the_one_that_serves(world: World) -> None:
    assert served(world.store, world.registry.champion()).version == NEWER.version
    with pytest.raises(Trouble, match="no model serves yet"):
        served(world.store, None)


def test_features_are_shown_by_group_with_type_unit_and_sentence() -> None:
    head, *rows = features.listed(FEATURES)

    assert head == f"feature set {FEATURES.version}: 5 features; left out: 0 (--dropped says why)"
    assert rows[3].split() == ["emails", "open_rate", "share", "Share", "of", "emails", "opened"]
    assert features.listed(FEATURES, "tickets")[1:] == [rows[2]]
    with pytest.raises(Trouble, match="no feature is of group nobody: there are events, tickets, emails, company"):
        features.listed(FEATURES, "nobody")


def test_what_was_left_out_is_shown_with_the_reason() -> None:
    recipe = {"customers": {"dropped": {"note": "more than 12 distinct texts"}}}

    rows = features.left_out(FeatureSet(FEATURES.features, recipe, {"events_9d": "equal to events_7d"}))

    assert [" ".join(row.split()) for row in rows] == [
        "customers.note more than 12 distinct texts",
        "events_9d equal to events_7d",
    ]
    assert features.left_out(FEATURES) == ["nothing was left out"]


def test_a_difference_says_what_was_added_removed_and_changed() -> None:
    assert differences(FEATURES, NEWER) == [
        "+ events_14d  Events in the last 7 days",
        "- employees  Employees of the company (constant)",
        "~ events_30d  unit: '' is now 'events'",
        "~ windows_days: [7, 30, 90] is now [7, 14, 90]",
    ]
    assert differences(FEATURES, FEATURES) == []


def test_an_explanation_says_source_spans_importance_and_distribution() -> None:
    said = list(explanation(FEATURES.features[2], FEATURES, bundle()))
    first = bundle().json(IMPORTANCE)[0]

    assert said[0] == ("says", "Support tickets in the last 90 days")
    assert ("made of", "table tickets, before the cutoff; spans: 90 days") in said
    assert (
        "importance",
        f"{100 * first['importance']:.1f} % of all contributions, rank 1: a higher value raises the risk (model {bundle().version})",
    ) in said
    shares = [line for head, line in said if not head]
    assert sum(float(line.split(" %")[0]) for line in shares) == pytest.approx(100, abs=0.5)
    assert shares[0].endswith("0 to under 1")
    assert shares[-1].endswith("or more")


def test_without_a_model_an_explanation_says_what_is_known() -> None:
    assert [head for head, _ in explanation(FEATURES.features[4], FEATURES, None)] == ["says", "is", "made of", "set"]


@pytest.mark.parametrize(("name", "said"), [
    ("events_30d", ["30 days"]), ("events_trend_7d_23d", ["7 days", "23 days"]), ("events_ever", ["all time"]),
    ("events_slope_12w", ["12 weeks"]), ("tenure_days", []),
])  # fmt: skip
def test_spans_are_read_from_the_name(name: str, said: list[str]) -> None:
    assert spans(name) == said


def test_a_customers_value_is_put_among_all(world: World) -> None:
    feature = FEATURES.features[2]
    customer = population()["customer_id"][3].as_py()

    value, day = features.held(world.lake, FEATURES, feature, customer)

    assert (value, day) == (population()["tickets_90d"][3].as_py(), "2026-06-01")
    assert valued(feature, 100.0, bundle().json(REFERENCE)).startswith("100; at least 83 % of customers")
    assert valued(feature, None, bundle().json(REFERENCE)) == "unknown"
    with pytest.raises(Trouble, match="keeps no row of customer k1_nobody"):
        features.held(world.lake, FEATURES, feature, "k1_nobody")


def test_a_feature_that_is_not_there_is_explained_by_why(world: World) -> None:
    assert features.found(FEATURES, "open_rate").group == "emails"
    with pytest.raises(Trouble, match=f"employees is not in feature set {NEWER.version}: constant"):
        features.found(NEWER, "employees")
    with pytest.raises(Trouble, match="no feature events; near: events_30d, events_7d"):
        features.found(FEATURES, "events")


def test_a_rollback_takes_effect_in_the_next_score(world: World) -> None:
    serving = Serving(world.registry, world.store, lambda: 0.0)
    write_json(world.store, "rankings/latest.json", {"customers": [], "total": 0, "as_of": AS_OF})
    assert serving.current().model.version == world.newer.version
    plan = world.plan()

    rollback.roll_back(world.registry, plan, "rollback-1", NOW)
    wanted = ScoringWanted.parse(plan.scoring("rollback-1"))
    answer = score_all(wanted, world.lake, world.store, world.vectors, Scoring())

    item = world.vectors.items[population()["customer_id"][0].as_py()]
    champion = world.registry.champion()
    assert champion is not None
    assert (answer.rows, champion.version, champion.pinned) == (300, bundle().version, FEATURES.version)
    assert serving.fitting(item).version == item["model"] == bundle().version
    assert [each.pinned for each in versions(world.store, RUNS, champion)] == [False, True]


def test_rolling_back_once_more_changes_nothing(world: World) -> None:
    plan = world.plan()
    rollback.roll_back(world.registry, plan, "rollback-1", NOW)
    first = world.registry.champion()

    rollback.roll_back(world.registry, world.plan(), "rollback-1", NOW)

    assert world.registry.champion() == first


def test_a_version_without_a_model_is_refused_and_one_without_rows_serves_from_the_next_run_on(world: World) -> None:
    bare = FeatureSet(FEATURES.features[:2], {})
    with pytest.raises(Trouble, match=f"no model that is there was trained on feature set {bare.version}"):
        world.plan(bare.version)

    assert world.plan(NEWER.version) == rollback.Plan(NEWER.version, world.newer.version, None, "")


def test_a_release_keeps_who_serves_and_without_a_pin_there_is_nothing_to_release(world: World) -> None:
    rollback.roll_back(world.registry, world.plan(), "rollback-1", NOW)

    released = rollback.released(world.registry)

    assert released == world.registry.champion()
    assert (released.version, released.run, released.pinned) == (bundle().version, "rollback-1", "")
    with pytest.raises(Trouble, match="no feature set is pinned"):
        rollback.released(world.registry)
