"""How far each source is in the lake: bookmarks of files, cursors of streams, checkpoints; and their in-memory twin."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from holdfast.aws import client, translated


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


CURSOR = "cursor"
"""Name of the note that says up to where a stream is in the lake."""


def checkpoint(run: str) -> str:
    """Name of the note that says how far one run's pull of a stream has got."""
    return f"run#{run}"


class DynamoLedger:
    """One DynamoDB table: `pk` = `files#<source>`, `sk` = address, `etag`, `run`; `pk` = `cursor#<source>#<stream>`, `sk` = name, `note`."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._dynamodb = client("dynamodb")

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


def _key(source: str, stream: str, name: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"cursor#{source}#{stream}"}, "sk": {"S": name}}


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
