"""HubSpot's small lists, pulled whole each time: owners, and how the account declares its properties."""

from collections.abc import Callable

from holdfast.vendors import HUBSPOT_VERSION as VERSION
from ingest.http import Request
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, Window, inside, listed

DESCRIBED = ("contacts", "companies", "deals", "tickets")


def owners() -> Stream:
    """Those who are there and those who left; they are listed apart."""
    columns = (Column("id", "id"), Column("email", "email"), Column("type", "type"), Column("archived", "archived", "flag"),
               Column("created_at", "createdAt", "time"))  # fmt: skip
    return Stream(columns, "updatedAt", (Pass(_owners("false")), Pass(_owners("true"))), optional=True)


def properties() -> Stream:
    """One row per property of each kind of object: its name and its type."""
    columns = (Column("id", "id"), Column("kind", "kind"), Column("name", "name"), Column("type", "type"),
               Column("field_type", "fieldType"), Column("hubspot_defined", "hubspotDefined", "flag"))  # fmt: skip
    return Stream(columns, "updatedAt", tuple(Pass(_described(kind)) for kind in DESCRIBED), optional=True)


def _owners(archived: str) -> Callable[[Fetch, Window, Cursor], Page]:
    path = f"/crm/owners/{VERSION}"

    def read(fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        answer = fetch(Request("GET", path, {"limit": 100, "archived": archived, **dict(cursor)}))
        after = inside(answer, "paging", "next", "after")
        return Page(listed(answer, "results", path), {"after": str(after)} if after else None)

    return read


def _described(kind: str) -> Callable[[Fetch, Window, Cursor], Page]:
    path = f"/crm/properties/{VERSION}/{kind}"

    def read(fetch: Fetch, _window: Window, _cursor: Cursor) -> Page:
        found = [one for one in listed(fetch(Request("GET", path)), "results", path) if isinstance(one, dict)]
        return Page([one | {"id": f"{kind}.{one.get('name')}", "kind": kind} for one in found], None)

    return read
