"""A stand-in for Intercom's API: contacts, conversations and tickets, by list and by search, over real HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.standins import intercom_merges
from infra.local.standins import intercom_records as records
from infra.local.standins import intercom_reference as reference
from infra.local.standins.intercom_companies import Companies
from infra.local.standins.intercom_deleted import Deleted
from infra.local.standins.intercom_events import Events
from infra.local.standins.intercom_http import (
    EXACT_VERSIONS,
    BadRequestError,
    body_of,
    cursor,
    not_found,
    open_cursor,
    page_size,
    version_of,
    versioned,
)  # fmt: skip
from infra.local.standins.intercom_parts import parts
from infra.local.standins.intercom_search import matching
from infra.local.standins.moving import MovingWorld
from infra.local.standins.tables import Row, Rows, Table


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


class Intercom:
    """The endpoints, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world, self.companies, self.happened, self.deleted = world, Companies(world), Events(world), Deleted(world)

    def routes(self) -> list[Route]:
        return [
            Route("/admins", self.admins),
            Route("/teams", self.teams),
            Route("/tags", self.tags),
            Route("/segments", self.segments),
            Route("/data_attributes", self.data_attributes),
            Route("/events", self.happened.of_contact),
            Route("/companies/scroll", self.companies.scroll),
            Route("/companies/list", self.companies.list_pages, methods=["POST"]),
            Route("/companies/{id:str}", self.companies.read),
            Route("/contacts/merge", self.merge, methods=["POST"]),
            Route("/contacts/{id:str}/companies", self.companies_of_contact),
            Route("/conversations/deleted", self.deleted.list_pages),
            Route("/{stream:str}/search", self.search, methods=["POST"]),
            Route("/{stream:str}/{id:str}", self.read, methods=["GET"]),
            Route("/{stream:str}/{id:str}", self.delete, methods=["DELETE"]),
            Route("/{stream:str}", self.list_records),
        ]

    async def list_records(self, request: Request) -> Response:
        """Newest first."""
        name = request.path_params["stream"]
        if name not in ("contacts", "conversations"):
            return not_found("The requested resource was not found")
        query, table = request.query_params, self.world.tables[name]
        asked = {"per_page": query.get("per_page"), "starting_after": query.get("starting_after")}
        return self._page(request, name, table, np.arange(len(table))[::-1], asked)

    async def search(self, request: Request) -> Response:
        name, stale = request.path_params["stream"], request.state.fault == "search_lag"
        if name not in STREAMS:
            return not_found("The requested resource was not found")
        request.state.befell = stale
        table = self.world.searchable(request.state.faults.search_lag, stale)[name]
        body = await body_of(request)
        by_day = STREAMS[name].by_day and version_of(request) not in EXACT_VERSIONS
        ahead = int(request.state.faults.zone_hours * 3600) if by_day else None
        rows = matching(table, body, ahead)
        self.world.met["whole_days"] += by_day and len(rows) != len(matching(table, body, None))
        return self._page(request, name, table, rows, body.get("pagination") or {})

    async def read(self, request: Request) -> Response:
        name = request.path_params["stream"]
        record_id = request.path_params["id"]
        row = self.world.tables[name].find(record_id) if name in STREAMS else None
        if row is None:
            return intercom_merges.absent(request, self.world, name, record_id)
        if name == "conversations":
            return versioned(request, _shown(request, name, row) | self._parts(row, request.state.faults.parts_at_most))
        return versioned(
            request, STREAMS[name].render(row) | intercom_merges.history(request, self.world, name, record_id)
        )

    def _parts(self, row: Row, at_most: int) -> dict[str, Any]:
        """A conversation's parts, of which the vendor gives the newest only."""
        born = self.world.born("conversations", row["id"]) or row | {"updated_at": row["created_at"]}
        changes = self.world.past.get(("conversations", row["id"], "state"), [])
        return {"conversation_parts": parts(row, born, changes, at_most)}

    async def delete(self, request: Request) -> Response:
        name, record_id = request.path_params["stream"], request.path_params["id"]
        row = self.world.tables[name].find(record_id) if name in ("contacts", "conversations") else None
        if row is None:
            return not_found()
        self.world.delete(name, record_id)
        if name == "conversations":
            return versioned(request, {"id": record_id, "object": "conversation", "deleted": True})
        told = {"type": "contact", "id": record_id, "external_id": row["external_id"], "deleted": True}
        return versioned(request, told)

    async def merge(self, request: Request) -> Response:
        """`from` goes into `into`, and is not there any more."""
        body, table = await body_of(request), self.world.tables["contacts"]
        loser, winner = str(body.get("from")), str(body.get("into"))
        if not {loser, winner} <= table.row_of.keys() or loser == winner:
            raise BadRequestError("parameter_invalid", "from and into must be two contacts")
        self.world.merge("contacts", loser, winner, self.world.instant("contacts", self.world.now_ms))
        return versioned(request, records.contact(self.world.tables["contacts"].find(winner) or {}))

    async def companies_of_contact(self, request: Request) -> Response:
        contact = self.world.tables["contacts"].find(request.path_params["id"])
        if contact is None:
            return not_found("User Not Found")
        company = self.world.tables["companies"].find(contact["company_id"])
        shown = [records.company(company)] if company else []
        pages = {"type": "pages", "page": 1, "per_page": 50, "total_pages": 1, "next": None}
        return versioned(request, {"type": "list", "data": shown, "pages": pages, "total_count": len(shown)})

    async def admins(self, request: Request) -> Response:
        return versioned(request, reference.admins())

    async def teams(self, request: Request) -> Response:
        return versioned(request, reference.teams())

    async def tags(self, request: Request) -> Response:
        return versioned(request, reference.tags())

    async def segments(self, request: Request) -> Response:
        counted = request.query_params.get("include_count") == "true"
        return versioned(request, reference.segments(len(self.world.tables["contacts"]), counted=counted))

    async def data_attributes(self, request: Request) -> Response:
        return versioned(request, reference.data_attributes(request.query_params.get("model")))

    def _page(self, request: Request, name: str, table: Table, rows: Rows, asked: dict[str, Any]) -> Response:
        stream = STREAMS[name]
        size = min(page_size(asked.get("per_page"), stream.per_page), request.state.faults.page_at_most)
        start = open_cursor(asked.get("starting_after"))
        following = {"per_page": size, "starting_after": cursor(start + size)}
        pages = {
            "type": "pages",
            "page": start // size + 1,
            "per_page": size,
            "total_pages": -(-len(rows) // size),
            "next": following if start + size < len(rows) else None,
        }
        shown = [_shown(request, name, row) for row in table.take(rows[start : start + size])]
        return versioned(request, {"type": stream.type, stream.key: shown, "total_count": len(rows), "pages": pages})


def _shown(request: Request, name: str, row: Row) -> dict[str, Any]:
    """A record in the words of the version that was asked for."""
    body = STREAMS[name].render(row)
    newer = name == "conversations" and version_of(request) not in intercom_merges.WITHOUT
    return body | ({"priority": "none"} if newer else {})
