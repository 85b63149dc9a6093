"""HubSpot's streams: all by list, changes by search, associations by batch read, deletes by the archived list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from holdfast.settings import ContractChurn, HubSpotSource, Settings
from holdfast.vendors import HUBSPOT_VERSION as VERSION
from ingest import hubspot_reference
from ingest.http import Request
from ingest.streams import (
    Column,
    Cursor,
    Fetch,
    Page,
    Pass,
    Record,
    Stream,
    UnexpectedShapeError,
    Window,
    inside,
    listed,
)

LOOKBACK = 15 * 60_000
"""Milliseconds that the search index may lag behind."""
SEARCH_CAP = 10_000
LIST_LIMIT, SEARCH_LIMIT, EVENTS_LIMIT, LINKS_LIMIT = 100, 200, 1000, 1000
URL_LENGTH = 15_000
SLICE = 30 * 86_400_000
HISTORY = 24 * SLICE
"""How far back email events come in slices; what is older comes in one."""
MERGED = "hs_merged_object_ids"
_TRIES = 3
_EVENTS = "/email/public/v1/events"


def hubspot(source: HubSpotSource, settings: Settings) -> dict[str, Stream]:
    """Its streams by name. Property values are all text; a property that an account lacks comes back as nothing."""
    contacts = _properties(("external_id", source.customer_property), "email", "country", "plan", "lifecyclestage",
                           "createdate:time", *_named_by_user(settings))  # fmt: skip
    companies = _properties("name", "industry", "country", "numberofemployees:number", "plan", "createdate:time")
    deals = _properties("amount:number", "dealstage", "createdate:time", "closedate:time")
    company = Column("company_id", "associations.companies.results.0.id")
    return {
        "contacts": objects("contacts", (*contacts, company), "companies", modified="lastmodifieddate"),
        "companies": objects("companies", companies),
        "deals": objects("deals", (*deals, company), "companies"),
        "email_events": _email_events(),
        "tickets": _with_contact(
            "tickets", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "createdate:time"
        ),
        "calls": _with_contact("calls", "hs_timestamp:time", "hs_call_direction", "hs_call_duration:number"),
        "emails": _with_contact("emails", "hs_timestamp:time", "hs_email_direction"),
        "meetings": _with_contact("meetings", "hs_timestamp:time", "hs_meeting_outcome"),
        "notes": _with_contact("notes", "hs_timestamp:time"),
        "tasks": _with_contact("tasks", "hs_timestamp:time", "hs_task_status"),
        "owners": hubspot_reference.owners(),
        "properties": hubspot_reference.properties(),
    }


def _with_contact(kind: str, *wanted: str) -> Stream:
    """What somebody did with a contact: when and how, and nothing of what was said."""
    contact = Column("contact_id", "associations.contacts.results.0.id")
    return objects(kind, (*_properties(*wanted), contact), "contacts", optional=True)


def objects(
    kind: str, columns: tuple[Column, ...], linked: str = "", modified: str = "hs_lastmodifieddate", **more: Any
) -> Stream:
    """The stream of one kind of CRM object, with the ids of the objects of kind `linked` that go with each."""
    names = [column.path.removeprefix("properties.") for column in columns if column.path.startswith("properties.")]
    wanted = [*dict.fromkeys([*names, MERGED])]
    return Stream(
        columns,
        "updatedAt",
        everything=(Pass(_listed(kind, wanted, linked)), Pass(_counted(kind))),
        changed=(Pass(_searched(kind, wanted, linked, modified)), Pass(_archived(kind), keeps=is_new, removes=True)),
        lookback=LOOKBACK,
        merged=lambda record: [one for one in str(inside(record, "properties", MERGED) or "").split(";") if one],
        **more,
    )


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


def _listed(kind: str, wanted: Sequence[str], linked: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """Pages of the list. A page whose URL would be too long is asked for in parts, which are put together by id."""
    path = _path("objects", kind)

    def read(fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        # Room for the path and the other parameters.
        first, *others = [
            fetch(Request("GET", path, {"limit": LIST_LIMIT, "properties": ",".join(part), **more}))
            for part in chunked(wanted, URL_LENGTH - 1000)
            for more in [dict(cursor) | ({"associations": linked} if linked else {})]
        ]
        records = listed(first, "results", path)
        for other in others:
            _add_properties(records, listed(other, "results", path))
        after = inside(first, "paging", "next", "after")
        return Page(records, {"after": str(after)} if after else None)

    return read


def _counted(kind: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """No records: how many the search says there are."""
    path = _path("objects", kind, "search")

    def read(fetch: Fetch, _window: Window, _cursor: Cursor) -> Page:
        answer = fetch(Request("POST", path, json={"limit": 1, "properties": []}))
        return Page([], None, answer.get("total"))

    return read


def _searched(kind: str, wanted: Sequence[str], linked: str, modified: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """Pages of what changed in the window, by id. Before the search's cap it begins again above the last id."""
    path = _path("objects", kind, "search")

    def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        bounds = [("GTE", window.start or 0), ("LTE", window.end)]
        filters = [{"propertyName": modified, "operator": sign, "value": str(value)} for sign, value in bounds]
        if "above" in cursor:
            filters.append({"propertyName": "hs_object_id", "operator": "GTE", "value": str(int(cursor["above"]) + 1)})
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": list(wanted),
            "limit": SEARCH_LIMIT,
        } | ({"after": cursor["after"]} if "after" in cursor else {})
        answer = fetch(Request("POST", path, json=body))
        records = [one for one in listed(answer, "results", path) if isinstance(one, dict) and one.get("id")]
        if linked and records:
            _link(fetch, kind, linked, records)
        return Page(records, _beyond(answer, cursor, records), answer.get("total") if "above" not in cursor else None)

    return read


