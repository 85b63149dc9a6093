"""Intercom's companies, by the one scroll that a workspace has, and its small lists, pulled whole each time."""

from collections.abc import Callable

from holdfast.errors import SourceRefused, SourceThrottled, SourceUnavailable
from holdfast.vendors import INTERCOM_VERSION
from ingest.http import Request
from ingest.streams import Column, Cursor, Fetch, Page, Pass, Stream, Window, listed

HEADERS = {"Intercom-Version": INTERCOM_VERSION}
QUIET = 61.0
"""Seconds after which a scroll that nobody goes on with is gone."""
_ID = Column("id", "id")
_NAME = Column("name", "name")
_CREATED = Column("created_at", "created_at", "time")


def companies() -> Stream:
    """Pulled whole or not at all: a scroll cannot be taken up again in its middle."""
    columns = (_ID, Column("company_id", "company_id"), _NAME, Column("industry", "industry"), Column("plan", "plan.name"),
               Column("size", "size", "number"), Column("user_count", "user_count", "number"), _CREATED)  # fmt: skip
    return Stream(columns, "updated_at", (Pass(_scrolled, whole=True),), headers=HEADERS, optional=True)


def small_lists() -> dict[str, Stream]:
    """Tags, admins, segments, and how the workspace declares its attributes."""
    attribute = (_ID, _NAME, Column("model", "model"), Column("data_type", "data_type"),
                 Column("custom", "custom", "flag"))  # fmt: skip
    return {
        "tags": _whole("/tags", "data", (_ID, _NAME)),
        "admins": _whole("/admins", "admins", (_ID, Column("email", "email"))),
        "segments": _whole("/segments", "segments", (_ID, _NAME, _CREATED)),
        "data_attributes": _whole("/data_attributes", "data", attribute),
    }


def _whole(path: str, key: str, columns: tuple[Column, ...]) -> Stream:
    return Stream(columns, "updated_at", (Pass(_listed(path, key)),), headers=HEADERS, optional=True)


def _listed(path: str, key: str) -> Callable[[Fetch, Window, Cursor], Page]:
    """Standard attributes have no id of their own: model and name are one."""

    def read(fetch: Fetch, _window: Window, _cursor: Cursor) -> Page:
        found = [one for one in listed(fetch(Request("GET", path)), key, path) if isinstance(one, dict)]
        return Page([{"id": f"{one.get('model')}.{one.get('name')}"} | one for one in found], None)

    return read


def _scrolled(fetch: Fetch, _window: Window, cursor: Cursor) -> Page:
    """Pages of the scroll, which ends with an empty one.

    Raises:
        SourceThrottled: the scroll is somebody else's, or was lost: after a minute another one can be begun. It is lost with any page
            of it that did not arrive, since the same question gives the page after that.
    """
    path, params = "/companies/scroll", {"scroll_param": str(cursor["scroll"])} if "scroll" in cursor else {}
    try:
        answer = fetch(Request("GET", path, params, once=bool(params)))
    except SourceUnavailable as error:
        if params:
            raise SourceThrottled(error.source, QUIET) from error
        raise
    except SourceRefused as error:
        if error.status in (400, 404):
            raise SourceThrottled(error.source, QUIET) from error
        raise
    records = listed(answer, "data", path)
    following = {"scroll": answer.get("scroll_param"), "page": int(cursor.get("page", 0)) + 1}
    return Page(records, following if records else None)
