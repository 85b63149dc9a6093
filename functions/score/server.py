"""The scorer outside of Lambda: the same handler behind HTTP, for callers who bear a token. `python -m score.server`

Requests are handled one after the other, as in one warm function: Powertools' resolver holds one request at a time. A score takes
about a millisecond; waitress reads from slow callers meanwhile. More of it is more containers.
"""

import base64
import hmac
import logging
import os
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

import waitress

from holdfast.errors import ConfigurationInvalid
from score.problems import Told, problem

TOKEN = "HOLDFAST_API_TOKEN"  # noqa: S105 - a variable's name
_SHORTEST = 32
_STAGE = "live"
"""What API Gateway puts before the paths, and the OpenAPI document with it: they are answered with and without."""
_LARGEST_BODY = 10 * 1024 * 1024
"""Bytes, as API Gateway allows."""

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True)
class Invocation:
    """What the handler reads of Lambda's context."""

    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = "Api"
    memory_limit_in_mb: int = 0
    invoked_function_arn: str = "elsewhere"


@dataclass(frozen=True)
class Server:
    """A WSGI application that asks the handler as API Gateway would. TLS is whoever's who runs the container."""

    handler: Handler
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.token) < _SHORTEST:
            raise ConfigurationInvalid(
                f"{TOKEN} must hold a secret of at least {_SHORTEST} characters, which callers send as "
                "`Authorization: Bearer …`: `openssl rand -hex 32` makes one"
            )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        invocation = Invocation()
        if not self._is_known(environ.get("HTTP_AUTHORIZATION", "")):
            return answered(_refusal(invocation.aws_request_id), start_response)
        return answered(self.handler(event_of(environ, invocation.aws_request_id), invocation), start_response)

    def _is_known(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode(), f"Bearer {self.token}".encode())


def event_of(environ: WSGIEnvironment, request_id: str) -> dict[str, Any]:
    """The request as API Gateway's proxy event; the token is not in it. The path stays as it was sent, for an id may hold a slash."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if (name.startswith("HTTP_") and name != "HTTP_AUTHORIZATION")
        or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
    }
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    path = environ["REQUEST_URI"].partition("?")[0].removeprefix(f"/{_STAGE}")
    body = environ["wsgi.input"].read()
    return {
        "resource": path, "path": path, "httpMethod": environ["REQUEST_METHOD"], "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {"requestId": request_id, "stage": _STAGE, "path": path, "httpMethod": environ["REQUEST_METHOD"]},
        "body": base64.b64encode(body).decode() if body else None, "isBase64Encoded": bool(body),
    }  # fmt: skip


def answered(answer: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """The handler's answer over HTTP."""
    status = HTTPStatus(answer["statusCode"])
    several = answer.get("multiValueHeaders") or {}
    headers = [(name, value) for name, values in several.items() for value in values]
    headers += [(name, str(value)) for name, value in (answer.get("headers") or {}).items() if name not in several]
    start_response(f"{status.value} {status.phrase}", headers)
    body = answer.get("body") or ""
    return [base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()]


def _refusal(request_id: str) -> dict[str, Any]:
    told = Told(
        HTTPStatus.UNAUTHORIZED, "send `Authorization: Bearer` with this scorer's token", {"WWW-Authenticate": "Bearer"}
    )
    said = problem(told, request_id)
    headers = {"Content-Type": str(said.content_type)} | {name: str(value) for name, value in said.headers.items()}
    return {"statusCode": said.status_code, "headers": headers, "body": said.body}


def main() -> None:
    """Serve on PORT (8080), on every interface: of a container, that is its own."""
    from score.api import handler

    try:
        server = Server(handler, os.environ.get(TOKEN, ""))
    except ConfigurationInvalid as error:
        sys.exit(f"holdfast: {error}")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # with one thread, it warns of every second request
    host, port = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))  # noqa: S104
    waitress.serve(server, host=host, port=port, threads=1, ident=None, max_request_body_size=_LARGEST_BODY)


if __name__ == "__main__":
    main()
