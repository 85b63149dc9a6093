"""What Intercom's conversations consist of, asked for one by one; and which of them are deleted."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from holdfast.errors import SourceRefused
from holdfast.observe import logger
from ingest.each import Asked, Each, asked_for
from ingest.http import Request
from ingest.intercom_reference import HEADERS
from ingest.intercom_search import DAY, LOOKBACK, is_new, searched
from ingest.streams import NEVER, Column, Cursor, Fetch, Page, Pass, Record, Stream, Window, inside, listed

DELETED_PER_PAGE = 60
RECENT = 14 * DAY
"""Seconds of deletions that are read beside a whole pull, twice as many as lie between two such pulls."""
_DELETED = "/conversations/deleted"


def conversation_parts() -> Stream:
    """Parts by their id, without what was written, of every conversation that changed. Intercom gives the newest 500 of one: older ones
    that came before stay, so that no pull takes parts away, and a whole one is only made the first time.
    """
    columns = (
        Column("id", "id"),
        Column("conversation_id", "conversation_id"),
        Column("part_type", "part_type"),
        Column("state", "state"),
        Column("author_type", "author_type"),
        Column("author_id", "author_id"),
        Column("from_ai_agent", "from_ai_agent", "flag"),
        Column("assigned_to_type", "assigned_to_type"),
        Column("assigned_to_id", "assigned_to_id"),
        Column("redacted", "redacted", "flag"),
        Column("created_at", "created_at", "time"),
        Column("updated_at", "updated_at", "time"),
    )
    return Stream(
        columns,
        "updated_at",
        everything=(Pass(_parts_by("created_at").read),),
        changed=(Pass(_parts_by("updated_at").read),),
        lookback=LOOKBACK,
        refresh=NEVER,
        headers=HEADERS,
        optional=True,
        lasting=True,
    )


def _parts_by(moment: str) -> Each:
    return Each(searched("conversations", "conversations", moment), _has_parts, _parts, "TruncatedConversations")


def _has_parts(conversation: Any, window: Window) -> bool:
    """Whether a request for the parts of a conversation is worth it."""
    return is_new(conversation, window) and inside(conversation, "statistics", "count_conversation_parts") != 0


def _parts(fetch: Fetch, _window: Window, conversation: str, _place: Cursor) -> Asked:
    whole = asked_for(fetch, f"/conversations/{conversation}")
    if whole is None:
        return Asked([])
    given = listed(inside(whole, "conversation_parts") or {}, "conversation_parts", "/conversations/…")
    counted = inside(whole, "statistics", "count_conversation_parts")
    lacking = counted - len(given) if isinstance(counted, int) else 0
    return Asked([_part(conversation, part) for part in given if isinstance(part, Mapping)], lacking=lacking)


def _part(conversation: str, part: Mapping[str, Any]) -> Record:
    """Without texts, names and addresses: what cannot be read is kept in quarantine as it stands here."""
    kept = {name: part.get(name) for name in ("id", "part_type", "state", "redacted", "created_at")}
    return kept | {
        "conversation_id": conversation,
        "author_type": inside(part, "author", "type"),
        "author_id": inside(part, "author", "id"),
        "from_ai_agent": inside(part, "author", "from_ai_agent"),
        "assigned_to_type": inside(part, "assigned_to", "type"),
        "assigned_to_id": inside(part, "assigned_to", "id"),
        "updated_at": part.get("updated_at") or part.get("created_at"),
    }


def deleted() -> Pass:
    """Conversations that were deleted since the window began. Beside a whole pull the last two weeks of them: one that has a gap takes
    nothing away.
    """
    return Pass(_deleted, keeps=_lately, removes=True)


def _deleted(fetch: Fetch, window: Window, cursor: Cursor) -> Page:
    """Newest first, as far as the window. Whether the order is that of the deletions is nowhere promised: where a page is in another one,
    all pages are read."""
    number = int(cursor.get("page", 1))
    params: dict[str, str | int] = {"page": number, "per_page": DELETED_PER_PAGE, "order": "desc"}
    try:
        answer = fetch(Request("GET", _DELETED, params))
    except SourceRefused as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        logger.warning("deleted conversations may not be read: the weekly pull finds them")
        return Page([], None)
    found = [one for one in listed(answer, "conversations", _DELETED) if isinstance(one, dict)]
    moments = [one["deleted_at"] for one in found if isinstance(one.get("deleted_at"), int)]
    over = bool(moments) and moments == sorted(moments, reverse=True) and moments[-1] < _since(window)
    gone = [{"id": one.get("id"), "updated_at": one.get("deleted_at")} for one in found]
    return Page(gone, {"page": number + 1} if found and inside(answer, "pages", "next") and not over else None)


def _lately(record: Any, window: Window) -> bool:
    moment = record["updated_at"]
    return not isinstance(moment, int) or moment >= _since(window)


def _since(window: Window) -> int:
    return window.end // 1000 - RECENT if window.start is None else window.start // 1000
