"""Calls of the online store for many items: what DynamoDB leaves undone is asked for again, and nothing is lost in between."""

from typing import Any

import pytest

from holdfast.errors import StorageUnavailable
from score import held, writing
from score.held import DynamoVectors
from score.writing import ATTEMPTS, delete_request, put_request, written

ITEMS = [{"customer_id": f"u-{number:02}", "vector": b"v"} for number in range(60)]


class Busy:
    """A store that does two thirds of each call, at least one of it, and leaves the rest; a `full` one does nothing."""

    def __init__(self, full: bool = False) -> None:
        self.full, self.items, self.calls = full, {}, 0

    def _done(self, asked: list[Any]) -> tuple[list[Any], list[Any]]:
        self.calls += 1
        share = 0 if self.full else 2 * len(asked) // 3 + 1
        return asked[:share], asked[share:]

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - its own names
        done, left = self._done(RequestItems["scores"])
        for each in done:
            item = each["PutRequest"]["Item"]
            self.items[item["customer_id"]["S"]] = item
        return {"UnprocessedItems": {"scores": left} if left else {}}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        done, left = self._done(RequestItems["scores"]["Keys"])
        found = [self.items[each["customer_id"]["S"]] for each in done if each["customer_id"]["S"] in self.items]
        return {"Responses": {"scores": found}, "UnprocessedKeys": {"scores": {"Keys": left}} if left else {}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr(writing.time, "sleep", waited.append)
    return waited


def vectors(store: Busy, monkeypatch: pytest.MonkeyPatch) -> DynamoVectors:
    monkeypatch.setattr(held, "client", lambda service: store)
    return DynamoVectors("scores", "state")


def test_what_is_left_unwritten_and_unread_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    store = Busy()

    written(store, "scores", map(put_request, ITEMS))
    found = vectors(store, monkeypatch).get_all([item["customer_id"] for item in ITEMS] + ["nobody"])

    assert found == {item["customer_id"]: item for item in ITEMS}
    assert pauses
    assert store.calls > len(pauses)


def test_after_some_attempts_nothing_is_lost_in_silence(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    store = Busy(full=True)

    with pytest.raises(StorageUnavailable, match=f"writing .* after {ATTEMPTS} attempts"):
        written(store, "scores", [delete_request("u-00")])
    with pytest.raises(StorageUnavailable, match=f"reading .* after {ATTEMPTS} attempts"):
        vectors(store, monkeypatch).get_all(["u-00"])

    assert store.calls == 2 * ATTEMPTS
    assert pauses == [0.05 * 2**attempt for attempt in range(ATTEMPTS)] * 2
