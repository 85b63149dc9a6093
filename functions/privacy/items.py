"""Items and messages without one person: the online store, the state table, and queues."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

from holdfast.aws import client, translated
from holdfast.records import LEADS_TO
from privacy import texts
from privacy.register import LIST, REQUESTS
from privacy.sought import Sought

Item = dict[str, dict[str, Any]]
_HINTS, _NOTES = "hints#", "cursor#"
_NAMING = ("customer_id", LEADS_TO)
"""Attributes of the online store that name somebody."""


class Table(Protocol):
    """A table of items, as DynamoDB writes them."""

    def items(self) -> Iterator[Item]: ...

    def put(self, item: Item) -> None: ...

    def remove(self, item: Item) -> None: ...


class DynamoTable:
    """One DynamoDB table; `key` names the attributes of its key."""

    def __init__(self, name: str, key: tuple[str, ...]) -> None:
        self._name, self._key = name, key
        self._dynamodb = client("dynamodb")

    def items(self) -> Iterator[Item]:
        with translated("reading a table of items"):
            for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._name, ConsistentRead=True):
                yield from page["Items"]

    def put(self, item: Item) -> None:
        with translated("writing an item"):
            self._dynamodb.put_item(TableName=self._name, Item=item)

    def remove(self, item: Item) -> None:
        with translated("deleting an item"):
            self._dynamodb.delete_item(TableName=self._name, Key={name: item[name] for name in self._key})


def scores(table: Table, sought: Sought, *, dry: bool = False) -> int:
    """Take the person out of the online store; how many items."""
    found = [item for item in table.items() if of_store(item, sought)]
    for item in () if dry else found:
        table.remove(item)
    return len(found)


def of_store(item: Item, sought: Sought) -> bool:
    """Whether an item of the online store is the person's: held under their name, or leading to it."""
    return bool(sought.named(item[name]["S"] for name in _NAMING if name in item))


def state(table: Table, sought: Sought, *, dry: bool = False) -> int:
    """Take the person out of the state: hints of theirs, files called after them, and what notes say of them; how many items."""
    found = 0
    for item in [each for each in table.items() if each["pk"]["S"] not in (LIST, REQUESTS)]:
        if _is_theirs(item, sought):
            found += 1
            if not dry:
                table.remove(item)
        elif (left := _mended(item, sought)) != item:
            found += 1
            if not dry:
                table.put(left)
    return found


def drained(queue: str, sought: Sought, *, dry: bool = False) -> int:
    """Delete messages that name the person; how many. The others are there again for whoever reads the queue."""
    sqs, seen, others, found = client("sqs"), set(), [], 0
    with translated("looking through a queue"):
        while messages := _received(sqs, queue):
            fresh = [each for each in messages if each["MessageId"] not in seen]
            seen |= {each["MessageId"] for each in messages}
            theirs = [each for each in fresh if sought.words(each["Body"])]
            found += len(theirs)
            for each in () if dry else theirs:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
            others += [each for each in messages if dry or each not in theirs]
            if not fresh:
                break
        for each in others:
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0)
    return found


def _received(sqs: Any, queue: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=60, WaitTimeSeconds=0)
    return list(answer.get("Messages", []))


def _is_theirs(item: Item, sought: Sought) -> bool:
    partition, sort = item["pk"]["S"], item["sk"]["S"]
    if partition.startswith(_HINTS):
        return bool(sought.records(partition.removeprefix(_HINTS).replace("#", "/", 1), [sort]))
    return bool(sought.words(sort))


def _mended(item: Item, sought: Sought) -> Item:
    """The same without what its texts say of the person; notes of a stream may name its records."""
    place = item["pk"]["S"].removeprefix(_NOTES).replace("#", "/", 1) if item["pk"]["S"].startswith(_NOTES) else ""
    return {name: _value_mended(name, value, place, sought) for name, value in item.items()}


def _value_mended(name: str, value: dict[str, Any], place: str, sought: Sought) -> dict[str, Any]:
    text = value.get("S")
    if name in ("pk", "sk") or not isinstance(text, str):
        return value
    try:
        said = json.loads(text)
    except ValueError:
        return {"S": "forgotten"} if sought.names(text) else value
    left, gone = texts.json_without(said, sought, place)
    return {"S": json.dumps(left, sort_keys=True)} if gone else value
