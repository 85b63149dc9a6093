"""HubSpot's small lists, pulled whole each time: owners, and how the account declares its properties."""

from collections.abc import Callable

from holdfast.vendors import hubspot_path
from ingest.http import Request
from ingest.hubspot_objects import following
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, Window, listed

DESCRIBED = ("contacts", "companies", "deals", "tickets")


def owners(version: str) -> Stream:
    """Those who are there and those who left; they are listed apart."""
    columns = (Column("id", "id"), Column("email", "email"), Column("type", "type"), Column("archived", "archived", "flag"),
               Column("created_at", "createdAt", "time"))  # fmt: skip
    passes = (Pass(_owners(version, "false")), Pass(_owners(version, "true")))
    return Stream(columns, "updatedAt", passes, optional=True)


def properties(version: str) -> Stream:
    """One row per property of each kind of object: its name and its type."""
    columns = (Column("id", "id"), Column("kind", "kind"), Column("name", "name"), Column("type", "type"),
               Column("field_type", "fieldType"), Column("hubspot_defined", "hubspotDefined", "flag"))  # fmt: skip
    return Stream(columns, "updatedAt", tuple(Pass(_described(version, kind)) for kind in DESCRIBED), optional=True)


def _owners(version: str, archived: str) -> Callable[[Fetch, Window, Cursor], Page]:
    path = hubspot_path(version, "owners")

    def read(fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        answer = fetch(Request("GET", path, {"limit": 100, "archived": archived, **dict(cursor)}))
        return Page(listed(answer, "results", path), following(answer))

    return read


def _described(version: str, kind: str) -> Callable[[Fetch, Window, Cursor], Page]:
    path = hubspot_path(version, "properties", kind)

    def read(fetch: Fetch, _window: Window, _cursor: Cursor) -> Page:
        found = [one for one in listed(fetch(Request("GET", path)), "results", path) if isinstance(one, dict)]
        return Page([one | {"id": f"{kind}.{one.get('name')}", "kind": kind} for one in found], None)

    return read
