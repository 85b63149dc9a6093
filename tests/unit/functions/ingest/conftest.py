"""A place to land in, all in memory."""

import io
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from holdfast.contracts import Extract
from holdfast.store import MemoryStore, write_json
from ingest.landing import Landing


@pytest.fixture
def place() -> Callable[..., Landing]:
    def make(stream: str = "events", **files: bytes) -> Landing:
        uploads, artifacts = MemoryStore("uploads", dict(files)), MemoryStore("artifacts")
        listed = [{"bucket": "uploads", "key": key, "size": len(body), "etag": ""} for key, body in files.items()]
        batch = write_json(artifacts, "work/r/src-000.json", listed) if files else ""
        extract = Extract("r", "src", stream, batch)
        return Landing(extract, MemoryStore("landing"), MemoryStore("quarantine"), artifacts, lambda bucket: uploads)

    return make


@pytest.fixture
def rows() -> Callable[[Any], list[dict[str, Any]]]:
    def read(store: MemoryStore) -> list[dict[str, Any]]:
        parts = [body for key, body in sorted(store.objects.items()) if key.startswith(("landing/", "run="))]
        return [row for body in parts for row in pq.read_table(io.BytesIO(body)).to_pylist()]

    return read
