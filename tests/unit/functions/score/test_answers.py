"""What the API answers, and what it serves from."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
from botocore.exceptions import ClientError

from holdfast.bundle import CHURN, Bundle, canonical, note_origin, save
from holdfast.errors import BundleInvalid, NoData, StorageUnavailable
from holdfast.feature_set import FeatureSet
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, NearestStore, write_json
from score.answers import Row, health_answer, models_answer, ranking_answer, row_of, score_answers, tag_of, vector_of
from score.serving import Model, ModelReadsOther, Serving, UnknownModel
from score.shapes import Score
from tests.doubles.models import AS_OF, FEATURES, bundle

NOW = "2026-06-02T03:00:00+00:00"
ITEM = {
    "customer_id": "k1_1", "company_id": "k1_2", "as_of": AS_OF, "feature_set": FEATURES.version,
    "vector": np.array([2, 1, 9, np.nan, 40], dtype="<f4").tobytes(),
}  # fmt: skip


def ranked(customer: str) -> dict:
    return {
        "customer_id": customer, "company_id": None, "probability": 0.5, "band": "high", "value": None, "persona": "p", "reasons": [],
    }  # fmt: skip


RANKING = {
    "customers": [ranked("a"), ranked("b")], "total": 2, "as_of": AS_OF, "currency": "USD", "model": "m", "feature_set": "f",
    "run": "run-1",
}  # fmt: skip


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_model(of: Bundle) -> Model:
    return Model(of, Scorer.from_bundle(of))


def a_serving(clock: Clock) -> tuple[Serving, MemoryStore, MemoryRegistry]:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "run-1", "2026-06-01T03:00:00+00:00", None)
    write_json(store, "rankings/latest.json", RANKING)
    return Serving(registry, store, clock), store, registry


def answer_of(item: dict = ITEM, reasons: int = 5) -> Score:
    model = a_model(bundle())
    (score,) = score_answers([row_of(item, model.scorer)], model, reasons)
    return score


@pytest.mark.parametrize("reasons", [0, 2, 5])
def test_a_score_explains_itself_however_many_reasons_are_told(reasons: int) -> None:
    answer = answer_of(reasons=reasons)

    told = sum(reason.contribution_log_odds for reason in answer.reasons) + answer.others.contribution_log_odds
    points = sum(reason.contribution_points for reason in answer.reasons) + answer.others.contribution_points
    assert answer.margin == pytest.approx(answer.base + told, abs=3e-6)
    assert answer.probability == pytest.approx(answer.base_probability + points, abs=3e-6)
    assert len(answer.reasons) == min(reasons, 5)
    json.loads(answer.model_dump_json())


def test_a_score_says_what_weighs_most_and_of_when_it_is() -> None:
    answer = answer_of()

    assert answer.reasons[0].sentence == "Support tickets in the last 90 days"
    assert answer.value is not None
    assert (answer.band, answer.value.currency, answer.as_of) == ("high", "USD", AS_OF)


def test_many_scores_are_the_same_as_each_by_itself() -> None:
    model = a_model(bundle())
    rows = [Row(np.array(vector, dtype=np.float32)) for vector in ([2, 1, 9, np.nan, 40], [30, 9, 0, 0.4, 300])]

    together = score_answers(rows, model, 5)

    assert together == [score_answers([row], model, 5)[0] for row in rows]


def test_a_vector_of_another_feature_set_is_not_scored() -> None:
    with pytest.raises(BundleInvalid, match="scores no other: this is other"):
        answer_of({**ITEM, "feature_set": "other"})


def test_a_tag_stands_for_all_that_an_answer_is_made_from() -> None:
    mine = tag_of(ITEM, a_model(bundle()), 5, "1.0")

    others = {
        tag_of({**ITEM, "vector": ITEM["vector"][:-4] + b"abcd"}, a_model(bundle()), 5, "1.0"),
        tag_of({**ITEM, "as_of": "2026-07-01T00:00:00+00:00"}, a_model(bundle()), 5, "1.0"),
        tag_of({**ITEM, "customer_id": "k1_3"}, a_model(bundle()), 5, "1.0"),
        tag_of(ITEM, a_model(bundle(8)), 5, "1.0"),
        tag_of(ITEM, a_model(bundle()), 4, "1.0"),
        tag_of(ITEM, a_model(bundle()), 5, "1.1"),
    }
    assert tag_of(dict(ITEM), a_model(bundle()), 5, "1.0") == mine
    assert len(others | {mine}) == 7


def test_a_row_names_its_features_in_any_order_and_what_it_leaves_out_is_missing() -> None:
    vector = vector_of({"tickets_90d": 3, "events_30d": 1e300, "open_rate": None}, FEATURES.names)

    assert vector[0] == np.finfo(np.float32).max
    assert vector[2] == 3
    assert np.isnan(vector[[1, 3, 4]]).all()
    with pytest.raises(KeyError, match="tickets"):
        vector_of({"tickets": 1}, FEATURES.names)


def of_another_set() -> Bundle:
    """A model that was trained on another feature set."""
    other = FeatureSet(FEATURES.features, {"windows_days": [7]})
    return Bundle({**bundle(8).files, "features.json": canonical(other.to_json())})


def test_what_was_rolled_back_to_answers_at_once_whatever_was_looked_up_a_moment_ago() -> None:
    serving, store, registry = a_serving(Clock())
    serving.current()
    registry.promote(save(store, of_another_set()), "rollback", NOW, registry.champion(), pin="that")
    theirs = {**ITEM, "feature_set": Scorer.from_bundle(of_another_set()).feature_set.version}

    assert serving.fitting(theirs).version == of_another_set().version


def test_a_vector_that_the_champion_does_not_read_is_scored_by_the_model_that_scored_it_last() -> None:
    serving, store, registry = a_serving(Clock())
    registry.promote(save(store, of_another_set()), "run-2", NOW, registry.champion())

    first = serving.fitting({**ITEM, "model": bundle().version})

    assert first.version == bundle().version
    assert serving.fitting({**ITEM, "model": bundle().version}) is first


def test_a_vector_that_no_model_reads_is_not_guessed_at() -> None:
    serving, _, _ = a_serving(Clock())

    with pytest.raises(NoData, match="the next run makes it anew"):
        serving.fitting({**ITEM, "feature_set": "other", "model": "gone"})


def test_the_champion_is_looked_up_again_after_half_a_minute() -> None:
    clock = Clock()
    serving, store, registry = a_serving(clock)
    first = serving.current()
    registry.promote(save(store, bundle(8)), "run-2", "2026-06-02T03:00:00+00:00", registry.champion())

    clock.now = 29.0
    before = serving.current()
    clock.now = 31.0
    after = serving.current()

    assert before is first
    assert (after.champion.version, after.model.version) == (bundle(8).version, bundle(8).version)


def test_the_same_champion_keeps_its_tables() -> None:
    clock = Clock()
    serving, _, _ = a_serving(clock)
    first = serving.current()

    clock.now = 100.0

    assert serving.current().model is first.model


def promoted_before_its_bundle(registry: MemoryRegistry) -> str:
    """A newer champion, of whose bundle nothing has come here."""
    registry.promote(bundle(8).version, "run-2", NOW, registry.champion())
    return bundle(8).version


def test_until_the_bundle_of_a_new_champion_is_there_the_one_before_goes_on() -> None:
    clock = Clock()
    serving, store, registry = a_serving(clock)
    first = serving.current()
    newer = promoted_before_its_bundle(registry)

    clock.now = 31.0
    meanwhile = serving.current()
    save(store, bundle(8))
    clock.now = 62.0

    assert (meanwhile.champion, meanwhile.model) == (first.champion, first.model)
    assert health_answer(meanwhile).model == bundle().version
    assert serving.current().model.version == newer


def test_a_bundle_of_which_only_some_files_have_come_does_not_serve() -> None:
    clock = Clock()
    serving, store, registry = a_serving(clock)
    serving.current()
    newer = promoted_before_its_bundle(registry)
    save(store, bundle(8))
    del store.objects[f"bundles/{newer}/{CHURN}"]

    clock.now = 31.0

    assert serving.current().model.version == bundle().version


def test_who_begins_meanwhile_begins_with_the_last_champion_whose_bundle_is_there() -> None:
    serving, store, registry = a_serving(Clock())
    note_origin(store, bundle().version, {"run": "run-1"})
    promoted_before_its_bundle(registry)

    served = serving.current()

    assert (served.champion.version, served.champion.run, served.champion.history) == (bundle().version, "run-1", ())
    assert models_answer(served).champion == bundle().version


def test_with_no_bundle_at_all_callers_are_told_to_wait() -> None:
    serving, store, _ = a_serving(Clock())
    store.objects = {key: body for key, body in store.objects.items() if not key.startswith("bundles/")}

    with pytest.raises(NoData, match=f"the bundle of model {bundle().version}, which serves, is not here yet"):
        serving.current()


def test_a_vector_for_a_bundle_that_has_not_come_here_is_scored_from_where_it_comes_from() -> None:
    """The online store may be faster than the bucket: neither is late for the score."""
    serving, copy, registry = a_serving(Clock())
    home = MemoryStore()
    registry.promote(save(home, of_another_set()), "run-2", NOW, registry.champion())
    theirs = {**ITEM, "feature_set": Scorer.from_bundle(of_another_set()).feature_set.version}

    with pytest.raises(NoData, match="its bundle is awaited"):
        serving.fitting({**theirs, "model": of_another_set().version})
    nearest = Serving(registry, NearestStore(copy, home), Clock())

    assert nearest.fitting(theirs).version == of_another_set().version
    assert nearest.version(bundle().version).version == bundle().version


@dataclass
class Failing:
    """A bucket of a region that is away, or closed to this one."""

    error: Exception

    def read(self, key: str) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    "error", [StorageUnavailable("ConnectTimeoutError"), ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")]
)
def test_with_the_home_region_away_or_closed_what_was_copied_serves(error: Exception) -> None:
    _, copy, registry = a_serving(Clock())
    promoted_before_its_bundle(registry)

    served = Serving(registry, NearestStore(copy, Failing(error)), Clock()).current()

    assert served.model.version == bundle().version


def test_nothing_is_served_before_the_first_run() -> None:
    with pytest.raises(NoData, match="no model serves yet"):
        Serving(MemoryRegistry(), MemoryStore(), Clock()).current()


def test_lists_as_many_as_asked_for_and_says_who_serves() -> None:
    serving, _, _ = a_serving(Clock())
    served = serving.current()

    assert [each.customer_id for each in ranking_answer(served, 1).customers] == ["a"]
    assert (models_answer(served).champion, models_answer(served).feature_set) == (bundle().version, FEATURES.version)


def test_any_model_that_is_there_answers_for_what_it_reads() -> None:
    serving, store, _ = a_serving(Clock())
    other, unfitting = save(store, bundle(8)), save(store, of_another_set())

    assert serving.reading(other, ITEM).version == other
    assert serving.reading(bundle().version, ITEM).version == bundle().version
    with pytest.raises(ModelReadsOther, match=f"which model {bundle().version} reads"):
        serving.reading(unfitting, ITEM)
    with pytest.raises(UnknownModel, match="there is no model 000000000000"):
        serving.version("0" * 12)


def test_few_models_stay_in_memory() -> None:
    serving, store, _ = a_serving(Clock())
    versions = [save(store, bundle(seed)) for seed in (8, 9, 10, 11)]

    first = serving.version(versions[0])
    for version in versions[1:]:
        serving.version(version)

    assert serving.version(versions[-1]) is serving.version(versions[-1])
    assert serving.version(versions[0]) is not first
