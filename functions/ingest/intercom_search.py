"""Intercom's searches: from the beginning or from the last change, dates taken by whole days."""

from collections.abc import Callable
from typing import Any

from ingest.http import Request
from ingest.streams import Cursor, Fetch, Page, Window, inside, listed

DAY = 86_400
LOOKBACK = DAY * 1000
PER_PAGE = 150


def searched(kind: str, key: str, by: str) -> Callable[[Fetch, Window, Cursor], Page]:
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
