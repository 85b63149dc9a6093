"""How errors are told."""

import json

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import ValidationError

from holdfast.errors import HoldfastError, NoData, StorageUnavailable, UnknownCustomer
from score.problems import NotJson, RequestInvalid, TooLarge, install
from score.requests import scores_wanted
from score.serving import ModelReadsOther, UnknownModel


def answered(error: Exception) -> dict:
    app = APIGatewayRestResolver()
    install(app)

    @app.get("/fails")
    def fails() -> None:
        raise error

    return app.resolve({"path": "/fails", "httpMethod": "GET", "requestContext": {"requestId": "r-1"}}, object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (RequestInvalid("limit must be a number"), 400, "limit must be a number"),
        (UnknownCustomer("nothing is held"), 404, "nothing is held"),
        (UnknownModel("there is no model"), 404, "there is no model"),
        (ModelReadsOther("it reads another set"), 409, "it reads another set"),
        (TooLarge("too large"), 413, "too large"),
        (NotJson("send JSON"), 415, "send JSON"),
        (NoData("no model serves yet"), 503, "no model serves yet"),
        (StorageUnavailable("reading x: SlowDown"), 503, "storage does not answer right now; try again"),
        (HoldfastError("secret detail"), 500, "something went wrong here; the request id finds it in the log"),
        (ZeroDivisionError("secret detail"), 500, "something went wrong here; the request id finds it in the log"),
    ],
)
def test_an_error_is_a_problem_document_without_a_stack(error: Exception, status: int, detail: str) -> None:
    answer = answered(error)

    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["status"], body["detail"], body["request_id"]) == (status, status, detail, "r-1")
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    assert "secret" not in answer["body"]
    assert "Traceback" not in answer["body"]


def test_what_nobody_foresaw_is_logged_with_its_place_and_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    answered(KeyError("u-000042"))

    (logged,) = caplog.records
    assert (logged.error, logged.levelname) == ("KeyError", "ERROR")
    assert "test_problems.py" in logged.where[-1]
    assert "u-000042" not in str(logged.__dict__)


def invalid(body: str) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        scores_wanted(body, None)
    return raised.value


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("", 400, "the body is not JSON"),
        ("{", 400, "the body is not JSON"),
        ("{}", 422, "customers.customers: Field required"),
        ("[]", 422, "customers: Input should be an object"),
        ('{"customers": []}', 422, "customers.customers: List should have at least 1 item after validation, not 0"),
        ('{"customers": ["a"], "rows": []}', 422, "rows.rows: List should have at least 1 item after validation, not 0"),
        ('{"rows": [{"features": {"ada@example.com": "ada@example.com"}}]}', 422,
         "rows.rows.0.features.…: Input should be a valid number"),
        ('{"customers": ["a"], "reasons": 21}', 422, "customers.reasons: Input should be less than or equal to 20"),
        ('{"customers": ["a"], "ada@example.com": 1}', 422, "customers.…: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_what_the_document_says_is_told_where_and_never_repeated(
    body: str, status: int, detail: str
) -> None:
    answer = answered(invalid(body))

    said = json.loads(answer["body"])
    assert (answer["statusCode"], said["detail"]) == (status, detail)
    assert "ada" not in answer["body"]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/v9", 404, None),
        ("GET", "/v1/customers/a/b/score", 404, None),
        ("DELETE", "/v1/customers/a/score", 405, ["GET"]),
        ("GET", "/v1/scores", 405, ["POST"]),
        ("PUT", "/v1/models/abcdefabcdef/customers/a/score", 405, ["GET"]),
    ],
)
def test_a_route_that_is_not_there_and_a_method_that_is_not_answered_are_told_apart(
    method: str, path: str, status: int, allow: list[str] | None
) -> None:
    app = APIGatewayRestResolver()
    install(app)

    answer = app.resolve({"path": path, "httpMethod": method, "requestContext": {"requestId": "r-1"}}, object())  # type: ignore[arg-type]

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (status, status)
    assert answer["multiValueHeaders"].get("Allow") == allow


def test_a_body_of_another_kind_and_one_that_is_too_large_are_refused() -> None:
    with pytest.raises(NotJson):
        scores_wanted("<a/>", "application/xml; charset=utf-8")
    with pytest.raises(TooLarge):
        scores_wanted(" " * 4_000_001, "application/json")
