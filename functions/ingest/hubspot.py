"""HubSpot's streams: which columns of which objects land, and with which others these are associated."""

from collections.abc import Sequence
from dataclasses import replace

from holdfast.settings import ContractChurn, HubSpotKind, HubSpotSource, Settings
from holdfast.vendors import OBJECTS
from ingest.hubspot_events import email_events
from ingest.hubspot_history import History
from ingest.hubspot_objects import Objects
from ingest.hubspot_properties import columns, discovery
from ingest.hubspot_reference import owners, properties
from ingest.streams import Column, Stream

LINKED = {"contacts": ("companies",), "companies": (), "deals": ("companies", "contacts")}
"""Kinds of objects that are associated with one; with all the others, contacts and companies."""
NEEDED = ("contacts", "companies", "deals")
"""Kinds that tables of the lake need."""
_COLUMNS: dict[str, tuple[str, ...]] = {
    "companies": ("name", "industry", "country", "numberofemployees:number", "plan", "createdate:time"),
    "deals": ("amount:number", "dealstage", "createdate:time", "closedate:time"),
    "tickets": ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "createdate:time"),
    "calls": ("hs_timestamp:time", "hs_call_direction", "hs_call_duration:number"),
    "emails": ("hs_timestamp:time", "hs_email_direction"),
    "meetings": ("hs_timestamp:time", "hs_meeting_outcome"),
    "notes": ("hs_timestamp:time",),
    "tasks": ("hs_timestamp:time", "hs_task_status"),
}
"""Of engagements: when and how, and nothing of what was said. Of tickets Transform makes numbers of it and stores no word."""


def hubspot(source: HubSpotSource, settings: Settings) -> dict[str, Stream]:
    """Its streams by name. Property values are all text; a property that an account lacks comes back as nothing."""
    read = _read_by_definitions(settings)
    contacts = columns(("external_id", source.customer_property), "email", "country", "plan", "lifecyclestage",
                       "createdate:time", *read)  # fmt: skip
    expected = [source.customer_property, *(name.partition(":")[0] for name in read)]
    streams: dict[str, Stream] = {
        kind: _objects(source, kind, columns(*_COLUMNS[kind]) if kind in _COLUMNS else contacts, expected)
        for kind in OBJECTS
    }
    if source.history:
        streams["contacts_history"] = _history(source)
    return streams | {
        "email_events": email_events(),
        "owners": owners(source.api_version),
        "properties": properties(source.api_version),
    }


def _objects(source: HubSpotSource, kind: HubSpotKind, fixed: tuple[Column, ...], expected: Sequence[str]) -> Stream:
    """The account is asked how it declares what the user named; of companies and others, only where something is named."""
    objects = Objects(kind, source.api_version, links=LINKED.get(kind, ("contacts", "companies")))
    named = source.properties.get(kind, [])

    def made(more: tuple[Column, ...] = ()) -> Stream:
        return objects.stream(fixed, more, optional=kind not in NEEDED)

    if not named and kind != "contacts":
        return made()
    asked = discovery(source.api_version, kind, named, expected if kind == "contacts" else (), made)
    return replace(made(), discovery=asked)


def _history(source: HubSpotSource) -> Stream:
    history = History(source.api_version, tuple(source.history))
    asked = discovery(source.api_version, "contacts", (), source.history, lambda _: history.stream())
    return history.stream(discovery=asked)


def _read_by_definitions(settings: Settings) -> list[str]:
    """Contact properties that the definition of churn or of value reads."""
    named = [settings.value.column + ":number"] if settings.value.column else []
    if isinstance(settings.churn, ContractChurn) and settings.churn.stage:
        named += [settings.churn.stage_column, f"{settings.churn.date_column}:time"]
    return named
