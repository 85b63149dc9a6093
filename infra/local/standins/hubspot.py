"""A stand-in for HubSpot's API: lists, search, batches, properties, owners and marketing email events over real HTTP."""

from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins import hubspot_records as records
from infra.local.standins import hubspot_schema as schema
from infra.local.standins.hubspot_batch import Batches
from infra.local.standins.hubspot_http import (
    BadRequestError,
    body_of,
    cursor,
    error,
    limit_of,
    names,
    number,
    open_cursor,
    paging,
)  # fmt: skip
from infra.local.standins.hubspot_search import matching
from infra.local.standins.moving import MovingWorld
from infra.local.standins.tables import Row, Table

VERSION = "2026-09"
LIST_LIMIT, HISTORY_LIMIT, SEARCH_LIMIT, EVENTS_LIMIT, OWNERS_LIMIT = 100, 50, 200, 1000, 500


class HubSpot:
    """The endpoints, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world, self.batches = world, Batches(world)

    def routes(self) -> list[Route]:
        paired = [
            ("objects/{v}/{kind}", self.list_objects, "GET"),
            ("objects/{v}/{kind}/search", self.search, "POST"),
            ("objects/{v}/{kind}/batch/read", self.batches.objects, "POST"),
            ("objects/{v}/{kind}/gdpr-delete", self.erase, "POST"),
            ("objects/{v}/{kind}/merge", self.merge, "POST"),
            ("objects/{v}/{kind}/{id}", self.read, "GET"),
            ("objects/{v}/{kind}/{id}", self.archive, "DELETE"),
            ("objects/{v}/{kind}/{id}/associations/{to}", self.batches.of_one, "GET"),
            ("associations/{v}/{kind}/{to}/batch/read", self.batches.associations, "POST"),
            ("properties/{v}/{kind}", self.properties, "GET"),
            ("pipelines/{v}/{kind}", self.pipelines, "GET"),
            ("owners/{v}", self.owners, "GET"),
        ]
        routes = [Route("/email/public/v1/events", self.email_events, methods=["GET"])]
        for path, endpoint, method in paired:
            numbered = "v4" if "associations" in path else "v3"
            for each in (path.replace("{v}", VERSION), f"{numbered}/" + path.replace("/{v}", "")):
                routes.append(Route(f"/crm/{each}", endpoint, methods=[method]))
        return routes

    async def list_objects(self, request: Request) -> Response:
        """In the order of ids; the cursor names the last one given, so that nothing is skipped in a moving world."""
        kind, table = self._table(request, archived=_archived(request))
        history = names(request, "propertiesWithHistory")
        limit = limit_of(request, 10, HISTORY_LIMIT if history else LIST_LIMIT)
        ids = table.numbers[table.by_number]
        limit = min(limit, request.state.faults.page_at_most)
        start = int(np.searchsorted(ids, open_cursor(kind, request.query_params.get("after")), side="right"))
        rows = table.take(table.by_number[start : start + limit])
        more = start + limit < len(table)
        shown = [self._render(request, kind, row, history) for row in rows]
        return JSONResponse({"results": shown} | paging(cursor(kind, int(rows[-1]["id"]) if rows else 0), more))

    async def search(self, request: Request) -> Response:
        kind, _ = self._table(request)
        stale = request.state.fault == "search_lag"
        request.state.befell = stale
        table = self.world.searchable(request.state.faults.search_lag, stale)[kind]
        body = await body_of(request)
        limit, start = int(body.get("limit", 10)), int(body.get("after") or 0)
        if not 0 < limit <= SEARCH_LIMIT or start < 0:
            raise BadRequestError(f"The requested limit {limit} is not between 1 and {SEARCH_LIMIT}")
        limit, cap = min(limit, request.state.faults.page_at_most), request.state.faults.search_cap
        if start + limit > cap:
            raise BadRequestError(f"The total number of results that can be paged through is limited to {cap}")
        rows = matching(kind, table, body)
        self.world.met["search_cap"] += len(rows) > cap
        wanted = [str(name) for name in body.get("properties") or []]
        page = [records.render(kind, row, wanted) for row in table.take(rows[start : start + limit])]
        return JSONResponse(
            {"total": len(rows), "results": page} | paging(str(start + limit), start + limit < len(rows))
        )

    async def read(self, request: Request) -> Response:
        kind, table = self._table(request, archived=_archived(request))
        row = table.find(request.path_params["id"])
        if row is None:
            return error(404, "OBJECT_NOT_FOUND", "resource not found")
        return JSONResponse(self._render(request, kind, row, names(request, "propertiesWithHistory")))

    async def archive(self, request: Request) -> Response:
        kind, _ = self._table(request)
        self.world.archive(kind, request.path_params["id"], self.world.now_ms)
        return Response(status_code=204)

    async def erase(self, request: Request) -> Response:
        """Away for good; an address that nobody has is accepted too, as the vendor does."""
        (kind, table), body = self._table(request), await body_of(request)
        wanted = str(body.get("objectId"))
        by_email = table.by("email").get(wanted, []) if body.get("idProperty") == "email" else [wanted]
        for each in by_email:
            self.world.delete(kind, each)
        return Response(status_code=204)

    async def merge(self, request: Request) -> Response:
        (kind, table), body = self._table(request), await body_of(request)
        winner, loser = str(body.get("primaryObjectId")), str(body.get("objectIdToMerge"))
        if kind not in ("contacts", "companies") or not {winner, loser} <= table.row_of.keys() or winner == loser:
            raise BadRequestError("There is nothing to merge: both objects must exist and differ")
        self.world.merge(kind, loser, winner, self.world.now_ms)
        row = self.world.tables[kind].find(winner) or {}
        return JSONResponse(records.render(kind, row, []))

    async def properties(self, request: Request) -> Response:
        kind, _ = self._table(request)
        archived = _archived(request)
        return JSONResponse({"results": [] if archived else schema.describe(kind)})

    async def pipelines(self, request: Request) -> Response:
        kind, _ = self._table(request)
        return JSONResponse({"results": schema.pipelines(kind)})

    async def owners(self, request: Request) -> Response:
        """Archived owners are listed apart."""
        limit, start = limit_of(request, 100, OWNERS_LIMIT), open_cursor("owners", request.query_params.get("after"))
        limit = min(limit, request.state.faults.page_at_most)
        archived = _archived(request)
        table = self.world.tables["archived_owners" if archived else "owners"]
        page = [records.owner(row) for row in table.slice(start, limit)]
        return JSONResponse({"results": page} | paging(cursor("owners", start + limit), start + limit < len(table)))

    async def email_events(self, request: Request) -> Response:
        """Newest first; the offset is opaque and holds for the same window only."""
        query, limit = request.query_params, limit_of(request, 100, EVENTS_LIMIT)
        limit = min(limit, request.state.faults.events_page)
        table = self.world.tables["email_events"]
        newest_first = table.ascending("created")[::-1]
        created = table.column("created")[newest_first]
        first = np.searchsorted(-created, -number(query.get("endTimestamp"), 2**62), side="left")
        last = np.searchsorted(-created, -number(query.get("startTimestamp"), 0), side="right")
        start = int(first) + open_cursor("events", query.get("offset"))
        stop = min(start + limit, int(last))
        events = [records.email_event(row) for row in table.take(newest_first[start:stop])]
        offset = cursor("events", stop - int(first))
        return JSONResponse({"hasMore": stop < int(last), "offset": offset, "events": events})

    def _table(self, request: Request, *, archived: bool = False) -> tuple[str, Table]:
        kind = schema.kind_of(request.path_params["kind"])
        if kind is None:
            raise BadRequestError(f"Unable to infer object type from: {request.path_params['kind']}")
        return kind, self.world.tables[f"archived_{kind}" if archived else kind]

    def _render(self, request: Request, kind: str, row: Row, history: list[str]) -> dict[str, Any]:
        shown = records.render(kind, row, names(request, "properties"))
        shown |= records.associations(self.world.tables, kind, row, names(request, "associations"))
        return shown | (records.history(kind, row, history, self.world.past) if history else {})


def _archived(request: Request) -> bool:
    """The vendor's own client writes True."""
    return request.query_params.get("archived", "").lower() == "true"
