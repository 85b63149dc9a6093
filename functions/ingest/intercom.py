"""Intercom's streams, as a source is configured."""

from typing import cast

from holdfast.settings import IntercomSource
from holdfast.vendors import streams_of
from ingest.hubspot_properties import RESERVED
from ingest.intercom_conversations import conversation_parts, deleted
from ingest.intercom_events import data_events
from ingest.intercom_reference import HEADERS, companies, small_lists
from ingest.intercom_search import LOOKBACK, is_new, searched
from ingest.streams import Column, Kind, Pass, Stream


def intercom(source: IntercomSource, *, by_data: bool = False) -> dict[str, Stream]:
    """Its streams by name; its times are Unix seconds. What people wrote lands and is not stored: Transform
    makes numbers of it. `by_data` says that the data has a time of its own."""
    times = (Column("created_at", "created_at", "time"), Column("updated_at", "updated_at", "time"))
    who = (
        Column("contact_id", "contacts.contacts.0.id"),
        Column("contact_external_id", "contacts.contacts.0.external_id"),
    )
    contact = (Column("external_id", "external_id"), Column("email", "email"), Column("role", "role"))
    talk = (Column("subject", "source.subject"), Column("body", "source.body"), Column("delivered_as", "source.delivered_as"), Column("state", "state"),
            Column("parts", "statistics.count_conversation_parts", "number"))  # fmt: skip
    ticket = (
        Column("title", "ticket_attributes._default_title_"),
        Column("description", "ticket_attributes._default_description_"),
        Column("category", "category"),
        Column("state", "ticket_state.category"),
        Column("open", "open", "flag"),
    )
    known = {
        "contacts": _search("contacts", "data", (*contact, *times, *_attributes(source, (*contact, *times)))),
        "conversations": _search("conversations", "conversations", (*who, *talk, *times), deleted()),
        "conversation_parts": conversation_parts(),
        "tickets": _search("tickets", "tickets", (*who, *ticket, *times)),
        "companies": companies(),
        "data_events": data_events(by_data=by_data),
        **small_lists(),
    }
    return {stream: known[stream] for stream in streams_of(source)}


def _attributes(source: IntercomSource, fixed: tuple[Column, ...]) -> list[Column]:
    """Custom attributes that the user named, under other names than columns that are there."""
    taken = {"id", *RESERVED, *(column.name for column in fixed)}
    named = [each.partition(":") for each in dict.fromkeys(source.attributes)]
    return [
        Column(f"attribute_{name}" if name in taken else name, f"custom_attributes.{name}", cast(Kind, kind or "text"))
        for name, _, kind in named
    ]


def _search(kind: str, key: str, columns: tuple[Column, ...], *removes: Pass) -> Stream:
    return Stream(
        (Column("id", "id"), *columns),
        "updated_at",
        everything=(Pass(searched(kind, key, "created_at")), *removes),
        changed=(Pass(searched(kind, key, "updated_at"), keeps=is_new), *removes),
        lookback=LOOKBACK,
        headers=HEADERS,
    )
