"""The handler from an event of API Gateway to its answer, over what is held in memory."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter

from holdfast.bundle import Bundle, canonical, save
from holdfast.feature_set import FeatureSet
from holdfast.keyring import keyring
from holdfast.registry import MemoryRegistry
from holdfast.scoring import Scorer
from holdfast.store import MemoryStore, write_json
from score import api
from score.batch import ranking, score_table, vectors
from score.examples import EXAMPLES
from score.held import MemoryVectors
from score.openapi import document
from score.people import People
from score.routes import BASE, ROUTES
from score.serving import Serving
from score.shapes import ScoresWanted
from tests.doubles.models import AS_OF, FEATURES, bundle, population, small_settings

RING = keyring("a1B2" * 16, "s")
NAMES = [f"u-{number}" for number in range(300)]
OLDER = FeatureSet(FEATURES.features, {"windows_days": [7]})


class Context:
    """What Lambda says of an invocation."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStore]:
    """A population that is scored by a champion, a second model of the same features, and one of other features."""
    store, registry, scorer = MemoryStore(), MemoryRegistry(), Scorer.from_bundle(bundle())
    registry.promote(save(store, bundle()), "run-1", "2026-06-01T03:00:00+00:00", None)
    save(store, bundle(8))
    save(store, unfitting())
    table = population()
    table = table.set_column(0, "customer_id", [[RING.current.one(name) for name in NAMES]])
    scores = score_table(table, scorer, datetime.fromisoformat(AS_OF), 5)
    write_json(store, "rankings/latest.json", {"run": "run-1", **ranking(scores, "USD", 1000, 3)})
    items = {item["customer_id"]: item for item in vectors(table, scorer, AS_OF)}
    serving = Serving(registry, store, lambda: 0.0)
    people = People(lambda: RING, MemoryVectors(items), lambda: 0.0)
    for name, made in (("serving", serving), ("people", people), ("settings", small_settings())):
        monkeypatch.setattr(api, name, lambda made=made: made)
    api._document.cache_clear()
    return store


def unfitting() -> Bundle:
    return Bundle({**bundle(8).files, "features.json": canonical(OLDER.to_json())})


def asked(
    method: str, path: str, body: Any = None, query: dict[str, str] | None = None, **headers: str
) -> tuple[int, Any, dict]:
    event = {
        "path": path, "httpMethod": method, "requestContext": {"requestId": "r-1", "stage": "live"}, "queryStringParameters": query,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
    }  # fmt: skip
    answer = api.handler(event, Context())
    told = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None, told


def test_a_customer_is_scored_by_id_and_by_pseudonym_alike() -> None:
    status, body, headers = asked("GET", "/v1/customers/u-7/score")

    assert status == 200
    assert asked("GET", f"/v1/customers/{body['customer_id']}/score") == (status, body, headers)
    assert body["customer_id"] == RING.current.one("u-7")
    assert headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/v1/customers/u-7/score", "/v1/customers", "/v1/models", "/v1/openapi.json"])
def test_whoever_has_the_answer_already_is_told_so(path: str) -> None:
    _, _, headers = asked("GET", path)

    for sent in (headers["ETag"], f'"other", W/{headers["ETag"]}', "*"):
        assert asked("GET", path, If_None_Match=sent)[:2] == (304, None)
        assert asked("GET", path, If_None_Match=sent)[2]["ETag"] == headers["ETag"]
    assert asked("GET", path, If_None_Match='"other"')[0] == 200


@pytest.mark.parametrize("named", ["u 7", "Zoë", "\uf9bbo\U00056955", "a:b;c", 'say "so"', "u%207", "100 %"])
def test_an_id_may_hold_any_character_but_a_slash(named: str) -> None:
    assert asked("GET", f"/v1/customers/{named}/score")[0] == 404
    assert "nothing is held" in asked("GET", f"/v1/customers/{named}/score")[1]["detail"]


