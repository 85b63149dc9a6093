"""Packed files become chunks of whole lines, or are refused whole."""

import gzip
import io

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.inflate import BrokenFileError, chunks

TEXT = b"".join(b"line %d\n" % number for number in range(50_000))
PACKED = {"gzip": gzip.compress(TEXT), "zstd": zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)}


def unpacked(body: bytes, size: int = 1 << 16) -> list[bytes]:
    return list(chunks(io.BytesIO(body), size))


@pytest.mark.parametrize("body", [TEXT, *PACKED.values()], ids=["plain", *PACKED])
def test_every_byte_arrives_in_chunks_that_end_where_a_line_ends(body):
    pieces = unpacked(body)

    assert b"".join(pieces) == TEXT
    assert len(pieces) > 1
    assert all(piece.endswith(b"\n") for piece in pieces)


@pytest.mark.parametrize("form", PACKED)
def test_members_that_were_put_one_after_the_other_are_one_text(form):
    pieces = unpacked(PACKED[form] + PACKED[form])

    assert b"".join(pieces) == TEXT + TEXT


def test_padding_behind_a_gzip_is_nothing():
    assert b"".join(unpacked(PACKED["gzip"] + b"\0" * 512)) == TEXT


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("harm", ["cut", "changed", "rubbish behind"])
def test_a_damaged_file_is_told(form, harm):
    body = PACKED[form]
    middle = len(body) // 2
    broken = {
        "cut": body[:-5],
        "changed": body[:middle] + bytes([body[middle] ^ 0x55]) + body[middle + 1 :],
        "rubbish behind": body + b"rubbish",
    }[harm]

    with pytest.raises(BrokenFileError, match=f"truncated or damaged {form}"):
        unpacked(broken)


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 64))
def test_no_size_of_chunk_cuts_a_line(lines, size):
    body = b"x" + b"\n".join(lines)

    pieces = unpacked(body, size)

    assert b"".join(pieces) == body
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
