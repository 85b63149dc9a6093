"""What a table of rows holds, as one short text."""

import hashlib
import io
from typing import Any

import pyarrow as pa

_HASHED_ROWS = 100_000


def content_digest(rows: pa.Table) -> str:
    """SHA-256 over schema and values, in row order, whatever the chunking."""
    sha = _Hashed()
    with pa.ipc.new_stream(pa.PythonFile(sha, "w"), rows.schema) as writer:
        for start in range(0, max(len(rows), 1), _HASHED_ROWS):
            some = rows.slice(start, _HASHED_ROWS)
            # Taken one by one, since a slice of lists is written with the places that it has in the whole.
            writer.write_table(some.take(pa.array(range(len(some)), pa.int64())).combine_chunks())
    return sha.hash.hexdigest()


class _Hashed(io.RawIOBase):
    """A file that keeps nothing but the digest of what is written: a copy of the largest tables would not fit a function's memory."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)
