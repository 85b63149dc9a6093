"""What the API answers, and what it serves from."""

import json

import numpy as np
import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from holdfast.bundle import Bundle, canonical, save
from holdfast.errors import BundleInvalid, HoldfastError, NoData, StorageUnavailable, UnknownCustomer
from holdfast.feature_set import FeatureSet
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, write_json
from score.answers import models_answer, ranking_answer, score_answer
from score.problems import RequestInvalid, install
from score.serving import Serving
from tests.doubles.models import AS_OF, FEATURES, bundle

NOW = "2026-06-02T03:00:00+00:00"
ITEM = {
    "customer_id": "k1_1", "company_id": "k1_2", "as_of": AS_OF, "feature_set": FEATURES.version,
    "vector": np.array([2, 1, 9, np.nan, 40], dtype="<f4").tobytes(),
}  # fmt: skip


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_serving(clock: Clock) -> tuple[Serving, MemoryStore, MemoryRegistry]:
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "run-1", "2026-06-01T03:00:00+00:00", None)
    write_json(
        store,
        "rankings/latest.json",
        {"customers": [{"customer_id": "a"}, {"customer_id": "b"}], "total": 2, "as_of": AS_OF},
    )
    return Serving(registry, store, clock), store, registry


def test_a_score_explains_itself() -> None:
    answer = score_answer(ITEM, Scorer.from_bundle(bundle()), 5)

    assert answer["margin"] == pytest.approx(
        answer["base"] + sum(r["contribution_log_odds"] for r in answer["reasons"]), abs=1e-4
    )
    points = sum(reason["contribution_points"] for reason in answer["reasons"])
    assert answer["probability"] == pytest.approx(answer["base_probability"] + points, abs=1e-4)
    assert answer["reasons"][0]["sentence"] == "Support tickets in the last 90 days"
    assert (answer["band"], answer["value"]["currency"], answer["as_of"]) == ("high", "USD", AS_OF)
    json.dumps(answer, allow_nan=False)


def test_a_vector_of_another_feature_set_is_not_scored() -> None:
    with pytest.raises(BundleInvalid, match="scores no other: this is other"):
        score_answer({**ITEM, "feature_set": "other"}, Scorer.from_bundle(bundle()), 5)


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
    assert (after.champion.version, after.scorer.version) == (bundle(8).version, bundle(8).version)


def test_the_same_champion_keeps_its_tables() -> None:
    clock = Clock()
    serving, _, _ = a_serving(clock)
    first = serving.current()

    clock.now = 100.0

    assert serving.current().scorer is first.scorer


def test_nothing_is_served_before_the_first_run() -> None:
    with pytest.raises(NoData, match="no model serves yet"):
        Serving(MemoryRegistry(), MemoryStore(), Clock()).current()


def test_lists_as_many_as_asked_for_and_says_who_serves() -> None:
    serving, _, _ = a_serving(Clock())
    served = serving.current()

    assert ranking_answer(served, 1) == {"customers": [{"customer_id": "a"}], "total": 2, "as_of": AS_OF}
    assert (models_answer(served)["champion"], models_answer(served)["feature_set"]) == (
        bundle().version,
        FEATURES.version,
    )


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (RequestInvalid("limit must be a number"), 400, "limit must be a number"),
        (UnknownCustomer("nothing is held"), 404, "nothing is held"),
        (NoData("no model serves yet"), 503, "no model serves yet"),
        (StorageUnavailable("reading x: SlowDown"), 503, "storage does not answer right now; try again"),
        (HoldfastError("secret detail"), 500, "something went wrong here; the request id finds it in the log"),
        (ZeroDivisionError("secret detail"), 500, "something went wrong here; the request id finds it in the log"),
    ],
)
def test_an_error_is_a_problem_document_without_a_stack(error: Exception, status: int, detail: str) -> None:
    app = APIGatewayRestResolver()
    install(app)

    @app.get("/fails")
    def fails() -> None:
        raise error

    answer = app.resolve({"path": "/fails", "httpMethod": "GET", "requestContext": {"requestId": "r-1"}}, object())  # type: ignore[arg-type]

    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["status"], body["detail"], body["request_id"]) == (status, status, detail, "r-1")
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert "secret" not in answer["body"]
    assert "Traceback" not in answer["body"]


def test_a_route_that_does_not_exist_is_a_problem_too() -> None:
    app = APIGatewayRestResolver()
    install(app)

    answer = app.resolve({"path": "/v9", "httpMethod": "GET", "requestContext": {"requestId": "r-1"}}, object())  # type: ignore[arg-type]

    assert (answer["statusCode"], json.loads(answer["body"])["title"]) == (404, "Not Found")
