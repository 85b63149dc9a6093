"""A stand-in for HubSpot's API: lists, search, properties, owners and marketing email events over real HTTP."""

import base64
import json
from typing import Any
from uuid import UUID

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins import hubspot_records as records
from infra.local.standins.hubspot_search import matching
from infra.local.standins.limits import Allowance
from infra.local.standins.tables import Row, Table

VERSION = "2026-09"
LIST_LIMIT, SEARCH_LIMIT, EVENTS_LIMIT, OWNERS_LIMIT = 100, 200, 1000, 500
SEARCH_CAP = 10_000
RETRY_AFTER_SHARE = 0.75
CORRELATION = str(UUID(int=0x0AFE_0000_4000_8000_0000_0000_0001))


class BadRequestError(Exception):
    """Answered with 400 and HubSpot's body."""


def error(status: int, category: str, message: str, **more: Any) -> JSONResponse:
    body = {"status": "error", "message": message, "correlationId": CORRELATION, "category": category} | more
    return JSONResponse(body, status)


async def bad_request(_request: Request, problem: Exception) -> Response:
    return error(400, "VALIDATION_ERROR", str(problem))


class HubSpotDialect:
    """How HubSpot refuses."""

    def unauthorized(self, given: str | None) -> Response:
        message = "Authentication credentials not found. This API supports OAuth 2.0 authentication"
        if given:
            message = "The OAuth token used to make this call is not valid or has been revoked."
        return error(401, "INVALID_AUTHENTICATION", message)

    def throttled(self, luck: float, _allowance: Allowance) -> Response:
        message = "You have reached your ten_secondly_rolling limit."
        refused = error(429, "RATE_LIMITS", message, errorType="RATE_LIMIT", policyName="TEN_SECONDLY_ROLLING")
        if luck < RETRY_AFTER_SHARE:
            refused.headers["Retry-After"] = "1"
        return refused

    def unavailable(self) -> Response:
        return error(503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable.")

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


class HubSpot:
    """The endpoints, over the tables of one world."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self.tables = tables
        self.newest_first = np.argsort(-tables["email_events"].column("created"), kind="stable")
        self.created = tables["email_events"].column("created")[self.newest_first]

    def routes(self) -> list[Route]:
        paired = [
            ("objects/{v}/{kind}", self.list_objects, "GET"),
            ("objects/{v}/{kind}/search", self.search, "POST"),
            ("objects/{v}/{kind}/{id}", self.read, "GET"),
            ("properties/{v}/{kind}", self.properties, "GET"),
            ("owners/{v}", self.owners, "GET"),
        ]
        routes = [Route("/email/public/v1/events", self.email_events, methods=["GET"])]
        for path, endpoint, method in paired:
            dated, numbered = path.replace("{v}", VERSION), "v3/" + path.replace("/{v}", "")
            routes += [Route(f"/crm/{each}", endpoint, methods=[method]) for each in (dated, numbered)]
        return routes

    async def list_objects(self, request: Request) -> Response:
        kind, table = self._table(request)
        limit = _limit(request, 10, LIST_LIMIT)
        if request.query_params.get("archived") == "true":
            return JSONResponse({"results": []})
        start = _open_cursor(kind, request.query_params.get("after"))
        page = self._render(request, kind, table.slice(start, limit))
        return JSONResponse({"results": page} | _paging(_cursor(kind, start + limit), start + limit < len(table)))

    async def search(self, request: Request) -> Response:
        kind, table = self._table(request)
        body = await _body(request)
        limit, start = int(body.get("limit", 10)), int(body.get("after") or 0)
        if not 0 < limit <= SEARCH_LIMIT:
            raise BadRequestError(f"The requested limit {limit} is not between 1 and {SEARCH_LIMIT}")
        if start + limit > SEARCH_CAP:
            raise BadRequestError("The total number of results that can be paged through is limited to 10000")
        rows = matching(kind, table, body)
        wanted = [str(name) for name in body.get("properties", [])]
        page = [records.render(kind, row, wanted, []) for row in table.take(rows[start : start + limit])]
        more = _paging(str(start + limit), start + limit < len(rows))
        return JSONResponse({"total": len(rows), "results": page} | more)

    async def read(self, request: Request) -> Response:
        kind, table = self._table(request)
        row = table.find(request.path_params["id"])
        if row is None:
            return error(404, "OBJECT_NOT_FOUND", "resource not found")
        return JSONResponse(self._render(request, kind, [row])[0])

    async def properties(self, request: Request) -> Response:
        kind, _ = self._table(request)
        return JSONResponse({"results": records.describe(kind)})

    async def owners(self, request: Request) -> Response:
        limit, start = _limit(request, 100, OWNERS_LIMIT), _open_cursor("owners", request.query_params.get("after"))
        table = self.tables["owners"]
        page = [records.owner(row) for row in table.slice(start, limit)]
        if request.query_params.get("archived") == "true":
            return JSONResponse({"results": []})
        return JSONResponse({"results": page} | _paging(_cursor("owners", start + limit), start + limit < len(table)))

    async def email_events(self, request: Request) -> Response:
        """Newest first; the offset is opaque and holds for the same window only."""
        query, limit = request.query_params, _limit(request, 100, EVENTS_LIMIT)
        first = np.searchsorted(-self.created, -_number(query.get("endTimestamp"), 2**62), side="left")
        last = np.searchsorted(-self.created, -_number(query.get("startTimestamp"), 0), side="right")
        start = int(first) + _open_cursor("events", query.get("offset"))
        stop = min(start + limit, int(last))
        events = [records.email_event(row) for row in self.tables["email_events"].take(self.newest_first[start:stop])]
        offset = _cursor("events", stop - int(first))
        return JSONResponse({"hasMore": stop < int(last), "offset": offset, "events": events})

    def _table(self, request: Request) -> tuple[str, Table]:
        kind = request.path_params["kind"]
        if kind not in records.PROPERTIES:
            raise BadRequestError(f"Unable to infer object type from: {kind}")
        return kind, self.tables[kind]

    def _render(self, request: Request, kind: str, rows: list[Row]) -> list[dict[str, Any]]:
        wanted, associated = (_names(request, name) for name in ("properties", "associations"))
        return [records.render(kind, row, wanted, associated) for row in rows]


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as problem:
        raise BadRequestError("Invalid input JSON") from problem
    if not isinstance(body, dict):
        raise BadRequestError("Invalid input JSON")
    return body


def _names(request: Request, name: str) -> list[str]:
    return [n.strip() for value in request.query_params.getlist(name) for n in value.split(",") if n.strip()]


def _limit(request: Request, usual: int, most: int) -> int:
    limit = _number(request.query_params.get("limit"), usual)
    if not 0 < limit <= most:
        raise BadRequestError(f"The requested limit {limit} is not between 1 and {most}")
    return limit


def _number(value: str | None, usual: int) -> int:
    try:
        return usual if value is None else int(value)
    except ValueError as problem:
        raise BadRequestError(f"{value!r} is not a number") from problem


def _paging(after: str, more: bool) -> dict[str, Any]:
    return {"paging": {"next": {"after": after}}} if more else {}


def _cursor(kind: str, position: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{position}".encode()).decode()


def _open_cursor(kind: str, cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        owner, _, position = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if owner == kind:
            return int(position)
    except ValueError:
        pass
    raise BadRequestError(f"Invalid cursor {cursor!r}")
