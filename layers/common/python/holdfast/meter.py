"""What the process in hand uses while it works: seconds, memory, and what it puts into S3 and DynamoDB."""

import math
import os
import re
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_counted: Counter[str] = Counter()
_WRITE_UNIT = 1024
"""Bytes that one write of DynamoDB's may hold."""
_KIBIBYTES = 1 << 20
"""In a gibibyte."""


@contextmanager
def metered(*, children: bool = False) -> Iterator[dict[str, Any]]:
    """Fill the dictionary that it gives with what is used inside, when that ends; of memory and processors also what processes started there used."""
    _counted.clear()
    found: dict[str, Any] = {}
    began, worked = time.monotonic(), processors(children=children)
    try:
        yield found
    finally:
        seconds, cpu = time.monotonic() - began, processors(children=children) - worked
        found |= {
            "seconds": round(seconds, 3),
            "cpu": round(cpu, 3),
            "peak": round(peak(children=children), 3),
            **_counted,
        }


def put(bytes_: int, objects: int = 1) -> None:
    """Count what another library than the SDK puts into S3."""
    _counted.update(puts=objects, bytes=bytes_)


def watch(client: Any) -> Any:
    """Count what a client of the SDK puts; returns it."""
    for operation in ("PutObject", "UploadPart"):
        client.meta.events.register(f"before-send.s3.{operation}", _of_s3)
    for operation in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"):
        client.meta.events.register(f"before-send.dynamodb.{operation}", _of_dynamodb)
    return client


def given() -> float:
    """GiB of memory that this function has; 0 where this is none, but a job or a program on somebody's machine."""
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0)) / 1024


def since_start() -> float:
    """Seconds since this process began: what a cold start takes before its first invocation (Linux)."""
    ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def processors(*, children: bool = False) -> float:
    """Seconds of processors that this process has used since it began, user's and system's, or it and its children that have ended."""
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN) if children else None
    return time.process_time() + (theirs.ru_utime + theirs.ru_stime if theirs else 0.0)


def peak(*, children: bool = False) -> float:
    """GiB that this process has held at most since it began, or one of its children that has ended (Linux).

    Of an environment that serves one invocation after the other it is the most of all of them, as Lambda's `Max Memory Used` is.
    """
    # Not this process's own ru_maxrss: that is inherited from whatever program started it.
    own = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if children else 0
    return max(int(own[1]) if own else 0, theirs) / _KIBIBYTES


def _of_s3(request: Any, **_: Any) -> None:
    put(int(request.headers.get("Content-Length") or 0))


def _of_dynamodb(request: Any, **_: Any) -> None:
    _counted.update(writes=math.ceil(int(request.headers.get("Content-Length") or 0) / _WRITE_UNIT))
