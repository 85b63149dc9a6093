"""Intercom's streams: searched from the beginning or from the last change, dates taken by whole days."""

from collections.abc import Callable
from typing import Any

from ingest.http import Request
from ingest.intercom_reference import HEADERS, companies, small_lists
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, Window, inside, listed

DAY = 86_400
LOOKBACK = DAY * 1000
PER_PAGE = 150


def intercom() -> dict[str, Stream]:
    """Its streams by name; its times are Unix seconds. Nothing of what people wrote lands."""
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
        "companies": companies(),
        **small_lists(),
    }


def _search(kind: str, key: str, columns: tuple[Column, ...]) -> Stream:
    return Stream(
        (Column("id", "id"), *columns),
        "updated_at",
        everything=(Pass(_searched(kind, key, "created_at")),),
        changed=(Pass(_searched(kind, key, "updated_at"), keeps=is_new),),
        lookback=LOOKBACK,
        headers=HEADERS,
    )


def _searched(kind: str, key: str, by: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """Pages in the order of a moment. Searches may take `>` to mean the next day in a time zone that nobody tells:
    they begin two days early, have no upper bound, and what is too old is left out here, to the second.
    """

    def read(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
        since = 0 if window.start is None else max(0, window.start // 1000 - 2 * DAY)
        body = {
            "query": {"field": by, "operator": ">", "value": since},
            "pagination": {"per_page": PER_PAGE} | dict(cursor),
            "sort": {"field": by, "order": "ascending"},
        }
        answer = fetch(Request("POST", f"/{kind}/search", json=body))
        records = listed(answer, key, f"/{kind}/search")
        following = inside(answer, "pages", "next", "starting_after")
        return Page(records, {"starting_after": str(following)} if following else None, answer.get("total_count"))

    return read


def is_new(record: Any, window: Window) -> bool:
    """Whether a record was changed since the window began, to the second."""
    moment = record.get("updated_at") if isinstance(record, dict) else None
    return window.start is None or not isinstance(moment, int) or moment >= window.start // 1000
