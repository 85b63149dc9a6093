"""What the API answers, and what it serves from."""

import json

import numpy as np
import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from holdfast.bundle import save
from holdfast.errors import HoldfastError, NoData, StorageUnavailable, UnknownCustomer
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, write_json
from score.answers import models_answer, ranking_answer, score_answer
from score.problems import RequestInvalid, install
from score.serving import Serving
from tests.doubles.models import AS_OF, FEATURES, bundle

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
    with pytest.raises(NoData, match="the next run brings them together"):
        score_answer({**ITEM, "feature_set": "other"}, Scorer.from_bundle(bundle()), 5)


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