def _beyond(answer: Mapping[str, Any], cursor: Cursor, records: list[Any]) -> Cursor | None:
    after = inside(answer, "paging", "next", "after")
    if after is None or not records:
        return None
    if int(after) + SEARCH_LIMIT > SEARCH_CAP:
        return {"above": str(records[-1]["id"])}
    return {"after": str(after)} | ({"above": cursor["above"]} if "above" in cursor else {})


def _archived(kind: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """Archived records, each with the moment of it as its `updatedAt`."""
    path = _path("objects", kind)

    def read(fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
        answer = fetch(
            Request("GET", path, {"limit": LIST_LIMIT, "properties": MERGED, "archived": "true", **dict(cursor)})
        )
        gone = [
            record | {"updatedAt": record.get("archivedAt") or record.get("updatedAt")}
            for record in listed(answer, "results", path)
            if isinstance(record, dict)
        ]
        after = inside(answer, "paging", "next", "after")
        return Page(gone, {"after": str(after)} if after else None)

    return read


def is_new(record: Record, window: Window) -> bool:
    """Whether a record was archived since the window began; one that does not say when may have been."""
    moment = record["updatedAt"]
    return moment is None or datetime.fromisoformat(str(moment)).timestamp() * 1000 >= (window.start or 0)


def _link(fetch: Fetch, kind: str, linked: str, records: list[Record]) -> None:
    """Write into each record what a list would have said of its associations."""
    found: dict[str, list[str]] = {str(record["id"]): [] for record in records}
    for first in range(0, len(records), LINKS_LIMIT):
        _read_links(fetch, kind, linked, [{"id": str(r["id"])} for r in records[first : first + LINKS_LIMIT]], found)
    for record in records:
        ids = [{"id": one} for one in dict.fromkeys(found[str(record["id"])])]
        record["associations"] = {linked: {"results": ids}}


def _read_links(
    fetch: Fetch, kind: str, linked: str, inputs: list[dict[str, str]], found: dict[str, list[str]]
) -> None:
    """Batch reads until every input has given all its pages; inputs that failed are asked again, alone.

    Raises:
        UnexpectedShapeError: some inputs fail again and again.
    """
    tries = 0
    while inputs:
        answer = fetch(Request("POST", f"/crm/associations/{VERSION}/{kind}/{linked}/batch/read",
                               json={"inputs": inputs}))  # fmt: skip
        rest: list[dict[str, str]] = []
        for each in answer.get("results", []):
            owner = str(inside(each, "from", "id"))
            found.setdefault(owner, []).extend(str(to["toObjectId"]) for to in each.get("to", []))
            after = inside(each, "paging", "next", "after")
            rest += [{"id": owner, "after": str(after)}] if after else []
        failed = _failed(answer, inputs)
        tries = tries + 1 if failed else 0
        if tries > _TRIES:
            raise UnexpectedShapeError(f"associations of {len(failed)} {kind} cannot be read")
        inputs = rest + failed


def _failed(answer: Mapping[str, Any], inputs: list[dict[str, str]]) -> list[dict[str, str]]:
    """Inputs that a partial answer names as failed; one without associations is named too, and is none."""
    ids = {
        str(one)
        for error in answer.get("errors", [])
        if not _nothing_there(error)
        for key in ("id", "ids", "fromObjectId")
        for one in (inside(error, "context", key) or [])
    }
    return [each for each in inputs if each["id"] in ids]


def _nothing_there(error: Mapping[str, Any]) -> bool:
    said = f"{error.get('category')} {error.get('subCategory')}"
    return "NOT_FOUND" in said or "NO_ASSOCIATIONS" in said


def _email_events() -> Stream:
    columns = (
        Column("id", "id"),
        Column("type", "type"),
        Column("created", "created", "time"),
        Column("recipient", "recipient"),
    )
    walk = (Pass(_sliced),)
    # Events never change and never go: all of them again would only cost.
    return Stream(columns, "created", walk, walk, lookback=LOOKBACK, refresh=10 * 365 * 86_400_000)


def _sliced(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
    """Pages of slices of 30 days, oldest first; the very first pull begins with all that is older than its slices."""
    begin, end = _slice(window, int(cursor.get("slice", 0)))
    params = {"limit": EVENTS_LIMIT, "startTimestamp": begin, "endTimestamp": end}
    answer = fetch(Request("GET", _EVENTS,
                           params | ({"offset": cursor["offset"]} if "offset" in cursor else {})))  # fmt: skip
    events, number = listed(answer, "events", _EVENTS), int(cursor.get("slice", 0))
    if answer.get("hasMore"):
        return Page(events, {"slice": number, "offset": answer.get("offset")})
    return Page(events, {"slice": number + 1} if end < window.end else None)


def _slice(window: Window, number: int) -> tuple[int, int]:
    """Both ends belong to a slice, so that the next one begins a millisecond later."""
    if window.start is not None:
        begin = window.start + number * SLICE
        return begin, min(begin + SLICE - 1, window.end)
    first = max(window.end - HISTORY, 1)
    if number == 0:
        return 0, first - 1
    begin = first + (number - 1) * SLICE
    return begin, min(begin + SLICE - 1, window.end)


def _add_properties(records: list[Any], others: list[Any]) -> None:
    more = {one["id"]: one.get("properties", {}) for one in others}
    for record in records:
        record["properties"] = more.get(record["id"], {}) | record.get("properties", {})


def _path(what: str, kind: str, *rest: str) -> str:
    return "/".join(["/crm", what, VERSION, kind, *rest])


def _named_by_user(settings: Settings) -> list[str]:
    """Contact properties that the definition of churn or of value reads."""
    named = [settings.value.column + ":number"] if settings.value.column else []
    if isinstance(settings.churn, ContractChurn) and settings.churn.stage:
        named += [settings.churn.stage_column, f"{settings.churn.date_column}:time"]
    return named


def _properties(*wanted: str | tuple[str, str]) -> tuple[Column, ...]:
    columns: dict[str, Column] = {"id": Column("id", "id")}
    for each in wanted:
        name, spelt = each if isinstance(each, tuple) else (each.partition(":")[0], each)
        path, _, kind = spelt.partition(":")
        columns.setdefault(name, Column(name, f"properties.{path}", kind or "text"))  # type: ignore[arg-type]
    return tuple(columns.values())
