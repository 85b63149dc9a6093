"""How a billing API like Stripe speaks: error bodies, refusals, versions, and what a list may be asked."""

import re
from collections.abc import Mapping
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from infra.local.standins.limits import Allowance

ACCOUNT_VERSION = "2022-11-15"
"""What the account was made with: requests that say none get it, and so does every event."""
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
RETRY_AFTER_SHARE = 0.5
LONGEST_URL = 16_000
USUAL, MOST = 10, 100
REQUEST_ID = f"req_{UUID(int=0x0AFE_0000_4000_8000_0000_0000_0003).hex[:14]}"
BOUNDS = ("gt", "gte", "lt", "lte")


class BadRequestError(Exception):
    """Answered with the status and the body that the vendor has for it."""

    def __init__(self, message: str, param: str = "", code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status


def error(status: int, message: str, code: str = "", param: str = "", kind: str = "invalid_request_error") -> Response:
    said = {"message": message, "type": kind} | ({"param": param} if param else {})
    if code:
        said |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
    return JSONResponse({"error": said}, status, headers={"Request-Id": REQUEST_ID})


async def bad_request(_request: Request, problem: Exception) -> Response:
    if isinstance(problem, BadRequestError):
        return error(problem.status, str(problem), problem.code, problem.param)
    return error(400, str(problem))


class SubscriptionsDialect:
    """How it refuses."""

    longest_url = LONGEST_URL

    def unauthorized(self, given: str | None) -> Response:
        missing = "You did not provide an API key. You need to provide your API key in the Authorization header."
        return error(401, "Invalid API Key provided: sk_test_****" if given else missing)

    def expired(self) -> Response:
        return error(401, "Expired API Key provided: sk_test_****", "api_key_expired")

    def throttled(self, luck: float, _allowance: Allowance, _path: str) -> Response:
        return _rate(1 if luck < RETRY_AFTER_SHARE else None)

    def unavailable(self) -> Response:
        return error(503, "The service is temporarily unavailable.", kind="api_error")

    def too_long(self) -> Response:
        return HTMLResponse("<html><head><title>414 Request-URI Too Large</title></head></html>", 414)

    def refusal(self, kind: str, luck: float, retry_after: int, _path: str) -> Response | None:
        """A locked object is a 429 here too."""
        if kind.startswith("rate_"):
            return _rate(retry_after if luck < RETRY_AFTER_SHARE else None)
        if kind == "locked_423":
            return error(
                429, "This object cannot be accessed right now because another request holds it.", "lock_timeout"
            )
        if kind == "bad_gateway_502":
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        return error(500, "An unknown error occurred", kind="api_error") if kind == "timeout_504" else None

    def limit_headers(self, _path: str, _allowance: Allowance) -> dict[str, str]:
        """Nothing is told of what is left."""
        return {"Request-Id": REQUEST_ID}


def _rate(retry_after: int | None) -> Response:
    refused = error(429, "Request rate limit exceeded.", "rate_limit")
    refused.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
    if retry_after is not None:
        refused.headers["Retry-After"] = str(retry_after)
    return refused


def version_of(request: Request) -> str:
    """Raises BadRequestError for what is no version."""
    version = request.headers.get("stripe-version", ACCOUNT_VERSION)
    if not VERSION.fullmatch(version):
        raise BadRequestError(f"Invalid Stripe API version: {version}")
    return version


def check_names(asked: QueryParams, known: Mapping[str, object]) -> None:
    """Raises BadRequestError for a parameter that the endpoint does not know."""
    always = ("limit", "starting_after", "ending_before", "created", "expand")
    for name in asked:
        if name.partition("[")[0] not in {*always, *known}:
            raise BadRequestError(f"Received unknown parameter: {name}", name, "parameter_unknown")


def page_size(asked: QueryParams) -> int:
    """Raises BadRequestError beyond 1 to 100."""
    size = _whole(asked.get("limit", USUAL), "limit")
    if size < 1:
        raise BadRequestError(f"This value must be greater than or equal to 1 (it currently is '{size}').", "limit")
    if size > MOST:
        raise BadRequestError(f"This value must be less than or equal to {MOST} (it currently is '{size}').", "limit")
    return size


def created_bounds(asked: QueryParams) -> dict[str, int]:
    """Bounds of the moment of creation by `gt`, `gte`, `lt`, `lte`; a plain moment is both of the inner ones."""
    exact = {"gte": asked["created"], "lte": asked["created"]} if "created" in asked else {}
    named = {bound: asked[f"created[{bound}]"] for bound in BOUNDS if f"created[{bound}]" in asked}
    return {bound: _whole(value, "created") for bound, value in (exact | named).items()}


def _whole(text: object, name: str) -> int:
    try:
        return int(str(text))
    except ValueError as problem:
        raise BadRequestError(f"Invalid integer: {text}", name, "parameter_invalid_integer") from problem
