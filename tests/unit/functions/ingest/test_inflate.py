"""Packed files become their text, or are refused whole."""

import gzip
import io

import pytest
import zstandard

from ingest.inflate import BrokenFileError, _plain, blocks

TEXT = b"".join(b"line %d\n" % number for number in range(50_000))
PACKED = {"gzip": gzip.compress(TEXT), "zstd": zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)}


def unpacked(body: bytes) -> list[bytes]:
    return list(blocks(io.BytesIO(body)))


@pytest.mark.parametrize("body", [b"", TEXT, *PACKED.values()], ids=["nothing", "plain", *PACKED])
def test_every_byte_arrives(body):
    assert b"".join(unpacked(body)) == (TEXT if body else b"")


@pytest.mark.parametrize("form", PACKED)
def test_what_packs_well_comes_in_blocks_of_bounded_size(form):
    pieces = unpacked({"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}[form](b"x" * 20_000_000))

    assert sum(map(len, pieces)) == 20_000_000
    assert max(map(len, pieces)) <= 1 << 22


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


def test_a_small_file_of_much_is_unpacked_piece_by_piece():
    packing = zstandard.ZstdCompressor().compressobj()
    packed = b"".join(packing.compress(bytes(1 << 20)) for _ in range(200)) + packing.flush()

    pieces = [len(piece) for piece in _plain(io.BytesIO(packed))]

    assert len(packed) < 20_000
    assert sum(pieces) == 200 << 20
    assert max(pieces) <= 1 << 27


@pytest.mark.parametrize("form", PACKED)
def test_a_bomb_is_refused_before_it_has_gone_off(form):
    bomb = {"gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}[form](bytes(1 << 29))

    arrived: list[int] = []
    with pytest.raises(BrokenFileError, match=f"a bomb: this {form} unpacks to more than 500 times its size"):
        arrived.extend(map(len, blocks(io.BytesIO(bomb))))

    assert sum(arrived) <= 1 << 28
