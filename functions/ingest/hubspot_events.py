"""HubSpot's marketing email events, in slices of time."""

from ingest.http import Request
from ingest.hubspot_objects import LOOKBACK
from ingest.streams import NEVER, Column, Cursor, Fetch, Page, Pass, Stream, Window, listed

LIMIT = 1000
SLICE = 30 * 86_400_000
HISTORY = 24 * SLICE
"""How far back events come in slices; what is older comes in one."""
_PATH = "/email/public/v1/events"


def email_events() -> Stream:
    """What became of each email to each recipient. Events never change and never go: all of them again would only cost."""
    columns = (
        Column("id", "id"),
        Column("type", "type"),
        Column("created", "created", "time"),
        Column("recipient", "recipient"),
    )
    walk = (Pass(_sliced),)
    return Stream(columns, "created", walk, walk, lookback=LOOKBACK, refresh=NEVER, lasting=True)


def _sliced(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
    """Pages of slices of 30 days, oldest first; the very first pull begins with all that is older than its slices."""
    number = int(cursor.get("slice", 0))
    begin, end = _slice(window, number)
    params = {"limit": LIMIT, "startTimestamp": begin, "endTimestamp": end}
    answer = fetch(Request("GET", _PATH, params | ({"offset": cursor["offset"]} if "offset" in cursor else {})))
    events = listed(answer, "events", _PATH)
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
