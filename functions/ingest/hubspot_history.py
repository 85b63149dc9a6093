"""Every value that some properties of HubSpot's contacts ever had, one row each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.vendors import hubspot_path
from ingest.http import Request
from ingest.hubspot_batch import batch_read
from ingest.hubspot_objects import LOOKBACK, Objects, following
from ingest.streams import NEVER, Column, Cursor, Fetch, Page, Pass, Record, Stream, Window, inside, listed, made_id

LIMIT = 50
"""Of records with their history, in a page and in a batch."""
_COLUMNS = (Column("id", "id"), Column("contact_id", "contact_id"), Column("property", "property"), Column("value", "value"),
            Column("at", "at", "time"), Column("source", "source"))  # fmt: skip


@dataclass(frozen=True)
class History:
    """The past of some properties of contacts."""

    version: str
    properties: tuple[str, ...]

    def stream(self, **more: Any) -> Stream:
        """What was once true stays true: nothing of it goes, and no whole pull is needed after the first."""
        return Stream(
            _COLUMNS,
            "at",
            everything=(Pass(self.listed),),
            changed=(Pass(self.searched),),
            lookback=LOOKBACK,
            refresh=NEVER,
            lasting=True,
            optional=True,
            scope=",".join(self.properties),
            **more,
        )

    def listed(self, fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        """The past of a page of contacts."""
        path = hubspot_path(self.version, "objects", "contacts")
        names = ",".join(self.properties)
        answer = fetch(Request("GET", path, {"limit": LIMIT, "propertiesWithHistory": names, **dict(cursor)}))
        return Page([*_values(listed(answer, "results", path))], following(answer))

    def searched(self, fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        """The past of a page of contacts that changed in the window."""
        page = Objects("contacts", self.version).searched(fetch, window, cursor)
        path = hubspot_path(self.version, "objects", "contacts", "batch", "read")
        ids = [str(record["id"]) for record in page.records]
        wanted = {"properties": [], "propertiesWithHistory": list(self.properties)}
        return Page([*_values(batch_read(fetch, path, ids, LIMIT, **wanted))], page.following)


def _values(contacts: Iterator[Record] | Sequence[Record]) -> Iterator[Record]:
    for contact in contacts:
        for name, versions in (inside(contact, "propertiesWithHistory") or {}).items():
            yield from (_value(str(contact["id"]), name, each) for each in versions)


def _value(contact: str, name: str, version: Mapping[str, Any]) -> Record:
    """One row; the same value at the same moment is the same row, however often it is read."""
    return {
        "id": made_id("contacts", contact, name, version.get("timestamp"), version.get("value")),
        "contact_id": contact,
        "property": name,
        "value": version.get("value"),
        "at": version.get("timestamp"),
        "source": version.get("sourceType"),
    }
