"""Intercom's companies: by scroll, by numbered pages, and one at a time."""

from starlette.requests import Request
from starlette.responses import Response

from infra.local.standins import intercom_records as records
from infra.local.standins.intercom_http import BadRequestError, error, not_found, page_size, versioned
from infra.local.standins.intercom_scroll import Scroll, ScrollExistsError, ScrollLostError
from infra.local.standins.moving import MovingWorld

LIST_CAP = 10_000
LIST_PER_PAGE, LIST_AT_MOST = 15, 60


class Companies:
    """The endpoints, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world, self.scrolling = world, Scroll(world.clock)
        world.on_reset.append(self.scrolling.close)

    async def scroll(self, request: Request) -> Response:
        """Without `scroll_param` a scroll is opened; there is never more than one."""
        state, parameter = request.state, request.query_params.get("scroll_param")
        self._befall(request, parameter)
        try:
            opened = parameter or self.scrolling.open(self.world.tables["companies"], state.faults.scroll_idle)
            rows = self.scrolling.page(opened, state.faults.scroll_page, state.faults.scroll_idle)
        except ScrollExistsError:
            return error(400, "scroll_exists", "scroll already exists for this workspace")
        except ScrollLostError:
            return not_found("scroll parameter not found")
        shown = [records.company(row) for row in rows]
        return versioned(request, {"type": "list", "data": shown, "pages": None, "total_count": None,
                                   "scroll_param": opened if rows else None})  # fmt: skip

    def _befall(self, request: Request, parameter: str | None) -> None:
        """Refuse an opener, or close the scroll under one who goes on, when a fault says so."""
        fault = request.state.fault
        if fault == "scroll_exists" and parameter is None:
            request.state.befell = True
            raise BadRequestError("scroll_exists", "scroll already exists for this workspace")
        if fault == "scroll_expired" and parameter is not None:
            request.state.befell = True
            self.scrolling.close()

    async def list_pages(self, request: Request) -> Response:
        """Numbered pages of the companies that have users, 10,000 at most."""
        query, table = request.query_params, self.world.tables["companies"]
        size, page = page_size(query.get("per_page"), LIST_PER_PAGE, LIST_AT_MOST), int(query.get("page") or 1)
        if page < 1 or page * size > LIST_CAP:
            raise BadRequestError("parameter_invalid", f"page times per_page must not exceed {LIST_CAP}")
        rows = [row for row in table.data.to_pylist() if row["user_count"]]
        pages = {"type": "pages", "page": page, "per_page": size, "total_pages": -(-len(rows) // size), "next": None}
        shown = [records.company(row) for row in rows[(page - 1) * size : page * size]]
        return versioned(request, {"type": "list", "data": shown, "pages": pages, "total_count": len(rows)})

    async def read(self, request: Request) -> Response:
        row = self.world.tables["companies"].find(request.path_params["id"])
        return not_found("Company Not Found") if row is None else versioned(request, records.company(row))
