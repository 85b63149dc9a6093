"""How far each source is in the lake: bookmarks of files, cursors of streams, checkpoints; and their in-memory twin."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from holdfast.aws import client, translated
from holdfast.errors import StorageUnavailable


class Ledger(Protocol):
    """Files by source. A file whose etag has changed since it was booked counts as new."""

    def booked(self, source: str) -> dict[str, str]:
        """Etag by address (`bucket/key`) of every file booked for `source`."""
        ...

    def book(self, source: str, files: Mapping[str, str], run: str) -> None:
        """Note that the files (etag by address) are durable in the lake since `run`; booking twice is booking once."""
        ...

    def note(self, source: str, stream: str, name: str) -> dict[str, Any] | None:
        """What was noted of a stream under a name: `CURSOR`, or `checkpoint(run)`."""
        ...

    def keep(self, source: str, stream: str, name: str, value: Mapping[str, Any]) -> None:
        """Note something of a stream, in place of what was noted under that name before."""
        ...

    def reserve(self, source: str, bucket: str, seconds: float, earliest: float) -> float:
        """Take the next turn of a bucket of requests, in Unix seconds and not before `earliest`; whoever comes next has to wait
        `seconds` longer."""
        ...

    def lock(self, name: str, owner: str, now: float, until: float) -> bool:
        """Hold a lock until a moment in Unix seconds, unless somebody else holds it now."""
        ...

    def renew(self, name: str, owner: str, until: float) -> bool:
        """Hold a lock until a later moment, if `owner` has held it ever since taking it; even one that has run out, while nobody took it."""
        ...

    def unlock(self, name: str, owner: str) -> None:
        """Give a lock back that `owner` holds."""
        ...


CURSOR = "cursor"
"""Name of the note that says up to where a stream is in the lake."""


def checkpoint(run: str) -> str:
    """Name of the note that says how far one run's pull of a stream has got."""
    return f"run#{run}"


class DynamoLedger:
    """One DynamoDB table: `pk` = `files#<source>`, `sk` = address, `etag`, `run`; `pk` = `cursor#<source>#<stream>`, `sk` = name, `note`."""

    def __init__(self, table: str, dynamodb: Any = None) -> None:
        self._table = table
        self._dynamodb = dynamodb or client("dynamodb")

    def booked(self, source: str) -> dict[str, str]:
        query = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _partition(source)}},
            "ConsistentRead": True,
        }
        with translated(f"reading bookmarks of {source}"):
            pages = self._dynamodb.get_paginator("query").paginate(**query)
            return {item["sk"]["S"]: item["etag"]["S"] for page in pages for item in page["Items"]}

    def book(self, source: str, files: Mapping[str, str], run: str) -> None:
        with translated(f"writing bookmarks of {source}"):
            for address, etag in sorted(files.items()):
                row = {"pk": _partition(source), "sk": address, "etag": etag, "run": run}
                self._dynamodb.put_item(TableName=self._table, Item={name: {"S": value} for name, value in row.items()})

    def note(self, source: str, stream: str, name: str) -> dict[str, Any] | None:
        with translated(f"reading {name} of {source} {stream}"):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(source, stream, name), ConsistentRead=True)
        item = answer.get("Item")
        return json.loads(item["note"]["S"]) if item else None

    def keep(self, source: str, stream: str, name: str, value: Mapping[str, Any]) -> None:
        item = _key(source, stream, name) | {"note": {"S": json.dumps(value, sort_keys=True)}}
        with translated(f"writing {name} of {source} {stream}"):
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def cursors(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every stream's cursor, by source and stream: for people to look at."""
        query = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :pk) AND sk = :sk",
            "ExpressionAttributeValues": {":pk": {"S": "cursor#"}, ":sk": {"S": CURSOR}},
        }
        with translated("reading all cursors"):
            pages = self._dynamodb.get_paginator("scan").paginate(**query)
            found = {item["pk"]["S"]: json.loads(item["note"]["S"]) for page in pages for item in page["Items"]}
        split = {tuple(key.split("#")[1:]): note for key, note in sorted(found.items())}
        return {(source, stream): note for (source, stream), note in split.items()}

    def reserve(self, source: str, bucket: str, seconds: float, earliest: float) -> float:
        for _ in range(_TURNS):
            turn = self._queue(source, bucket, seconds, earliest)
            if turn is not None:
                return turn
        raise StorageUnavailable(f"the budget of {source} is fought over: no turn after {_TURNS} tries")

    def _queue(self, source: str, bucket: str, seconds: float, earliest: float) -> float | None:
        """One call where others are waiting, and a second one where nobody is; None if that changed in between."""
        behind = ("SET turn = turn + :seconds", "turn >= :earliest", {":seconds": seconds, ":earliest": earliest})
        ahead = ("SET turn = :following", "attribute_not_exists(turn) OR turn < :earliest",
                 {":following": earliest + seconds, ":earliest": earliest})  # fmt: skip
        key = {"pk": {"S": f"budget#{source}"}, "sk": {"S": bucket}}
        for change, condition, values in (behind, ahead):
            with translated(f"taking a turn of the budget of {source}"):
                try:
                    answer = self._dynamodb.update_item(
                        TableName=self._table,
                        Key=key,
                        UpdateExpression=change,
                        ConditionExpression=condition,
                        ExpressionAttributeValues={name: {"N": f"{value:.6f}"} for name, value in values.items()},
                        ReturnValues="UPDATED_NEW",
                    )
                except self._dynamodb.exceptions.ConditionalCheckFailedException:
                    continue
            return float(answer["Attributes"]["turn"]["N"]) - seconds
        return None

    def lock(self, name: str, owner: str, now: float, until: float) -> bool:
        values = {":owner": {"S": owner}, ":now": {"N": f"{now:.3f}"}}
        free = "attribute_not_exists(pk) OR #owner = :owner OR #until < :now"
        return self._put(_lock(name, owner, until), free, values, {"#owner": "owner", "#until": "until"})

    def renew(self, name: str, owner: str, until: float) -> bool:
        item, values = _lock(name, owner, until), {":owner": {"S": owner}}
        return self._put(item, "#owner = :owner", values, {"#owner": "owner"})

    def holders(self) -> dict[str, tuple[str, float]]:
        """Who holds each lock and until when in Unix seconds: for people to look at. A lock that has run out is free."""
        query = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :pk)",
            "ExpressionAttributeValues": {":pk": {"S": "lock#"}},
        }
        with translated("reading all locks"):
            pages = self._dynamodb.get_paginator("scan").paginate(**query)
            items = [item for page in pages for item in page["Items"]]
        return {
            item["pk"]["S"].removeprefix("lock#"): (item["owner"]["S"], float(item["until"]["N"])) for item in items
        }

    def unlock(self, name: str, owner: str) -> None:
        with (
            translated(f"giving back lock {name}"),
            suppress(self._dynamodb.exceptions.ConditionalCheckFailedException),
        ):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key={"pk": {"S": f"lock#{name}"}, "sk": {"S": "lock"}},
                ConditionExpression="#owner = :owner",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":owner": {"S": owner}},
            )

    def _put(
        self,
        item: dict[str, dict[str, str]],
        condition: str,
        values: dict[str, dict[str, str]],
        names: dict[str, str] | None = None,
    ) -> bool:
        """Put an item if a condition holds, and say whether it did."""
        more: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        more |= {"ExpressionAttributeNames": names} if names else {}
        with translated(f"writing {item['pk']['S']}"):
            try:
                self._dynamodb.put_item(TableName=self._table, Item=item, ConditionExpression=condition, **more)
            except self._dynamodb.exceptions.ConditionalCheckFailedException:
                return False
        return True


