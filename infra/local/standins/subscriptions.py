"""A stand-in for a billing API like Stripe: customers, subscriptions, invoices and events, by list and one by one."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins import subscriptions_records as records
from infra.local.standins.subscriptions_http import (
    ACCOUNT_VERSION,
    BadRequestError,
    check_names,
    created_bounds,
    page_size,
    version_of,
)
from infra.local.standins.subscriptions_world import BillingWorld
from infra.local.standins.tables import Row, Table

Mask = npt.NDArray[np.bool_]
FILTERS: dict[str, tuple[str, ...]] = {
    "customers": ("email",),
    "subscriptions": ("customer", "status"),
    "invoices": ("customer", "status", "subscription"),
}
"""Columns by which each kind may be filtered."""
ENDED = ("canceled", "incomplete_expired")
MOST_KINDS = 20
_COMPARE: dict[str, Callable[[Any, int], Any]] = {
    "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le
}  # fmt: skip


class Subscriptions:
    """The endpoints, over the tables of a moving world."""

    def __init__(self, world: BillingWorld) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        return [
            Route("/v1/events", self.events),
            Route("/v1/{kind:str}/{id:str}", self.one),
            Route("/v1/{kind:str}", self.all),
        ]

    async def all(self, request: Request) -> Response:
        """Newest first."""
        kind, asked = request.path_params["kind"], request.query_params
        if kind not in FILTERS:
            return _nowhere(request)
        check_names(asked, dict.fromkeys(FILTERS[kind]))
        table = self.world.tables[kind]
        order = table.ascending("created")[::-1]
        shown = order[_matching(table, kind, asked)[order]]
        ids = np.array(table.data["id"].to_pylist(), dtype=object)[shown].tolist()
        first, last = _slice(ids, asked, kind, request.state.faults.page_at_most)
        rows = table.take(shown[first:last])
        return _page(request, [self._shown(request, kind, row) for row in rows], _more(asked, first, last, len(ids)))

    async def one(self, request: Request) -> Response:
        kind, record_id = request.path_params["kind"], request.path_params["id"]
        if kind not in FILTERS:
            return _nowhere(request)
        row = self.world.tables[kind].find(record_id)
        if row is None and kind == "customers" and record_id in self.world.ends[kind].deleted:
            return _answer(request, records.deleted(record_id))
        if row is None:
            raise _missing(kind, record_id, "id", 404)
        return _answer(request, self._shown(request, kind, row))

    async def events(self, request: Request) -> Response:
        asked = request.query_params
        check_names(asked, dict.fromkeys(("type", "types", "delivery_success")))
        wanted = {value for name, value in asked.multi_items() if name == "type" or name.startswith("types[")}
        if len(wanted) > MOST_KINDS:
            raise BadRequestError(f"You may only specify up to {MOST_KINDS} types.", "types")
        bounds = created_bounds(asked)
        there = [
            each for each in self.world.shown_events()
            if (not wanted or each["type"] in wanted) and all(_COMPARE[b](each["created"], v) for b, v in bounds.items())
        ]  # fmt: skip
        first, last = _slice([each["id"] for each in there], asked, "events", request.state.faults.page_at_most)
        shown = [records.event(each) for each in there[first:last]]
        return _page(request, shown, _more(asked, first, last, len(there)))

    def _shown(self, request: Request, kind: str, row: Row) -> dict[str, Any]:
        return records.RENDER[kind](row, version_of(request) <= ACCOUNT_VERSION)


def _matching(table: Table, kind: str, asked: QueryParams) -> Mask:
    mask: Mask = np.ones(len(table), dtype=bool)
    for bound, value in created_bounds(asked).items():
        mask &= _COMPARE[bound](table.column("created"), value)
    for column in FILTERS[kind]:
        if column == "status" and kind == "subscriptions":
            mask &= _of_status(table, asked.get("status"))
        elif column in asked:
            mask &= table.column(column) == asked[column]
    return mask


def _of_status(table: Table, wanted: str | None) -> Mask:
    """Without a wish, whatever has not been canceled."""
    status = table.column("status")
    if wanted == "all":
        return np.ones(len(table), dtype=bool)
    if wanted == "ended":
        return np.isin(status.astype(str), ENDED)
    return np.asarray(status != "canceled" if wanted is None else status == wanted)


def _slice(ids: list[str], asked: QueryParams, kind: str, most: int) -> tuple[int, int]:
    """Where a page begins and ends in what there is.

    Raises:
        BadRequestError: it is asked from both sides, or from a record that is not there.
    """
    size, after, before = min(page_size(asked), most), asked.get("starting_after"), asked.get("ending_before")
    if after and before:
        raise BadRequestError("You may only specify one of these parameters: starting_after, ending_before.")
    if before:
        last = _place(ids, before, kind, "ending_before")
        return max(0, last - size), last
    first = _place(ids, after, kind, "starting_after") + 1 if after else 0
    return first, min(len(ids), first + size)


def _place(ids: list[str], record_id: str, kind: str, param: str) -> int:
    try:
        return ids.index(record_id)
    except ValueError as problem:
        raise _missing(kind, record_id, param) from problem


def _more(asked: QueryParams, first: int, last: int, count: int) -> bool:
    return first > 0 if "ending_before" in asked else last < count


def _missing(kind: str, record_id: str, param: str, status: int = 400) -> BadRequestError:
    return BadRequestError(f"No such {kind.removesuffix('s')}: '{record_id}'", param, "resource_missing", status)


def _page(request: Request, shown: list[dict[str, Any]], more: bool) -> Response:
    return _answer(request, {"object": "list", "data": shown, "has_more": more, "url": request.url.path})


def _answer(request: Request, body: dict[str, Any]) -> Response:
    return JSONResponse(body, headers={"Stripe-Version": version_of(request)})


def _nowhere(request: Request) -> Response:
    raise BadRequestError(f"Unrecognized request URL ({request.method}: {request.url.path}).", status=404)
