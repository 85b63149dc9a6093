"""A HubSpot and an Intercom in memory, behind a transport for httpx, with faults on demand."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from holdfast.contracts import Extract
from holdfast.store import MemoryStore
from ingest.http import ApiClient
from ingest.landing import Landing

T0 = 1_790_000_000_000
"""A moment in epoch milliseconds at which every story begins."""
CAP = 10_000
DAY = 86_400


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Thing:
    """One record of HubSpot."""

    id: int
    at: int = T0
    properties: dict[str, str] = field(default_factory=dict)
    links: list[int] = field(default_factory=list)
    archived_at: int | None = None
    past: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    created: int = 0

    def shown(self, wanted: Iterable[str], history: Iterable[str] = ()) -> dict[str, Any]:
        said = {"id": str(self.id), "properties": {n: self.properties[n] for n in wanted if n in self.properties}}
        more: dict[str, Any] = {"archivedAt": iso(self.archived_at)} if self.archived_at else {}
        if past := {name: self.past[name] for name in history if name in self.past}:
            versions = {name: [_version(*each) for each in values] for name, values in past.items()}
            more["propertiesWithHistory"] = versions
        return said | {"updatedAt": iso(self.at), "archived": bool(self.archived_at)} | more


def _version(value: str, at: int) -> dict[str, str]:
    return {"value": value, "timestamp": iso(at), "sourceType": "CRM_UI"}


@dataclass
class HubSpot:
    """Objects by kind and id; `fail` answers a call in HubSpot's place, or with None leaves it alone."""

    objects: dict[str, dict[int, Thing]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    modified: dict[str, str] = field(default_factory=lambda: {"contacts": "lastmodifieddate"})
    links_per_page: int = 2
    label: dict[int, str] = field(default_factory=dict)
    """Labels of associations by the id of the other object."""
    declared: dict[str, dict[str, str]] = field(default_factory=dict)
    """Types of properties by kind and name."""
    fail: Callable[[int, httpx.Request], httpx.Response | None] = lambda number, request: None
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        failed = self.fail(len(self.asked), request)
        return failed or self.served(request)

    def served(self, request: httpx.Request) -> httpx.Response:
        parts, body = request.url.path.strip("/").split("/"), json.loads(request.content or b"{}")
        if "associations" in parts:
            return httpx.Response(207, json=self._links(parts[3], body["inputs"]))
        if "properties" in parts:
            types = self.declared.get(parts[3], {}).items()
            return httpx.Response(200, json={"results": [{"name": name, "type": each} for name, each in types]})
        if parts[-2:] == ["batch", "read"]:
            return self._batch(parts[3], body)
        if parts[0] == "email":
            return httpx.Response(200, json=self._events(request.url.params))
        if parts[-1] == "search":
            return self._search(parts[3], body)
        return httpx.Response(200, json=self._list(parts[3], request.url.params))

    def _list(self, kind: str, params: httpx.QueryParams) -> dict[str, Any]:
        archived, after = params.get("archived") == "true", int(params.get("after", 0))
        rows = [t for i, t in sorted(self.objects[kind].items()) if i > after and bool(t.archived_at) == archived]
        page = rows[: int(params["limit"])]
        names, history = (params.get(name, "").split(",") for name in ("properties", "propertiesWithHistory"))
        shown = [t.shown(names, history) for t in page]
        more = {"paging": {"next": {"after": str(page[-1].id)}}} if len(rows) > len(page) else {}
        return {"results": shown} | more

    def _batch(self, kind: str, body: dict[str, Any]) -> httpx.Response:
        if len(body["inputs"]) > (50 if body.get("propertiesWithHistory") else 100):
            return httpx.Response(400, json={"category": "VALIDATION_ERROR"})
        things = [self.objects[kind][int(each["id"])] for each in body["inputs"]]
        shown = [each.shown(body["properties"], body.get("propertiesWithHistory", ())) for each in things]
        return httpx.Response(200, json={"results": shown})

    def _search(self, kind: str, body: dict[str, Any]) -> httpx.Response:
        rows = [t for _, t in sorted(self.objects[kind].items()) if not t.archived_at]
        for each in (f for group in body.get("filterGroups", []) for f in group["filters"]):
            rows = [t for t in rows if self._holds(kind, t, each)]
        start = int(body.get("after", 0))
        if start + body["limit"] > CAP:
            return httpx.Response(400, json={"message": "limited to 10000"})
        stop = start + body["limit"]
        more = {"paging": {"next": {"after": str(stop)}}} if stop < len(rows) else {}
        page = [t.shown(body["properties"]) for t in rows[start:stop]]
        return httpx.Response(200, json={"total": len(rows), "results": page} | more)

    def _holds(self, kind: str, thing: Thing, each: dict[str, str]) -> bool:
        name, value = each["propertyName"], int(each["value"])
        if name == "hs_object_id":
            held = thing.id
        elif name in ("createdate", "hs_createdate"):
            held = thing.created
        elif name == self.modified.get(kind, "hs_lastmodifieddate"):
            held = thing.at
        else:
            return False  # as the vendor: a property that is never set matches nothing, without a word
        return held >= value if each["operator"] == "GTE" else held <= value

    def _links(self, kind: str, inputs: list[dict[str, str]]) -> dict[str, Any]:
        results = []
        for each in inputs:
            links, start = self.objects[kind][int(each["id"])].links, int(each.get("after", 0))
            stop = start + self.links_per_page
            more = {"paging": {"next": {"after": str(stop)}}} if stop < len(links) else {}
            to = [{"toObjectId": one, "associationTypes": [self._type(one)]} for one in links[start:stop]]
            results += [{"from": {"id": each["id"]}, "to": to} | more] if to else []
        return {"status": "COMPLETE", "results": results, "errors": []}

    def _type(self, to: int) -> dict[str, Any]:
        return {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": self.label.get(to)}

    def _events(self, params: httpx.QueryParams) -> dict[str, Any]:
        first, last, start = (int(params.get(n, 0)) for n in ("startTimestamp", "endTimestamp", "offset"))
        rows = [e for e in self.events if first <= e["created"] <= last]
        stop = start + int(params["limit"])
        return {"events": rows[start:stop], "hasMore": stop < len(rows), "offset": str(stop)}


@dataclass
class Intercom:
    """Records by kind; a search by a date begins on the day after the one that it names."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page: int = 150
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Parts by conversation."""
    parts_at_most: int = 500
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Data events by contact."""
    deleted: list[dict[str, Any]] = field(default_factory=list)
    """Deleted conversations, as they are listed."""
    fail: Callable[[int, httpx.Request], httpx.Response | None] = lambda number, request: None
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.fail(len(self.asked), request) or self.served(request)

    def served(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._read(request.url.path, request.url.params)
        kind, body = request.url.path.split("/")[1], json.loads(request.content)
        name, first = body["query"]["field"], (body["query"]["value"] // DAY + 1) * DAY
        rows = sorted((r for r in self.records[kind] if r[name] >= first), key=lambda r: (r[name], r["id"]))
        start = int(body["pagination"].get("starting_after", 0))
        stop = start + self.page
        following = {"starting_after": str(stop)} if stop < len(rows) else None
        shown = {"data" if kind == "contacts" else kind: rows[start:stop], "total_count": len(rows)}
        return httpx.Response(200, json=shown | {"pages": {"next": following}})

    def _read(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        if path == "/events":
            return self._events(params)
        if path == "/conversations/deleted":
            first, size = (int(params["page"]) - 1) * int(params["per_page"]), int(params["per_page"])
            following = f"https://elsewhere.test{path}?page=9" if first + size < len(self.deleted) else None
            shown = {"conversations": self.deleted[first : first + size], "total_count": len(self.deleted)}
            return httpx.Response(200, json=shown | {"pages": {"next": following}})
        kind, _, wanted = path.strip("/").partition("/")
        found = next((record for record in self.records.get(kind, []) if record["id"] == wanted), None)
        if found is None:
            return httpx.Response(404, json={"type": "error.list", "errors": [{"code": "not_found"}]})
        parts = self.parts.get(wanted, [])[-self.parts_at_most :]
        return httpx.Response(200, json=found | {"conversation_parts": {"conversation_parts": parts}})

    def _events(self, params: httpx.QueryParams) -> httpx.Response:
        """Newest first, two at a time; the next page is an address of another host."""
        found = [
            one
            for one in self.events.get(params["intercom_user_id"], [])
            if one["created_at"] < int(params.get("before", 2**62))
        ]
        page = sorted(found, key=lambda one: -one["created_at"])[:2]
        more = (
            f"https://elsewhere.test/events?type=user&intercom_user_id=other&before={page[-1]['created_at']}"
            if len(found) > 2
            else None
        )
        return httpx.Response(200, json={"type": "event.list", "events": page, "pages": {"next": more} if more else {}})


def client(server: Callable[[httpx.Request], httpx.Response]) -> ApiClient:
    """A client of a server in memory, for which no time passes."""
    http = httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(server))
    return ApiClient("src", http, "secret", clock=lambda: 0.0, sleep=lambda seconds: None)


def place(stream: str, run: str = "r", store: MemoryStore | None = None) -> Landing:
    """Somewhere in memory to land in."""
    landing, other = store or MemoryStore("landing"), MemoryStore("other")
    return Landing(Extract(run, "src", stream), landing, MemoryStore("quarantine"), other, lambda bucket: other)
