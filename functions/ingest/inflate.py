"""The text of a stored file, whatever it is packed with: gzip, Zstandard or nothing."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import zstandard
from isal import isal_zlib  # as zlib to call, and twice as quick

_BLOCK = 1 << 18
_MOST = 1 << 22
_LARGE, _RATIO = 1 << 28, 500
"""Bytes up to which anything is unpacked, and how many times its size a file may be beyond: logs are at most a hundred times."""


class BrokenFileError(Exception):
    """A file that cannot be unpacked to its end."""


class _Format(NamedTuple):
    name: str
    start: Callable[[], Any]
    padding: bytes
    """What may stand between two members and after the last."""
    piece: int
    """Bytes that are unpacked at once: of what packs best, no more than some dozen megabytes come of them."""


_FORMATS = {
    b"\x1f\x8b": _Format("gzip", lambda: isal_zlib.decompressobj(31), b"\0", 1 << 16),
    b"\x28\xb5\x2f\xfd": _Format("zstd", lambda: zstandard.ZstdDecompressor().decompressobj(), b"", 1 << 12),
}


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """The text of a file in blocks of at most some megabytes, cut anywhere.

    Raises:
        BrokenFileError: after the last good block, so that the caller has to take back what it made of the others.
    """
    for block in _plain(source):
        # What packs well unpacks to much at once.
        yield from (block[start : start + _MOST] for start in range(0, len(block), _MOST))


def _plain(source: BinaryIO) -> Iterator[bytes]:
    first = source.read(_BLOCK)
    stored = chain([first] if first else [], iter(lambda: source.read(_BLOCK), b""))
    packed = next((form for magic, form in _FORMATS.items() if first.startswith(magic)), None)
    return _unpacked(stored, packed) if packed else stored


def _pieces(stored: Iterator[bytes], size: int) -> Iterator[bytes]:
    for block in stored:
        yield from (block[start : start + size] for start in range(0, len(block), size))


def _unpacked(stored: Iterator[bytes], packed: _Format) -> Iterator[bytes]:
    member, taken, given = packed.start(), 0, 0
    try:
        for rest in _pieces(stored, packed.piece):
            taken += len(rest)
            while rest:
                if member.eof:
                    rest = rest.lstrip(packed.padding) if packed.padding else rest
                    if not rest:
                        break
                    member = packed.start()
                text = member.decompress(rest)
                given += len(text)
                if given > max(_LARGE, _RATIO * taken):
                    raise BrokenFileError(f"a bomb: this {packed.name} unpacks to more than {_RATIO} times its size")
                yield text
                rest = member.unused_data if member.eof else b""
    except (isal_zlib.error, zstandard.ZstdError) as error:  # type: ignore[misc]  # their stub calls the class an instance
        raise BrokenFileError(f"truncated or damaged {packed.name}: {error}") from error
    if not member.eof:
        raise BrokenFileError(f"truncated or damaged {packed.name}: it ends before its end is marked")