def test_an_unknown_customer_is_told_as_of_when_there_is_data() -> None:
    status, body, _ = asked("GET", "/v1/customers/u-999/score")

    assert (status, body["title"], body["request_id"]) == (404, "Not Found", "r-1")
    assert body["detail"] == f"nothing is held for this customer; data is held for 300 customers as of {AS_OF}"


@pytest.mark.parametrize("named", ["ada@example.com", "ada%40example.com"])
def test_an_email_address_in_a_path_is_refused_and_not_repeated(named: str) -> None:
    status, body, _ = asked("GET", f"/v1/customers/{named}/score")

    assert status == 400
    assert "ada" not in json.dumps(body)


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "ten", "", "٣", "9" * 40])
def test_a_limit_that_is_no_number_within_bounds_is_refused(limit: str) -> None:
    assert asked("GET", "/v1/customers", query={"limit": limit})[0] == 400


def test_the_ranking_is_as_long_as_asked_for() -> None:
    assert len(asked("GET", "/v1/customers", query={"limit": "3"})[1]["customers"]) == 3
    assert len(asked("GET", "/v1/customers")[1]["customers"]) == 10


def test_another_model_answers_by_its_version_if_it_reads_what_is_held() -> None:
    path = "/v1/models/{}/customers/u-7/score"

    assert asked("GET", path.format(bundle(8).version))[1]["model"] == bundle(8).version
    assert asked("GET", path.format(bundle().version))[1] == asked("GET", "/v1/customers/u-7/score")[1]
    assert asked("GET", path.format(unfitting().version))[0] == 409
    assert asked("GET", path.format("0" * 12))[0] == 404
    assert asked("GET", path.format("../x"))[0] == 404


def test_many_are_scored_at_once_and_who_is_unknown_fails_alone() -> None:
    status, body, _ = asked("POST", "/v1/scores", {"customers": ["u-7", "nobody", "u-8", "ada@example.com"]})

    assert (status, body["scored"], body["failed"]) == (200, 2, 2)
    assert [item["id"] for item in body["items"]] == ["u-7", "nobody", "u-8", "ada@example.com"]
    assert body["items"][0]["score"] == asked("GET", "/v1/customers/u-7/score")[1]
    assert body["items"][1] == {
        "id": "nobody", "score": None, "problem": {"status": 404, "detail": "nothing is held for this customer"},
    }  # fmt: skip


def test_a_thousand_ids_are_answered_and_one_more_is_not() -> None:
    assert asked("POST", "/v1/scores", {"customers": NAMES * 3 + NAMES[:100]})[1]["scored"] == 1000
    assert asked("POST", "/v1/scores", {"customers": NAMES * 3 + NAMES[:101]})[0] == 422


def test_rows_of_features_are_scored_as_if_they_were_held() -> None:
    row = {name: population()[name][7].as_py() for name in FEATURES.names}

    _, body, _ = asked("POST", "/v1/scores", {"rows": [{"id": "r", "features": row}, {"features": {"other": 1}}]})

    scored, failed = body["items"]
    same = asked("GET", "/v1/customers/u-7/score")[1]
    assert scored["id"] == "r"
    assert {**scored["score"], "customer_id": 0, "company_id": 0, "as_of": 0} == {
        **same, "customer_id": 0, "company_id": 0, "as_of": 0,
    }  # fmt: skip
    assert failed["problem"] == {"status": 422, "detail": f"model {bundle().version} reads no feature 'other'"}


def test_many_are_scored_by_another_model_with_as_many_reasons_as_asked_for() -> None:
    body = {"customers": ["u-7"], "model": bundle(8).version, "reasons": 1}

    (item,) = asked("POST", "/v1/scores", body)[1]["items"]
    unread = asked("POST", "/v1/scores", body | {"model": unfitting().version})[1]

    assert (item["score"]["model"], len(item["score"]["reasons"])) == (bundle(8).version, 1)
    assert unread["items"][0]["problem"]["status"] == 409
    assert asked("POST", "/v1/scores", body | {"model": "0" * 12})[0] == 404


