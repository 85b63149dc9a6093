"""How Intercom speaks: error bodies, refusals, versions, page sizes and opaque cursors."""

import base64
import json
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from infra.local.standins.limits import Allowance

DEFAULT_VERSION = "2.15"
EXACT_VERSIONS = ("Preview", "Unstable")
"""Versions in which contacts are searched by the second; all others know whole days only."""
VERSIONS = ("2.11", "2.12", "2.13", "2.14", DEFAULT_VERSION, "2.16", *EXACT_VERSIONS)
REQUEST_ID = str(UUID(int=0x0AFE_0000_4000_8000_0000_0000_0002))
MOST_PER_PAGE = 150
LONGEST_URL = 30_000


class BadRequestError(Exception):
    """Answered with 400 and Intercom's body."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def error(status: int, code: str, message: str) -> JSONResponse:
    errors = [{"code": code, "message": message}]
    return JSONResponse({"type": "error.list", "request_id": REQUEST_ID, "errors": errors}, status)


async def bad_request(_request: Request, problem: Exception) -> Response:
    return error(400, getattr(problem, "code", "parameter_invalid"), str(problem))


class IntercomDialect:
    """How Intercom refuses."""

    longest_url = LONGEST_URL

    def unauthorized(self, given: str | None) -> Response:
        return error(401, "unauthorized", "Access Token Invalid") if given else error(401, "missing_authorization", "")

    def expired(self) -> Response:
        return error(401, "token_expired", "Access Token Expired")

    def throttled(self, _luck: float, allowance: Allowance, _path: str) -> Response:
        return error(429, "rate_limit_exceeded", f"Exceeded rate limit of {allowance.limit} in 10_seconds")

    def unavailable(self) -> Response:
        return error(503, "service_unavailable", "Sorry, the API service is temporarily unavailable")

    def too_long(self) -> Response:
        return error(414, "client_error", "URI Too Long")

    def refusal(self, kind: str, _luck: float, _retry_after: int, _path: str) -> Response | None:
        """Of HubSpot's own 423 and 477 nothing is known here; the rate limit has one kind only."""
        if kind.startswith("rate_"):
            return error(429, "rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds")
        if kind == "bad_gateway_502":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        return error(504, "request_timeout", "The request timed out") if kind == "timeout_504" else None

    def limit_headers(self, _path: str, allowance: Allowance) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(allowance.limit),
            "X-RateLimit-Remaining": str(allowance.remaining),
            "X-RateLimit-Reset": str(allowance.reset),
        }


def version_of(request: Request) -> str:
    """Raises BadRequestError for a version that does not exist."""
    version = request.headers.get("intercom-version", DEFAULT_VERSION)
    if version not in VERSIONS:
        raise BadRequestError("intercom_version_invalid", "The requested version could not be found")
    return version


def versioned(request: Request, body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"Intercom-Version": version_of(request)})


def not_found(message: str = "Resource Not Found") -> Response:
    return error(404, "not_found", message)


async def body_of(request: Request) -> dict[str, Any]:
    """Raises BadRequestError for what is not a JSON object."""
    try:
        body = json.loads(await request.body())
    except ValueError as problem:
        raise BadRequestError("bad_request", "bad 'Content-Type' or body") from problem
    if not isinstance(body, dict):
        raise BadRequestError("bad_request", "the body is not an object")
    return body


def page_size(asked: Any, usual: int, most: int = MOST_PER_PAGE) -> int:
    try:
        size = usual if asked is None else int(asked)
    except ValueError as problem:
        raise BadRequestError("parameter_invalid", "per_page is not a number") from problem
    if not 0 < size <= most:
        raise BadRequestError("parameter_invalid", f"Per Page must be between 1 and {most}")
    return size


def cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def open_cursor(text: str | None) -> int:
    """The position that `cursor` wrapped; 0 without one."""
    if text is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(text).decode().removeprefix("at:"))
    except ValueError as problem:
        raise BadRequestError("parameter_invalid", "starting_after is not a cursor of ours") from problem
