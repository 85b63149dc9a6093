"""Calls of the online store for many items: as many as DynamoDB takes in one, several at once, and what it leaves undone again."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from holdfast.aws import translated
from holdfast.errors import StorageUnavailable

THREADS, ATTEMPTS = 8, 8
_BATCH = 25
"""The most that DynamoDB takes in one call."""
_AT_ONCE = 400
"""Batches in memory at the same time."""
_T = TypeVar("_T")
Request = dict[str, Any]


def put_request(item: dict[str, Any]) -> Request:
    """Write an item of texts and bytes."""
    typed = {name: {"B": value} if isinstance(value, bytes) else {"S": value} for name, value in item.items()}
    return {"PutRequest": {"Item": typed}}


def delete_request(customer_id: str) -> Request:
    """Delete an item, if it is there."""
    return {"DeleteRequest": {"Key": {"customer_id": {"S": customer_id}}}}


def written(dynamodb: Any, table: str, requests: Iterable[Request]) -> None:
    """Send requests, no two of which are about the same item.

    Raises:
        StorageUnavailable: DynamoDB left some undone again and again.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        for some in batches(batches(requests, _BATCH), _AT_ONCE):
            list(threads.map(lambda batch: _sent(dynamodb, table, batch), some))


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Some items after the other, `size` of them at a time."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def in_full(call: Callable[[dict[str, Any]], dict[str, Any]], waiting: dict[str, Any], doing: str) -> None:
    """Call with what is waiting, and again with what DynamoDB leaves undone of it, after longer and longer.

    Raises:
        StorageUnavailable: something was left again and again.
    """
    for attempt in range(ATTEMPTS):
        with translated(doing):
            waiting = call(waiting)
        if not waiting:
            return
        time.sleep(0.05 * 2**attempt)
    raise StorageUnavailable(f"{doing}: DynamoDB left some undone after {ATTEMPTS} attempts")


def _sent(dynamodb: Any, table: str, batch: list[Request]) -> None:
    def send(waiting: dict[str, Any]) -> dict[str, Any]:
        return dict(dynamodb.batch_write_item(RequestItems=waiting).get("UnprocessedItems", {}))

    in_full(send, {table: batch}, "writing to the online store")
