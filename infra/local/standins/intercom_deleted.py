"""Intercom's list of deleted conversations, which only its newer versions have."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from infra.local.standins.intercom_http import BadRequestError, page_size, version_of, versioned
from infra.local.standins.intercom_merges import WITHOUT
from infra.local.standins.moving import MovingWorld

PER_PAGE, AT_MOST = 20, 60


class Deleted:
    """The endpoint, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world = world

    async def list_pages(self, request: Request) -> Response:
        """Numbered pages, of what was deleted last first unless `order` says otherwise."""
        if version_of(request) in WITHOUT:
            raise BadRequestError(
                "intercom_version_invalid", "Requested resource is not available in current API version."
            )
        query = request.query_params
        size = min(page_size(query.get("per_page"), PER_PAGE, AT_MOST), request.state.faults.page_at_most)
        number, order = page_size(query.get("page"), 1, 10**9), query.get("order", "desc")
        if order not in ("asc", "desc"):
            raise BadRequestError("parameter_invalid", "order must be asc or desc")
        return versioned(request, _listed(str(request.base_url), self._all(order), number, size, order))

    def _all(self, order: str) -> list[dict[str, Any]]:
        gone: Mapping[str, int] = self.world.ends["conversations"].deleted_at
        found = [
            {"type": "conversation", "id": each, "metrics_retained": False, "deleted_at": at // 1000}
            for each, at in gone.items()
        ]
        return sorted(found, key=lambda one: (one["deleted_at"], one["id"]), reverse=order == "desc")


def _listed(base: str, found: list[dict[str, Any]], number: int, size: int, order: str) -> dict[str, Any]:
    pages: dict[str, Any] = {
        "type": "pages",
        "page": number,
        "per_page": size,
        "total_pages": -(-len(found) // size),
    }
    if number * size < len(found):
        following = urlencode({"per_page": size, "order": order, "page": number + 1})
        pages["next"] = f"{base}conversations/deleted?{following}"
    shown = found[(number - 1) * size : number * size]
    return {"type": "conversations.list", "conversations": shown, "total_count": len(found), "pages": pages}
