"""Log files that S3 told of as they came: hints, by which a large bucket need not be listed from its beginning every night."""

import json
from typing import Any

from holdfast.aws import client, translated

MOST = 2000
"""Notifications that one Plan reads; where more wait, everything is listed."""
_PER_CALL = 10


class SqsArrivals:
    """EventBridge's `Object Created` events in a queue; one that Plan does not forget comes again."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._sqs = client("sqs")
        self._receipts: list[str] = []

    def told(self) -> tuple[set[tuple[str, str]], bool]:
        """Bucket and key of each object that was told of since the last time, and whether these are all."""
        found: set[tuple[str, str]] = set()
        while len(self._receipts) < MOST:
            messages = self._received()
            if not messages:
                return found, True
            self._receipts += [message["ReceiptHandle"] for message in messages]
            found |= {_object(message["Body"]) for message in messages}
        return found, False

    def forget(self) -> None:
        """What was told is planned: it need not be told again."""
        for start in range(0, len(self._receipts), _PER_CALL):
            receipts = self._receipts[start : start + _PER_CALL]
            entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
            with translated("forgetting notifications of files"):
                self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
        self._receipts = []

    def _received(self) -> list[dict[str, Any]]:
        with translated("reading notifications of files"):
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=_PER_CALL, WaitTimeSeconds=1)
        return list(answer.get("Messages", []))


def _object(body: str) -> tuple[str, str]:
    detail = json.loads(body)["detail"]
    return str(detail["bucket"]["name"]), str(detail["object"]["key"])
