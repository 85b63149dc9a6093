"""What a run used: every invocation and job keeps a note under the run, so that its cost can be told."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import uuid4

from holdfast import meter
from holdfast.errors import StorageUnavailable
from holdfast.reading import known
from holdfast.store import S3Store, Store, read_json, write_json


@dataclass(frozen=True)
class Used:
    """What one invocation of a function, or one job in a container, used."""

    state: str
    seconds: float
    gigabytes: float
    vcpu: float = 0.0
    """Of a container; 0 for a function, whose processors come with its memory."""
    spot: bool = False
    peak: float = 0.0
    """GiB that its process held at most."""
    puts: int = 0
    """Objects that were put into S3."""
    bytes: int = 0
    """Bytes of them."""
    writes: int = 0
    """Write units of DynamoDB, as the requests' sizes make them."""
    cpu: float = 0.0
    """Seconds of processors, user's and system's: what it works, however long it waits."""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        return known(cls, said)


def place() -> Store | None:
    """Where notes are kept, if this process was told."""
    bucket = os.environ.get("HOLDFAST_ARTIFACTS_BUCKET")
    return S3Store(bucket) if bucket else None


def used_prefix(run: str) -> str:
    """Where the artifacts bucket keeps a run's notes."""
    return f"work/{run}/used/"


def used_by(store: Store, run: str) -> list[Used]:
    """Every note of a run, those of tries that failed and of redrives too."""
    return [Used.parse(read_json(store, item.key)) for item in store.list(used_prefix(run))]


@contextmanager
def noted(store: Store | None, run: str | None, used: Used) -> Iterator[None]:
    """Keep a note of what is used inside, beside the seconds and those of processors that `used` says already; also of a try that fails.

    Each note is an object of its own, since many functions of a run work at once. One that cannot be kept is lost, not the work.
    Outside a run, or where there is no place for notes, none is kept: it costs next to nothing, and nobody asks what.
    """
    if store is None or not run:
        yield
        return
    try:
        # A function that starts the job as a process of its own is not its job; who watches over a container's job is.
        with meter.metered(children=bool(used.vcpu)) as found:
            yield
    finally:
        seconds, cpu = (
            round(before + found.pop(name), 3) for name, before in (("seconds", used.seconds), ("cpu", used.cpu))
        )
        try:
            key = f"{used_prefix(run)}{used.state}-{uuid4().hex}.json"
            write_json(store, key, asdict(used) | found | {"seconds": seconds, "cpu": cpu})
        except StorageUnavailable as error:
            logging.getLogger(__name__).warning("what this used is not noted: %s", error)
