"""How HubSpot speaks: error bodies, refusals, parameters and opaque cursors."""

import base64
import json
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from infra.local.standins.limits import Allowance

RETRY_AFTER_SHARE = 0.75
LONGEST_URL = 15_000
CORRELATION = str(UUID(int=0x0AFE_0000_4000_8000_0000_0000_0001))
POLICIES = {"rate_secondly": "SECONDLY", "rate_ten_secondly": "TEN_SECONDLY_ROLLING", "rate_daily": "DAILY"}


class BadRequestError(Exception):
    """Answered with 400 and HubSpot's body."""


def error(status: int, category: str, message: str, **more: Any) -> JSONResponse:
    body = {"status": "error", "message": message, "correlationId": CORRELATION, "category": category} | more
    return JSONResponse(body, status)


async def bad_request(_request: Request, problem: Exception) -> Response:
    return error(400, "VALIDATION_ERROR", str(problem))


class HubSpotDialect:
    """How HubSpot refuses."""

    longest_url = LONGEST_URL

    def unauthorized(self, given: str | None) -> Response:
        message = "Authentication credentials not found. This API supports OAuth 2.0 authentication"
        if given:
            message = "The OAuth token used to make this call is not valid or has been revoked."
        return error(401, "INVALID_AUTHENTICATION", message)

    def expired(self) -> Response:
        message = "The OAuth token used to make this call expired 60 second(s) ago."
        return error(401, "EXPIRED_AUTHENTICATION", message)

    def throttled(self, luck: float, _allowance: Allowance, path: str) -> Response:
        if path.endswith("/search"):
            return _rate("rate_secondly")
        return _rate("rate_ten_secondly", 1 if luck < RETRY_AFTER_SHARE else None)

    def unavailable(self) -> Response:
        return error(503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable.")

    def too_long(self) -> Response:
        return HTMLResponse("<html><head><title>414 Request-URI Too Large</title></head></html>", 414)

    def refusal(self, kind: str, luck: float, retry_after: int, path: str) -> Response | None:
        if kind == "rate_secondly":
            return _rate(kind) if path.endswith("/search") else None
        if kind in POLICIES:
            return _rate(kind, retry_after if luck < RETRY_AFTER_SHARE and kind != "rate_daily" else None)
        if kind == "migrating_477":
            moved = error(477, "MIGRATION_IN_PROGRESS", "A data migration of this account is in progress.")
            return _told(moved, retry_after)
        if kind == "locked_423":
            return error(423, "LOCKED", "The resource is locked by another operation; wait two seconds.")
        if kind == "bad_gateway_502":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        return error(504, "GATEWAY_TIMEOUT", "The request took too long.") if kind == "timeout_504" else None

    def limit_headers(self, path: str, allowance: Allowance) -> dict[str, str]:
        if path.endswith("/search"):
            return {}
        return {
            "X-HubSpot-RateLimit-Max": str(allowance.limit),
            "X-HubSpot-RateLimit-Remaining": str(allowance.remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "650000",
            "X-HubSpot-RateLimit-Daily-Remaining": "649000",
        }


def _rate(kind: str, retry_after: int | None = None) -> JSONResponse:
    policy = POLICIES[kind]
    message = f"You have reached your {policy.lower()} limit."
    return _told(error(429, "RATE_LIMITS", message, errorType="RATE_LIMIT", policyName=policy), retry_after)


def _told(refused: JSONResponse, retry_after: int | None) -> JSONResponse:
    if retry_after is not None:
        refused.headers["Retry-After"] = str(retry_after)
    return refused


async def body_of(request: Request) -> dict[str, Any]:
    """Raises BadRequestError for what is not a JSON object."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as problem:
        raise BadRequestError("Invalid input JSON") from problem
    if not isinstance(body, dict):
        raise BadRequestError("Invalid input JSON")
    return body


def inputs_of(body: dict[str, Any], most: int) -> list[dict[str, Any]]:
    """The `inputs` of a batch; raises BadRequestError for too many, or ones without an id."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) and "id" in each for each in inputs):
        raise BadRequestError("Invalid input JSON: inputs must be a list of objects with an id")
    if len(inputs) > most:
        raise BadRequestError(f"Request contains too many inputs: {len(inputs)}; the maximum is {most}")
    return [each | {"id": str(each["id"])} for each in inputs]


def names(request: Request, name: str) -> list[str]:
    return [n.strip() for value in request.query_params.getlist(name) for n in value.split(",") if n.strip()]


def limit_of(request: Request, usual: int, most: int) -> int:
    limit = number(request.query_params.get("limit"), usual)
    if not 0 < limit <= most:
        raise BadRequestError(f"The requested limit {limit} is not between 1 and {most}")
    return limit


def number(value: str | None, usual: int) -> int:
    try:
        return usual if value is None else int(value)
    except ValueError as problem:
        raise BadRequestError(f"{value!r} is not a number") from problem


def paging(after: str, more: bool) -> dict[str, Any]:
    return {"paging": {"next": {"after": after}}} if more else {}


def cursor(kind: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{position}".encode()).decode()


def open_cursor(kind: str, text: str | None) -> int:
    """The position that `cursor` wrapped; 0 without one. Raises BadRequestError for a cursor of something else."""
    if text is None:
        return 0
    try:
        owner, _, position = base64.urlsafe_b64decode(text).decode().partition(":")
        if owner == kind:
            return int(position)
    except ValueError:
        pass
    raise BadRequestError(f"Invalid cursor {text!r}")
