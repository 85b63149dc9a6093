"""Chunks of whole lines out of a stored file, whatever it is packed with: gzip, Zstandard or nothing."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import zstandard

try:
    from isal import isal_zlib as zlib  # the same to call, and twice as quick
except ImportError:
    import zlib

CHUNK = 16 << 20
"""Bytes of text in a chunk: few enough for any memory, enough that starting a query on it costs nothing to speak of."""
_BLOCK = 1 << 16


class BrokenFileError(Exception):
    """A file that cannot be unpacked to its end."""


class _Format(NamedTuple):
    name: str
    start: Callable[[], Any]
    padding: bytes
    """What may stand between two members and after the last."""


_FORMATS = {
    b"\x1f\x8b": _Format("gzip", lambda: zlib.decompressobj(31), b"\0"),
    b"\x28\xb5\x2f\xfd": _Format("zstd", lambda: zstandard.ZstdDecompressor().decompressobj(), b""),
}


def chunks(source: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """Text in pieces of about `size` bytes that end where a line ends; a longer line stays whole.

    Raises:
        BrokenFileError: after the last good piece, so that the caller has to take back what it made of the others.
    """
    held: list[bytes] = []
    length = 0
    for block in _cut(_plain(source), size):
        held.append(block)
        length += len(block)
        if length >= size and (end := block.rfind(b"\n") + 1):
            held[-1] = block[:end]
            yield b"".join(held)
            held = [block[end:]]
            length = len(block) - end
    if length:
        yield b"".join(held)


def _plain(source: BinaryIO) -> Iterator[bytes]:
    first = source.read(_BLOCK)
    blocks = chain([first], iter(lambda: source.read(_BLOCK), b""))
    packed = next((form for magic, form in _FORMATS.items() if first.startswith(magic)), None)
    return _unpacked(blocks, packed) if packed else blocks


def _cut(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same in blocks no larger than `size`: what packs well unpacks to much at once."""
    for block in blocks:
        yield from (block[start : start + size] for start in range(0, len(block), size))


def _unpacked(blocks: Iterator[bytes], packed: _Format) -> Iterator[bytes]:
    member = packed.start()
    try:
        for block in blocks:
            rest = block
            while rest:
                if member.eof:
                    rest = rest.lstrip(packed.padding) if packed.padding else rest
                    if not rest:
                        break
                    member = packed.start()
                yield member.decompress(rest)
                rest = member.unused_data if member.eof else b""
    except (zlib.error, zstandard.ZstdError) as error:
        raise BrokenFileError(f"truncated or damaged {packed.name}: {error}") from error
    if not member.eof:
        raise BrokenFileError(f"truncated or damaged {packed.name}: it ends before its end is marked")