def test_a_whole_number_may_be_written_with_a_point_and_nothing_else_is_a_number() -> None:
    assert (
        len(asked("POST", "/v1/scores", '{"customers": ["u-7"], "reasons": 2.0}')[1]["items"][0]["score"]["reasons"])
        == 2
    )
    for other in ("2.5", "true", '"2"'):
        assert asked("POST", "/v1/scores", f'{{"customers": ["u-7"], "reasons": {other}}}')[0] == 422
    for other in ("true", '"2"', "1e999"):
        assert asked("POST", "/v1/scores", f'{{"rows": [{{"features": {{"events_7d": {other}}}}}]}}')[0] == 422


def test_bodies_that_are_too_large_or_of_another_kind_are_refused() -> None:
    assert asked("POST", "/v1/scores", "<a/>", Content_Type="application/xml")[0] == 415
    assert asked("POST", "/v1/scores", " " * 4_000_001)[0] == 413
    assert asked("POST", "/v1/scores", "{")[0] == 400


def test_an_answer_that_lambda_could_not_give_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_LARGEST_ANSWER", 1000)

    assert asked("POST", "/v1/scores", {"customers": ["u-7", "u-8"]})[0] == 413


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_of_the_document_answers_and_other_methods_do_not(route: Any) -> None:
    path = BASE + route.path.replace("{id}", "u-7").replace("{version}", bundle().version)
    body = {"customers": ["u-7"]} if route.method == "POST" else None

    assert asked(route.method, path, body)[0] == 200
    assert asked("DELETE", path)[0] == 405
    assert asked("DELETE", path)[2]["Allow"] == route.method


@pytest.mark.parametrize("authorization", ["iam", "cognito"])
def test_the_document_is_valid(authorization: str) -> None:
    OpenAPIV31SpecValidator(document("live", authorization)).validate()


def test_under_a_name_of_the_companys_own_paths_have_no_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    named = small_settings()
    rules = named.api.model_copy(update={"domain": "scores.example.com"})
    monkeypatch.setattr(api, "settings", lambda: named.model_copy(update={"api": rules}))

    servers = []
    for domain in ("scores.example.com", "a1.execute-api.us-east-1.amazonaws.com"):
        context = {"requestId": "r", "stage": "live", "domainName": domain}
        event = {"path": "/v1/openapi.json", "httpMethod": "GET", "requestContext": context, "headers": {}}
        servers.append(json.loads(api.handler(event, Context())["body"])["servers"])

    assert servers == [[{"url": "/"}], [{"url": "/live"}]]


def test_every_example_is_what_its_model_says() -> None:
    for route in ROUTES:
        if route.gives and route.operation in EXAMPLES:
            route.gives.model_validate(EXAMPLES[route.operation])
    for example in EXAMPLES["wanted"].values():
        TypeAdapter(ScoresWanted).validate_python(example["value"])


def test_answers_are_what_the_document_says() -> None:
    for route in ROUTES:
        path = BASE + route.path.replace("{id}", "u-7").replace("{version}", bundle().version)
        answer = asked(route.method, path, {"customers": ["u-7"]} if route.method == "POST" else None)[1]
        if route.gives:
            assert route.gives.model_validate(answer).model_dump(mode="json") == answer


def test_no_log_line_names_whom_was_asked_for(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def find(self, customer: str) -> None:
            raise ValueError(f"no {customer} here")

    for people in (api.people, Broken):
        monkeypatch.setattr(api, "people", people)
        for named in ("u-7", "u-unknown", "ada@example.com"):
            event = {
                "path": f"/v1/customers/{named}/score",
                "httpMethod": "GET",
                "requestContext": {"requestId": "r"},
                "headers": {},
            }
            api.handler(event, Context())

    logged = [record.__dict__ for record in caplog.records]
    assert [record["error"] for record in logged] == ["ValueError"] * 2
    said = str(logged) + "".join(capsys.readouterr())
    assert '"Requests":[1.0]' in said
    assert "u-7" not in said
    assert "u-unknown" not in said
    assert "ada@" not in said
