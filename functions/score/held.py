"""The vectors held for the API: one item per customer in DynamoDB, written only when something changed."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

from holdfast.aws import client, translated
from score.writing import THREADS, batches, in_full, put_request, written

Item = dict[str, Any]
_BATCH_READ = 100
"""The most that DynamoDB gives in one call."""
_WRITTEN = {"pk": {"S": "scores"}, "sk": {"S": "written"}}


class Items(Protocol):
    """Items that can be gone through more than once."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Item]: ...


class Vectors(Protocol):
    """Items {customer_id, vector, as_of, feature_set, model, company_id} by customer; `model` is who scored the vector last."""

    def get(self, customer_id: str) -> Item | None:
        """One customer's item, or None."""
        ...

    def get_all(self, customer_ids: Collection[str]) -> dict[str, Item]:
        """The items of those that are held, by customer."""
        ...

    def hold(self, items: Items) -> int:
        """Hold these items, and return how many had to be written: none when they are what was held last."""
        ...


class DynamoVectors:
    """Items of the scores table; the state table remembers the digest of what was written last."""

    def __init__(self, table: str, state_table: str) -> None:
        self._table = table
        self._state_table = state_table
        self._dynamodb = client("dynamodb")

    def get(self, customer_id: str) -> Item | None:
        with translated("reading a customer's vector"):
            found = self._dynamodb.get_item(TableName=self._table, Key={"customer_id": {"S": customer_id}})
        return _item(found["Item"]) if "Item" in found else None

    def get_all(self, customer_ids: Collection[str]) -> dict[str, Item]:
        with ThreadPoolExecutor(THREADS) as threads:
            found = threads.map(self._read, batches(sorted(customer_ids), _BATCH_READ))
            return {item["customer_id"]: item for batch in found for item in batch}

    def hold(self, items: Items) -> int:
        new = digest(items)
        with translated("reading what vectors were written last"):
            held = self._dynamodb.get_item(TableName=self._state_table, Key=_WRITTEN, ConsistentRead=True).get(
                "Item", {}
            )
        if held.get("digest", {}).get("S") == new:
            return 0
        written(self._dynamodb, self._table, map(put_request, items))
        with translated("remembering what vectors were written"):
            self._dynamodb.put_item(TableName=self._state_table, Item={**_WRITTEN, "digest": {"S": new}})
        return len(items)

    def _read(self, batch: list[str]) -> list[Item]:
        items: list[Item] = []

        def read(waiting: dict[str, Any]) -> dict[str, Any]:
            answer = self._dynamodb.batch_get_item(RequestItems=waiting)
            items.extend(map(_item, answer["Responses"].get(self._table, [])))
            return dict(answer.get("UnprocessedKeys", {}))

        keys = [{"customer_id": {"S": each}} for each in batch]
        in_full(read, {self._table: {"Keys": keys}}, "reading customers' vectors")
        return items


@dataclass
class MemoryVectors:
    """The same in a dict."""

    items: dict[str, Item] = field(default_factory=dict)

    def get(self, customer_id: str) -> Item | None:
        return self.items.get(customer_id)

    def get_all(self, customer_ids: Collection[str]) -> dict[str, Item]:
        return {each: self.items[each] for each in customer_ids if each in self.items}

    def hold(self, items: Items) -> int:
        wanted = {item["customer_id"]: item for item in items}
        if all(self.items.get(key) == item for key, item in wanted.items()):
            return 0
        self.items |= wanted
        return len(wanted)


def digest(items: Iterable[Item]) -> str:
    """SHA-256 over items in their order."""
    sha = hashlib.sha256()
    for item in items:
        for name in sorted(item):
            value = item[name] if isinstance(item[name], bytes) else item[name].encode()
            sha.update(b"%d:%s%d:%s" % (len(name), name.encode(), len(value), value))
    return sha.hexdigest()


def _item(held: dict[str, Any]) -> Item:
    return {name: next(iter(value.values())) for name, value in held.items()}
