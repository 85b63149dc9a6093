"""What a notification says: which objects of which streams, what may have happened to them, and when."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from holdfast.hints import CHANGED, GONE, MERGED, PRIVACY, Hint
from holdfast.vendors import OBJECTS

Said = tuple[str, Hint]
"""A stream, and a hint of one of its objects."""

_TYPES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-5": "tickets", "0-48": "calls", "0-49": "emails",
          "0-47": "meetings", "0-46": "notes", "0-27": "tasks"}  # fmt: skip
"""HubSpot's type ids of the objects that are pulled."""
_NOUNS = {"company": "companies"} | {kind.removesuffix("s"): kind for kind in OBJECTS if kind != "companies"}
_HAPPENED = {"creation": CHANGED, "propertyChange": CHANGED, "restore": CHANGED, "deletion": GONE, "privacyDeletion": PRIVACY}  # fmt: skip
_ITEMS = {"contact": "contacts", "user": "contacts", "lead": "contacts", "conversation": "conversations"}
"""Kinds of items in Intercom's notifications whose streams take hints."""


class MalformedError(Exception):
    """A body is not what its source promises."""


def hubspot_said(body: bytes, received: int) -> list[Said]:
    """Of each event of a batch the objects that it names, where they are of a kind that is pulled.

    Raises:
        MalformedError: the body is not a JSON array of objects.
    """
    events = _parsed(body)
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise MalformedError("a JSON array of objects was due")
    return [said for event in events for said in _of_event(event, received)]


def intercom_said(body: bytes, received: int) -> list[Said]:
    """The object that a notification names, where it is of a kind that is pulled.

    Raises:
        MalformedError: the body is not a notification.
    """
    told = _parsed(body)
    if not isinstance(told, dict) or told.get("type") != "notification_event":
        raise MalformedError("a notification_event was due")
    topic, item = str(told.get("topic")), _mapping(_mapping(told.get("data")).get("item"))
    stream, object_id = _ITEMS.get(str(item.get("type") or topic.partition(".")[0])), _id(item.get("id"))
    if stream is None or object_id is None:
        return []
    kind = {"deleted": GONE, "merged": MERGED}.get(topic.partition(".")[2], CHANGED)
    at = _moment(told.get("created_at"), 1000, received)
    return [(stream, Hint(object_id, at, kind, (str(told.get("id") or f"{topic}.{at}"),), received))]


SAID: Mapping[str, Callable[[bytes, int], list[Said]]] = {"hubspot": hubspot_said, "intercom": intercom_said}
"""Readers of notifications by kind of source; a body as received, and the moment of it in epoch milliseconds."""


def _of_event(event: Mapping[str, Any], received: int) -> Iterator[Said]:
    noun, _, happened = str(event.get("subscriptionType")).partition(".")
    stream = _stream(noun, event.get("objectTypeId"))
    at = _moment(event.get("occurredAt"), 1, received)
    # HubSpot does not promise that its event ids are unique: with what happened and when, they tell one event from another. The
    # number of the attempt is left out, so that an event that is delivered once more is known again.
    name = f"{event.get('eventId')}.{noun}.{happened}.{event.get('occurredAt')}"
    for where, raw, kind in _named(event, stream, happened):
        object_id = _id(raw)
        if where is not None and object_id is not None:
            yield where, Hint(object_id, at, kind, (name,), received)


def _named(event: Mapping[str, Any], stream: str | None, happened: str) -> Iterator[tuple[str | None, Any, str]]:
    """Stream, id and what happened of each object that an event names."""
    if happened == "merge":
        # Some kinds of objects are merged into a new one, and then the first is gone as well.
        left = event.get("newObjectId") or event.get("primaryObjectId") or event.get("objectId")
        lost = event.get("mergedObjectIds")
        others = [event.get("primaryObjectId"), *(lost if isinstance(lost, list) else [])]
        yield stream, left, CHANGED
        yield from ((stream, one, MERGED) for one in others if _id(one) != _id(left))
    elif happened == "associationChange":
        ends = str(event.get("associationType")).lower().split("_to_")
        for end, noun in zip(("from", "to"), ends if len(ends) == 2 else ("", ""), strict=True):
            yield _stream(noun, event.get(f"{end}ObjectTypeId")), event.get(f"{end}ObjectId"), CHANGED
    elif happened in _HAPPENED:
        yield stream, event.get("objectId"), _HAPPENED[happened]


def _stream(noun: str, type_id: Any) -> str | None:
    return _NOUNS.get(noun) or _TYPES.get(str(type_id))


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError("it is not JSON") from error


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _id(value: Any) -> str | None:
    """An id as text; what cannot be one is None."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if text.isalnum() and len(text) <= 64 else None


def _moment(value: Any, unit: int, received: int) -> int:
    """Epoch milliseconds; without a usable moment, when it was received."""
    return value * unit if isinstance(value, int) and not isinstance(value, bool) and value > 0 else received
