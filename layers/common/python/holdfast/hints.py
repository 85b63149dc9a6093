"""What sources have said of their own accord, by object: hints of what to ask them for; and their in-memory twin.

A hint is believed in nothing but that it is worth a question: what a source answers, when it is asked, is the truth.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from holdfast.aws import client, translated
from holdfast.errors import StorageUnavailable

CHANGED, GONE, MERGED, PRIVACY = "changed", "gone", "merged", "privacy"
"""What may have happened to an object, the gravest last. `privacy`: somebody wants to be forgotten."""
KEPT_S = 30 * 86_400
"""Seconds for which a hint is kept; one of kind `privacy` stays until whoever erases has read it."""
EVENTS = 10
"""Notifications that a hint remembers, so that one that comes twice changes nothing."""
_WEIGHT = {kind: weight for weight, kind in enumerate((CHANGED, GONE, MERGED, PRIVACY))}
_TURNS = 10


@dataclass(frozen=True)
class Hint:
    """One object and what was said of it; `at` and `received` in epoch milliseconds, by the source's clock and by ours."""

    id: str
    at: int
    kind: str
    events: tuple[str, ...]
    received: int


def together(held: Hint | None, new: Hint) -> Hint:
    """Two hints of one object as one. Its moment never goes back, and the gravest that was ever said of it stays said."""
    if held is None or set(new.events) <= set(held.events):
        return held or new
    return Hint(
        held.id,
        max(held.at, new.at),
        max(held.kind, new.kind, key=_WEIGHT.__getitem__),
        (*held.events, *new.events)[-EVENTS:],
        max(held.received, new.received),
    )


class Hints(Protocol):
    """Hints by source, stream and id."""

    def take(self, source: str, stream: str, hint: Hint) -> bool:
        """Put a hint together with what is held of its object, and say whether that changed anything."""
        ...

    def between(self, source: str, stream: str, since: int, until: int, after: str, limit: int) -> list[Hint]:
        """The first hints by id, above `after`, of what happened or was received since a moment, and received until another."""
        ...

    def private(self, source: str, stream: str) -> list[Hint]:
        """All hints of people who want to be forgotten. Whoever erases asks the source first whether they are gone there."""
        ...


class DynamoHints:
    """In the state table: `pk` = `hints#<source>#<stream>`, `sk` = id; `expires` is when DynamoDB may drop it, in Unix seconds."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def take(self, source: str, stream: str, hint: Hint) -> bool:
        key = {"pk": {"S": _partition(source, stream)}, "sk": {"S": hint.id}}
        for _ in range(_TURNS):
            with translated(f"reading a hint of {source} {stream}"):
                item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            made = together(_hint(item) if item else None, hint)
            if item and made == _hint(item):
                return False
            if self._put(key | _item(made), item, f"{source} {stream}"):
                return True
        raise StorageUnavailable(f"a hint of {source} {stream} is fought over: not written after {_TURNS} tries")

    def between(self, source: str, stream: str, since: int, until: int, after: str, limit: int) -> list[Hint]:
        bounds = {":since": {"N": str(since)}, ":until": {"N": str(until)}}
        wanted = "received <= :until AND (received >= :since OR #at >= :since)"
        return list(islice(self._query(source, stream, wanted, {"#at": "at"}, bounds, after), limit))

    def private(self, source: str, stream: str) -> list[Hint]:
        return list(self._query(source, stream, "#kind = :kind", {"#kind": "kind"}, {":kind": {"S": PRIVACY}}))

    def _query(
        self,
        source: str,
        stream: str,
        wanted: str,
        names: dict[str, str],
        values: dict[str, dict[str, str]],
        after: str = "",
    ) -> Iterator[Hint]:
        above = {":after": {"S": after}} if after else {}
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk > :after" if after else "pk = :pk",
            "FilterExpression": wanted,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {":pk": {"S": _partition(source, stream)}} | values | above,
            "ConsistentRead": True,
        }
        with translated(f"reading hints of {source} {stream}"):
            for page in self._dynamodb.get_paginator("query").paginate(**query):
                yield from map(_hint, page["Items"])

    def _put(self, item: dict[str, Any], seen: Mapping[str, Any] | None, what: str) -> bool:
        """Put an item in the place of what was seen there, and say whether it was still that."""
        more: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if seen:
            more = {"ConditionExpression": "events = :seen", "ExpressionAttributeValues": {":seen": seen["events"]}}
        with translated(f"writing a hint of {what}"):
            try:
                self._dynamodb.put_item(TableName=self._table, Item=item, **more)
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _partition(source: str, stream: str) -> str:
    return f"hints#{source}#{stream}"


def _item(hint: Hint) -> dict[str, dict[str, str]]:
    lasting = {} if hint.kind == PRIVACY else {"expires": {"N": str(hint.received // 1000 + KEPT_S)}}
    return lasting | {
        "at": {"N": str(hint.at)},
        "kind": {"S": hint.kind},
        "events": {"S": json.dumps(hint.events)},
        "received": {"N": str(hint.received)},
    }


def _hint(item: Mapping[str, Any]) -> Hint:
    events = tuple(json.loads(item["events"]["S"]))
    return Hint(item["sk"]["S"], int(item["at"]["N"]), item["kind"]["S"], events, int(item["received"]["N"]))


@dataclass
class MemoryHints:
    """The same hints in a dict."""

    held: dict[tuple[str, str, str], Hint] = field(default_factory=dict)
    """(source, stream, id) -> hint."""

    def take(self, source: str, stream: str, hint: Hint) -> bool:
        key = source, stream, hint.id
        before = self.held.get(key)
        self.held[key] = together(before, hint)
        return self.held[key] != before

    def between(self, source: str, stream: str, since: int, until: int, after: str, limit: int) -> list[Hint]:
        fitting = (h for h in self._of(source, stream) if h.received <= until and max(h.received, h.at) >= since)
        return [hint for hint in fitting if hint.id > after][:limit]

    def private(self, source: str, stream: str) -> list[Hint]:
        return [hint for hint in self._of(source, stream) if hint.kind == PRIVACY]

    def _of(self, source: str, stream: str) -> list[Hint]:
        return [hint for key, hint in sorted(self.held.items()) if key[:2] == (source, stream)]
