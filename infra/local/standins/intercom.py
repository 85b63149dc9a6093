"""A stand-in for Intercom's API: contacts, conversations and tickets, by list and by search, over real HTTP."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins import intercom_records as records
from infra.local.standins.intercom_search import matching
from infra.local.standins.limits import Allowance
from infra.local.standins.tables import Row, Rows, Table

VERSIONS = ("2.11", "2.12", "2.13", "2.14", "2.15", "2.16")
DEFAULT_VERSION = "2.15"
REQUEST_ID = str(UUID(int=0x0AFE_0000_4000_8000_0000_0000_0002))
MOST_PER_PAGE = 150


@dataclass(frozen=True)
class Stream:
    """How one kind of record is listed: its envelope, its usual page size, and how dates are searched."""

    type: str
    key: str
    render: Callable[[Row], dict[str, Any]]
    per_page: int
    by_day: bool = False


STREAMS = {
    "contacts": Stream("list", "data", records.contact, 50, by_day=True),
    "conversations": Stream("conversation.list", "conversations", records.conversation, 20),
    "tickets": Stream("ticket.list", "tickets", records.ticket, 20),
}


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

    def unauthorized(self, given: str | None) -> Response:
        return error(401, "unauthorized", "Access Token Invalid") if given else error(401, "missing_authorization", "")

    def throttled(self, _luck: float, allowance: Allowance) -> Response:
        return error(429, "rate_limit_exceeded", f"Exceeded rate limit of {allowance.limit} in 10_seconds")

    def unavailable(self) -> Response:
        return error(503, "service_unavailable", "Sorry, the API service is temporarily unavailable")

    def limit_headers(self, _path: str, allowance: Allowance) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(allowance.limit),
            "X-RateLimit-Remaining": str(allowance.remaining),
            "X-RateLimit-Reset": str(allowance.reset),
        }


class Intercom:
    """The endpoints, over the tables of one world."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self.tables = tables
        self.all_rows = {name: np.arange(len(table))[::-1] for name, table in tables.items()}

    def routes(self) -> list[Route]:
        return [
            Route("/admins", self.admins),
            Route("/tags", self.tags),
            Route("/{stream:str}/search", self.search, methods=["POST"]),
            Route("/{stream:str}/{id:str}", self.read),
            Route("/{stream:str}", self.list_records),
        ]

    async def list_records(self, request: Request) -> Response:
        """Newest first."""
        name = request.path_params["stream"]
        if name not in ("contacts", "conversations"):
            return error(404, "not_found", "The requested resource was not found")
        query = request.query_params
        asked = {"per_page": query.get("per_page"), "starting_after": query.get("starting_after")}
        return self._page(request, name, self.all_rows[name], asked)

    async def search(self, request: Request) -> Response:
        name = request.path_params["stream"]
        if name not in STREAMS:
            return error(404, "not_found", "The requested resource was not found")
        body = await _body(request)
        rows = matching(self.tables[name], body, by_day=STREAMS[name].by_day)
        return self._page(request, name, rows, body.get("pagination") or {})

    async def read(self, request: Request) -> Response:
        name = request.path_params["stream"]
        row = self.tables[name].find(request.path_params["id"]) if name in STREAMS else None
        if row is None:
            return error(404, "not_found", "Resource Not Found")
        render = records.whole_conversation if name == "conversations" else STREAMS[name].render
        return _versioned(request, render(row))

    async def admins(self, request: Request) -> Response:
        admin = records.ADMIN | {"away_mode_enabled": False, "away_mode_reassign": False, "has_inbox_seat": True}
        return _versioned(request, {"type": "admin.list", "admins": [admin | {"team_ids": []}]})

    async def tags(self, request: Request) -> Response:
        return _versioned(request, {"type": "list", "data": records.TAGS})

    def _page(self, request: Request, name: str, rows: Rows, asked: dict[str, Any]) -> Response:
        stream = STREAMS[name]
        size = _page_size(asked.get("per_page"), stream.per_page)
        start = _open_cursor(asked.get("starting_after"))
        following = {"per_page": size, "starting_after": _cursor(start + size)}
        pages = {
            "type": "pages",
            "page": start // size + 1,
            "per_page": size,
            "total_pages": -(-len(rows) // size),
            "next": following if start + size < len(rows) else None,
        }
        shown = [stream.render(row) for row in self.tables[name].take(rows[start : start + size])]
        return _versioned(request, {"type": stream.type, stream.key: shown, "total_count": len(rows), "pages": pages})


def _versioned(request: Request, body: dict[str, Any]) -> Response:
    version = request.headers.get("intercom-version", DEFAULT_VERSION)
    if version not in VERSIONS:
        raise BadRequestError("intercom_version_invalid", "The requested version could not be found")
    return JSONResponse(body, headers={"Intercom-Version": version})


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as problem:
        raise BadRequestError("bad_request", "bad 'Content-Type' or body") from problem
    if not isinstance(body, dict):
        raise BadRequestError("bad_request", "the body is not an object")
    return body


def _page_size(asked: Any, usual: int) -> int:
    try:
        size = usual if asked is None else int(asked)
    except ValueError as problem:
        raise BadRequestError("parameter_invalid", "per_page is not a number") from problem
    if not 0 < size <= MOST_PER_PAGE:
        raise BadRequestError("parameter_invalid", f"Per Page must be between 1 and {MOST_PER_PAGE}")
    return size


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _open_cursor(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except ValueError as problem:
        raise BadRequestError("parameter_invalid", "starting_after is not a cursor of ours") from problem
