"""What is pulled from HubSpot and Intercom: paths, paging and the columns that land, declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from holdfast.settings import ContractChurn, HubSpotSource, Settings
from ingest.http import Request

HUBSPOT_VERSION = "2026-09"
INTERCOM_VERSION = "2.15"

Kind = Literal["text", "time", "number", "flag"]


class Column(NamedTuple):
    """One column that lands: where it lies in a record (dots go down, digits into lists) and what it is."""

    name: str
    path: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Stream:
    """`ask` makes the request for a cursor, `following` reads the next one; `records` keys an answer's list."""

    records: str
    ask: Callable[[str | None], Request]
    following: Callable[[Mapping[str, Any]], Any]
    columns: tuple[Column, ...]
    headers: Mapping[str, str] = field(default_factory=dict)


def hubspot(source: HubSpotSource, settings: Settings) -> dict[str, Stream]:
    """Streams of HubSpot. Its property values are all text; a property that an account lacks comes back as nothing."""
    contacts = _properties(("external_id", source.customer_property), "email", "country", "plan", "lifecyclestage",
                           "createdate:time", *_named_by_user(settings))  # fmt: skip
    companies = _properties("name", "industry", "country", "numberofemployees:number", "plan", "createdate:time")
    deals = _properties("amount:number", "dealstage", "createdate:time", "closedate:time")
    company = Column("company_id", "associations.companies.results.0.id")
    emails = (
        Column("id", "id"),
        Column("type", "type"),
        Column("created", "created", "time"),
        Column("recipient", "recipient"),
    )
    return {
        "contacts": _objects("contacts", (*contacts, company), "companies"),
        "companies": _objects("companies", companies),
        "deals": _objects("deals", (*deals, company), "companies"),
        "email_events": Stream(
            "events", _email_events, lambda page: page.get("offset") if page.get("hasMore") else None, emails
        ),
    }


def intercom() -> dict[str, Stream]:
    """Streams of Intercom; its times are Unix seconds. Nothing of what people wrote lands."""
    times = (Column("created_at", "created_at", "time"), Column("updated_at", "updated_at", "time"))
    who = (
        Column("contact_id", "contacts.contacts.0.id"),
        Column("contact_external_id", "contacts.contacts.0.external_id"),
    )
    contact = (Column("external_id", "external_id"), Column("email", "email"), Column("role", "role"))
    talk = (Column("delivered_as", "source.delivered_as"), Column("state", "state"),
            Column("parts", "statistics.count_conversation_parts", "number"))  # fmt: skip
    ticket = (Column("category", "category"), Column("state", "ticket_state.category"), Column("open", "open", "flag"))
    return {
        "contacts": _search("contacts", "data", (*contact, *times)),
        "conversations": _search("conversations", "conversations", (*who, *talk, *times)),
        "tickets": _search("tickets", "tickets", (*who, *ticket, *times)),
    }


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


def _objects(kind: str, columns: tuple[Column, ...], associations: str = "") -> Stream:
    names = [column.path.removeprefix("properties.") for column in columns if column.path.startswith("properties.")]
    params: dict[str, str | int] = {"limit": 100, "properties": ",".join(names)}
    if associations:
        params["associations"] = associations

    def ask(cursor: str | None) -> Request:
        return Request("GET", f"/crm/objects/{HUBSPOT_VERSION}/{kind}", params | ({"after": cursor} if cursor else {}))

    return Stream("results", ask, lambda page: _inside(page, "paging", "next", "after"), columns)


def _email_events(cursor: str | None) -> Request:
    return Request("GET", "/email/public/v1/events", {"limit": 1000} | ({"offset": cursor} if cursor else {}))


def _search(kind: str, records: str, columns: tuple[Column, ...]) -> Stream:
    everything = {"field": "created_at", "operator": ">", "value": 0}
    order = {"field": "created_at", "order": "ascending"}

    def ask(cursor: str | None) -> Request:
        pagination = {"per_page": 150} | ({"starting_after": cursor} if cursor else {})
        return Request("POST", f"/{kind}/search", json={"query": everything, "pagination": pagination, "sort": order})

    headers = {"Intercom-Version": INTERCOM_VERSION}
    return Stream(
        records,
        ask,
        lambda page: _inside(page, "pages", "next", "starting_after"),
        (Column("id", "id"), *columns),
        headers,
    )


def _inside(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
