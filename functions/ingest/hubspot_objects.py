"""HubSpot's CRM objects of one kind: all of them by list, what changed by search, what is archived by its own list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from holdfast.vendors import hubspot_path
from ingest.http import Request
from ingest.hubspot_links import Links
from ingest.hubspot_properties import PROPERTY, beside
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Record, Stream, Window, inside, listed

LOOKBACK = 15 * 60_000
"""Milliseconds that the search index may lag behind."""
LIST_LIMIT, SEARCH_LIMIT = 100, 200
URL_LENGTH = 15_000
MERGED = "hs_merged_object_ids"
ENGAGEMENTS = ("calls", "emails", "meetings", "notes", "tasks")


@dataclass(frozen=True)
class Objects:
    """One kind: the names of its properties that are wanted, and the kinds of objects that go with it."""

    kind: str
    version: str
    wanted: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    def stream(self, fixed: Sequence[Column], named: Sequence[Column] = (), **more: Any) -> Stream:
        """The stream of such objects with these columns, those that a user named, and those of its associations."""
        links = Links(self.version, self.kind, self.links)
        columns = beside((*fixed, *links.columns()), named)
        names = [column.path.removeprefix(PROPERTY) for column in columns if column.path.startswith(PROPERTY)]
        whole = replace(self, wanted=(*dict.fromkeys([*names, MERGED]),))
        return Stream(
            columns,
            "updatedAt",
            everything=(Pass(whole.listed, adds=links.add),),
            changed=(Pass(whole.searched, adds=links.add), Pass(self.archived, keeps=is_new, removes=True)),
            lookback=LOOKBACK,
            merged=swallowed,
            count=whole.count,
            **more,
        )

    def listed(self, fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        """A page of the list. One whose URL would be too long is asked for in parts, which are put together by id."""
        path = self._path()
        # Room for the path and the other parameters.
        first, *others = [
            fetch(Request("GET", path, {"limit": LIST_LIMIT, "properties": ",".join(part), **dict(cursor)}))
            for part in chunked(self.wanted, URL_LENGTH - 1000)
        ]
        records = listed(first, "results", path)
        for other in others:
            _add_properties(records, listed(other, "results", path))
        return Page(records, following(first))

    def searched(self, fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        """A page of what changed in the window, by id. Each one begins above the last id and none at an offset: what
        leaves the window meanwhile shifts nothing, and the cap of 10,000 results is never met.
        """
        filters = _bounds(self._modified, window)
        if "above" in cursor:
            filters.append({"propertyName": "hs_object_id", "operator": "GTE", "value": str(int(cursor["above"]) + 1)})
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": list(self.wanted),
            "limit": SEARCH_LIMIT,
        }
        answer = fetch(Request("POST", self._path("search"), json=body))
        found = listed(answer, "results", self._path("search"))
        records = [one for one in found if isinstance(one, dict) and one.get("id")]
        more = records and inside(answer, "paging", "next", "after") is not None
        total = answer.get("total") if "above" not in cursor else None
        return Page(records, {"above": str(records[-1]["id"])} if more else None, total)

    def count(self, fetch: Fetch, window: Window) -> int | None:
        """How many objects the search says there are: changed in the window, or created before its end."""
        filters = _bounds(self._created if window.start is None else self._modified, window)
        body = {"filterGroups": [{"filters": filters}], "properties": [], "limit": 1}
        total = fetch(Request("POST", self._path("search"), json=body)).get("total")
        return total if isinstance(total, int) else None

    def archived(self, fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        """A page of archived records, each with the moment of it as its `updatedAt`."""
        params = {"limit": LIST_LIMIT, "properties": MERGED, "archived": "true", **dict(cursor)}
        answer = fetch(Request("GET", self._path(), params))
        gone = [
            record | {"updatedAt": record.get("archivedAt") or record.get("updatedAt")}
            for record in listed(answer, "results", self._path())
            if isinstance(record, dict)
        ]
        return Page(gone, following(answer))

    def _path(self, *rest: str) -> str:
        return hubspot_path(self.version, "objects", self.kind, *rest)

    @property
    def _modified(self) -> str:
        """Contacts have `hs_lastmodifieddate` too, with nothing in it."""
        return "lastmodifieddate" if self.kind == "contacts" else "hs_lastmodifieddate"

    @property
    def _created(self) -> str:
        return "hs_createdate" if self.kind in ENGAGEMENTS else "createdate"


def chunked(names: Sequence[str], length: int = URL_LENGTH) -> Iterator[list[str]]:
    """Names in their order, cut so that each part, joined by encoded commas, stays under `length` characters."""
    part: list[str] = []
    for name in names:
        if part and len("%2C".join([*part, name])) > length:
            yield part
            part = []
        part.append(name)
    if part:
        yield part


def following(answer: Mapping[str, Any]) -> Cursor | None:
    """The cursor of a list's next page, and never its link."""
    after = inside(answer, "paging", "next", "after")
    return {"after": str(after)} if after else None


def is_new(record: Record, window: Window) -> bool:
    """Whether a record was archived since the window began; one that does not say when may have been."""
    moment = record["updatedAt"]
    return moment is None or datetime.fromisoformat(str(moment)).timestamp() * 1000 >= (window.start or 0)


def swallowed(record: Record) -> list[str]:
    """Ids of the objects that were merged into one."""
    return [one for one in str(inside(record, "properties", MERGED) or "").split(";") if one]


def _bounds(name: str, window: Window) -> list[dict[str, str]]:
    start = [("GTE", window.start)] if window.start is not None else []
    return [
        {"propertyName": name, "operator": sign, "value": str(value)} for sign, value in [*start, ("LTE", window.end)]
    ]


def _add_properties(records: list[Any], others: list[Any]) -> None:
    more = {one["id"]: one.get("properties", {}) for one in others}
    for record in records:
        record["properties"] = more.get(record["id"], {}) | record.get("properties", {})
