"""Intercom's data events, asked for contact by contact: Intercom forgets single ones after ninety days."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingest.each import Asked, Each, asked_for
from ingest.intercom_reference import HEADERS
from ingest.intercom_search import DAY, LOOKBACK, is_new, searched
from ingest.streams import (
    Column,
    Cursor,
    Fetch,
    Pass,
    Record,
    Stream,
    UnexpectedShapeError,
    Window,
    inside,
    listed,
    made_id,
)

PER_PAGE = 50
WHOLE = 89
"""Whole days of events before the one on which a pull began: the ninetieth is about to be forgotten, and whoever pulls the same window
again some hours later should find the same."""
MONTH = 30 * DAY * 1000
"""Milliseconds after which everybody is asked again: an event need not change its contact. It must be less than ninety days, with room for
nights that fail."""
_WHO = ("type", "intercom_user_id", "user_id", "email", "per_page")


def data_events(*, by_data: bool = False) -> Stream:
    """Events of contacts that changed, and every month of all; what came once stays. With `by_data` the data has a time of its own, in which
    nothing is too old.
    """
    columns = (
        Column("id", "id"),
        Column("event_name", "event_name"),
        Column("contact_id", "contact_id"),
        Column("external_id", "external_id"),
        Column("created_at", "created_at", "time"),
    )
    return Stream(
        columns,
        "created_at",
        everything=(Pass(_events_by("created_at").read, keeps=_any if by_data else _lasts),),
        changed=(Pass(_events_by("updated_at").read, keeps=_any if by_data else _lasts),),
        lookback=LOOKBACK,
        refresh=MONTH,
        headers=HEADERS,
        optional=True,
        lasting=True,
    )


def _events_by(moment: str) -> Each:
    return Each(searched("contacts", "data", moment), is_new, _events)


def _events(fetch: Fetch, _window: Window, contact: str, place: Cursor) -> Asked:
    who: dict[str, str | int] = {"type": "user", "intercom_user_id": contact, "per_page": PER_PAGE}
    answer = asked_for(fetch, "/events", {**place, **who})
    if answer is None:
        return Asked([])
    events = [one for one in listed(answer, "events", "/events") if isinstance(one, dict)]
    following = _further(inside(answer, "pages", "next")) if events else {}
    if following and following == dict(place):
        raise UnexpectedShapeError("/events gives the same page twice")
    return Asked([_event(contact, event) for event in events], following or None)


def _further(url: Any) -> Mapping[str, str]:
    """Where the next page begins. Of the address that Intercom gives only the parameters count, and of those not the ones that say whose."""
    said = parse_qsl(urlsplit(url).query) if isinstance(url, str) else []
    return {name: value for name, value in said if name not in _WHO}


def _event(contact: str, event: Mapping[str, Any]) -> Record:
    """One row. What Intercom itself tells events by is who, what and when; of its field `id` it says that it is somebody's."""
    name, moment = event.get("event_name"), event.get("created_at")
    return {
        "id": made_id(contact, name, moment),
        "event_name": name,
        "contact_id": contact,
        "external_id": event.get("user_id"),
        "created_at": moment,
    }


def _lasts(event: Any, window: Window) -> bool:
    moment = event["created_at"]
    return not isinstance(moment, int) or moment >= (window.end // 1000 // DAY - WHOLE) * DAY


def _any(_event: Any, _window: Window) -> bool:
    return True
