"""Intercom's data events: of one contact at a time, single ones for ninety days only."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from infra.local.standins.intercom_http import BadRequestError, not_found, page_size, versioned
from infra.local.standins.moving import MovingWorld
from infra.local.standins.tables import Row

KEPT_DAYS = 90
WHO = {"intercom_user_id": "id", "user_id": "external_id", "email": "email"}


class Events:
    """The endpoint, over the tables of a moving world."""

    def __init__(self, world: MovingWorld) -> None:
        self.world = world

    async def of_contact(self, request: Request) -> Response:
        """Newest first; `before` (milliseconds, exclusive) goes on, and `summary=true` counts by name."""
        contact = self._contact(request)
        if contact is None:
            return not_found("User Not Found")
        table = self.world.tables["events"]
        rows = [row for row in map(table.find, table.by("contact_id").get(contact["id"], [])) if row]
        rows.sort(key=lambda row: (-row["created_at"], row["id"]))
        if request.query_params.get("summary", "").lower() == "true":
            return versioned(request, _summary(contact, rows))
        since = self.world.now_ms // 1000 - KEPT_DAYS * 86_400
        return versioned(request, _listed(request, contact, [row for row in rows if row["created_at"] > since]))

    def _contact(self, request: Request) -> Row | None:
        query, table = request.query_params, self.world.tables["contacts"]
        named = [name for name in WHO if name in query]
        if query.get("type") != "user" or len(named) != 1:
            raise BadRequestError("parameter_missing", f"type=user and one of {', '.join(WHO)} are required")
        found = table.by(WHO[named[0]]).get(query[named[0]], [])
        return table.find(found[0]) if found else None


def _listed(request: Request, contact: Row, rows: list[Row]) -> dict[str, Any]:
    query = request.query_params
    size, before = (
        min(page_size(query.get("per_page"), 50), request.state.faults.page_at_most),
        int(query.get("before") or 2**62),
    )
    left = [row for row in rows if row["created_at"] * 1000 < before]
    page = left[:size]
    following = {"type": "user", "intercom_user_id": contact["id"], "per_page": size}
    if len(left) > len(page):
        # All events of the page's last second come with it: an exclusive bound would lose its twins.
        page = [row for row in left if row["created_at"] >= page[-1]["created_at"]]
    more = len(left) > len(page)
    url = (
        f"{request.base_url}events?{urlencode(following | {'before': page[-1]['created_at'] * 1000})}" if more else None
    )
    return {
        "type": "event.list",
        "events": [_event(contact, row) for row in page],
        "pages": {"next": url} if url else {},
    }


def _event(contact: Row, row: Row) -> dict[str, Any]:
    return {
        "type": "event",
        "id": row["id"],
        "event_name": row["event_name"],
        "created_at": row["created_at"],
        "user_id": contact["external_id"],
        "intercom_user_id": contact["id"],
        "email": contact["email"],
        "metadata": {},
    }


def _summary(contact: Row, rows: list[Row]) -> dict[str, Any]:
    names: dict[str, list[int]] = {}
    for row in rows:
        names.setdefault(row["event_name"], []).append(row["created_at"])
    events = [
        {"name": name, "first": str(min(at)), "last": str(max(at)), "count": len(at)}
        for name, at in sorted(names.items())
    ]
    return {"type": "event.summary", "email": contact["email"], "intercom_user_id": contact["id"],
            "user_id": contact["external_id"], "events": events}  # fmt: skip
