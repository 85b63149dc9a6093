"""The search finds what is planted, however it is packed, cut off or written; and does not find what only looks like it."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from infra.cli.scan import Needles, within
from tests.doubles.catalog import folder_lake

HER = "k1_0123456789abcdef0123456789abcdef"
NEEDLES = Needles(frozenset({"ada@example.com", "u-000012", HER}), frozenset({"100045"}))
LINE = b'{"user_id": "u-000012"}\n'


def parquet(column: pa.Array, **more: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"value": column}), sink, **more)
    return sink.getvalue()


PLANTED = {
    "plain": LINE,
    "in another case": b"ADA@Example.com",
    "gzip": gzip.compress(LINE * 100),
    "gzip that breaks off": gzip.compress(LINE * 9000)[:-30],
    "zstd": zstandard.ZstdCompressor().compress(LINE * 100),
    "zstd in several frames": zstandard.ZstdCompressor().compress(b"x") + zstandard.ZstdCompressor().compress(LINE),
    "a value of Parquet": parquet(pa.array(["a", "u-000012"]), compression="zstd"),
    "a value inside a list": parquet(pa.array([[{"id": "u-000012"}]]), compression="zstd"),
    "JSON inside Parquet": parquet(pa.array([json.dumps({"mail": "ada@example.com"})]), compression="zstd"),
    "a record's id as a whole value": parquet(pa.array(["100045"]), compression="zstd"),
    "Parquet inside gzip": gzip.compress(parquet(pa.array(["u-000012"]), compression="zstd")),
    "characters as numbers": b'{"mail": "ada\\u0040example.com"}',
    "a record's id in JSON": b'{"ids": ["100045"]}',
    "a key of JSON": json.dumps({HER: 1}).encode(),
}
CLEAN = {
    "a longer id": b'{"user_id": "u-0000123"}',
    "a longer address": b"xada@example.com",
    "a number": b'{"rows": 1000451}',
    "an id inside another value": parquet(pa.array(["1000450"])),
}


@pytest.mark.parametrize("how", PLANTED)
def test_what_is_planted_is_found(how: str) -> None:
    assert within(PLANTED[how], NEEDLES)


@pytest.mark.parametrize("how", CLEAN)
def test_what_only_looks_like_it_is_not(how: str) -> None:
    assert not within(CLEAN[how], NEEDLES)


def test_a_bound_of_a_column_in_a_manifest_is_found_although_it_is_cut_off(tmp_path: Path) -> None:
    folder_lake(tmp_path).append("features", pa.table({"customer_id": [HER, "k1_f"]}))

    found = {path.suffix for path in tmp_path.rglob("*") if path.is_file() and within(path.read_bytes(), NEEDLES)}

    assert found == {".parquet", ".avro"}
