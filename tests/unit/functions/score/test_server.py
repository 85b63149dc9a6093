"""The scorer outside of Lambda, over real HTTP; what it answers with is the handler's, and tested there."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import waitress

from holdfast.errors import ConfigurationInvalid
from score.server import Server

TOKEN = "t" * 32


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers with what it was asked."""
    body = {"event": event, "request_id": context.aws_request_id}
    return {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["application/json"], "ETag": ['"x"']},
            "body": json.dumps(body), "isBase64Encoded": False}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    server = waitress.create_server(Server(echo, TOKEN), host="127.0.0.1", port=0, threads=1)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.effective_port}"
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client
    server.close()
    thread.join()


def test_the_handler_is_asked_as_api_gateway_asks_it(client: httpx.Client) -> None:
    answer = client.post("/v1/scores?limit=1&limit=2", json={"customers": ["a"]}, headers={"If-None-Match": '"x"'})

    event = answer.json()["event"]
    assert (event["httpMethod"], event["path"]) == ("POST", "/v1/scores")
    assert event["queryStringParameters"] == {"limit": "2"}
    assert event["multiValueQueryStringParameters"] == {"limit": ["1", "2"]}
    assert event["headers"]["If-None-Match"] == '"x"'
    assert event["headers"]["Content-Type"] == "application/json"
    assert event["requestContext"]["requestId"] == answer.json()["request_id"]
    assert answer.headers["ETag"] == '"x"'


@pytest.mark.parametrize("prefix", ["", "/live"])
def test_a_slash_within_an_id_stays_what_it_is(client: httpx.Client, prefix: str) -> None:
    event = client.get(f"{prefix}/v1/customers/a%2Fb%20c/score").json()["event"]

    assert event["path"] == "/v1/customers/a%2Fb%20c/score"


@pytest.mark.parametrize("sent", ["", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer \u00fc"])
def test_whoever_has_not_the_token_is_not_answered(client: httpx.Client, sent: str) -> None:
    answer = client.get("/v1/models", headers={"Authorization": sent.encode()})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["status"] == 401


def test_the_token_goes_no_further(client: httpx.Client) -> None:
    assert TOKEN not in client.get("/v1/models").text


@pytest.mark.parametrize("token", ["", "short"])
def test_it_does_not_start_without_a_token_that_nobody_guesses(token: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="openssl rand"):
        Server(echo, token)
