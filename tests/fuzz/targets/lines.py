"""The text of a file of usage logs, unpacked and read many lines at once: what is taken is a line that was there, and JSON agrees."""

import io
import json

from ingest.chunks import chunks
from ingest.columns import Parser
from ingest.inflate import BrokenFileError, blocks
from tests.fuzz.targets import logs

ALLOWED = (BrokenFileError,)


def seeds() -> list[bytes]:
    return logs.seeds()


def once(data: bytes) -> None:
    parser = Parser(logs.SOURCE)
    for text in chunks(blocks(io.BytesIO(data)), 1 << 16):
        parsed = parser.parse(text)
        held = text.strip(b" ").split(b"\n")
        assert len(parsed.rows) == len(parsed.lines) <= parsed.total
        for line in parsed.lines.tolist():
            assert isinstance(json.loads(held[line]), dict)
