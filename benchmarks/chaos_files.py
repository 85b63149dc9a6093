"""Log files that nobody should have uploaded."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import numpy as np

LONG, BOMB = 200 << 20, 1 << 30
"""Bytes of the one line, and of what the bomb unpacks to."""


def poisoned(seed: int) -> bytes:
    """Bytes of no kind, half a gzip header, lines that are no JSON, and JSON that is no event."""
    dice = np.random.default_rng([seed, 3])
    lines = [
        b"\x1f\x8b\x08",
        dice.bytes(2000),
        b"{" * 5000,
        b"[]",
        b"null",
        b'{"user_id": {"a": [1',
        b'{"ts": "yesterday"}',
    ]
    return b"\n".join(lines[int(each)] for each in dice.integers(1, len(lines), 40))


def long_line(_seed: int) -> bytes:
    """One line of JSON, two hundred megabytes long."""
    head = json.dumps({"event_id": "long", "user_id": "u-000001", "ts": "2026-10-30T00:00:00Z", "event": ""})
    return head[:-2].encode() + b"x" * LONG + b'"}\n'


def bomb(_seed: int) -> bytes:
    """A megabyte that unpacks to a gigabyte."""
    return gzip.compress(b"0" * BOMB, 9)


def dated(body: bytes, days: int) -> bytes:
    """The lines of a good gzipped file once more as other events, so many days later."""
    lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    return gzip.compress("".join(json.dumps(_later(line, days)) + "\n" for line in lines).encode(), mtime=0)


def _later(line: dict[str, Any], days: int) -> dict[str, Any]:
    moved = {
        name: str(np.datetime64(line[name][:-1]) + np.timedelta64(days, "D")) + "Z" for name in ("ts", "received_at")
    }
    return line | moved | {"event_id": f"{line['event_id']}-{days}"}


FILES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "poisoned_file": ("usage/poisoned.ndjson", poisoned),
    "long_line": ("usage/long.ndjson", long_line),
    "gzip_bomb": ("usage/bomb.ndjson.gz", bomb),
}
"""Kind of fault -> key and maker of the file."""