_TURNS = 100


def _key(source: str, stream: str, name: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"cursor#{source}#{stream}"}, "sk": {"S": name}}


def _lock(name: str, owner: str, until: float) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"lock#{name}"}, "sk": {"S": "lock"}, "owner": {"S": owner}, "until": {"N": f"{until:.3f}"}}


def _partition(source: str) -> str:
    return f"files#{source}"


@dataclass
class MemoryLedger:
    """The same bookmarks in a dict."""

    rows: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(source, address) -> (etag, run)."""

    def booked(self, source: str) -> dict[str, str]:
        return {address: etag for (owner, address), (etag, _) in self.rows.items() if owner == source}

    def book(self, source: str, files: Mapping[str, str], run: str) -> None:
        self.rows |= {(source, address): (etag, run) for address, etag in files.items()}

    notes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """(source, stream, name) -> JSON."""

    def note(self, source: str, stream: str, name: str) -> dict[str, Any] | None:
        text = self.notes.get((source, stream, name))
        return None if text is None else json.loads(text)

    def keep(self, source: str, stream: str, name: str, value: Mapping[str, Any]) -> None:
        self.notes[source, stream, name] = json.dumps(value, sort_keys=True)

    turns: dict[tuple[str, str], float] = field(default_factory=dict)
    locks: dict[str, tuple[str, float]] = field(default_factory=dict)

    def reserve(self, source: str, bucket: str, seconds: float, earliest: float) -> float:
        turn = max(earliest, self.turns.get((source, bucket), 0.0))
        self.turns[source, bucket] = turn + seconds
        return turn

    def lock(self, name: str, owner: str, now: float, until: float) -> bool:
        held = self.locks.get(name)
        if held and held[0] != owner and held[1] >= now:
            return False
        self.locks[name] = (owner, until)
        return True

    def renew(self, name: str, owner: str, until: float) -> bool:
        held = self.locks.get(name, ("", 0.0))[0] == owner
        if held:
            self.locks[name] = (owner, until)
        return held

    def unlock(self, name: str, owner: str) -> None:
        if self.locks.get(name, ("", 0.0))[0] == owner:
            del self.locks[name]
