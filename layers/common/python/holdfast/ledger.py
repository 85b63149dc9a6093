"""Which files of a source are already in the lake: the bookmarks of the `events` sources, and their in-memory twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from holdfast.aws import client, translated


class Ledger(Protocol):
    """Files by source. A file whose etag has changed since it was booked counts as new."""

    def booked(self, source: str) -> dict[str, str]:
        """Etag by address (`bucket/key`) of every file booked for `source`."""
        ...

    def book(self, source: str, files: Mapping[str, str], run: str) -> None:
        """Note that the files (etag by address) are durable in the lake since `run`; booking twice is booking once."""
        ...


class DynamoLedger:
    """Bookmarks in one DynamoDB table: `pk` = `files#<source>`, `sk` = address, `etag`, `run`."""

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
