"""A file of usage logs, packed or not: every line is a row or a reject, however it is written."""

import gzip
import json

import zstandard

from holdfast.contracts import Extract
from holdfast.settings import EventsSource
from holdfast.store import MemoryStore, write_json
from ingest.landing import Landing
from ingest.logs import land_logs

ALLOWED = ()
SOURCE = EventsSource(
    kind="events", prefix="x/", measures={"minutes": "spent"},
    fields={"customer": "who.id", "time": "at", "id": "id", "kind": "what"},
)  # fmt: skip


def seeds() -> list[bytes]:
    line = {
        "id": "e1",
        "who": {"id": "u1"},
        "at": "2026-01-02T03:04:05Z",
        "what": "login",
        "spent": 2.5,
        "os": {"v": [1]},
    }
    text = b"".join(json.dumps(line | {"id": f"e{number}"}).encode() + b"\n" for number in range(4))
    odd = b'\xef\xbb\xbf{"who":{"id":" "}}\r\n[1]\nnull\n{"who":{"id":1},"at":1767225600,"spent":"1e400"}\n\x00\n'
    packed = [
        gzip.compress(text, mtime=0),
        zstandard.compress(text),
        gzip.compress(b"", mtime=0) + gzip.compress(text, mtime=0),
    ]
    return [text, odd, text + odd, *packed, packed[0][:-9], packed[1][:-2]]


def once(data: bytes) -> None:
    uploads, artifacts = MemoryStore("uploads", {"x/a": data}), MemoryStore("artifacts")
    listed = [{"bucket": "uploads", "key": "x/a", "size": len(data), "etag": ""}]
    extract = Extract("r", "src", "events", write_json(artifacts, "work/r/src-000.json", listed))
    stores = MemoryStore("landing"), MemoryStore("quarantine")
    landed = land_logs(Landing(extract, *stores, artifacts, lambda bucket: uploads), SOURCE)
    assert landed.rows >= 0
    assert landed.rejected >= 0
