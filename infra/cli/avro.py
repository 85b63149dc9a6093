"""Avro files as bytes: blocks unpacked, values left where they stand."""

import io
import zlib


def inflated(body: bytes) -> bytes:
    """The blocks of an Avro file, unpacked (Avro 1.11, Object Container Files): a header that ends with a mark of 16 bytes, then
    count, size, data and the mark, time and again."""
    source = io.BytesIO(body)
    source.seek(4)
    codec = _codec(source)
    source.read(16)
    held = bytearray()
    while source.tell() < len(body):
        _long(source)
        block = source.read(_long(source))
        source.read(16)
        held += zlib.decompress(block, -15) if codec == b"deflate" else block
    return bytes(held)


def _codec(source: io.BytesIO) -> bytes:
    found = b""
    while count := _long(source):
        if count < 0:
            _long(source)
        for _ in range(abs(count)):
            name, value = source.read(_long(source)), source.read(_long(source))
            found = value if name == b"avro.codec" else found
    return found


def _long(source: io.BytesIO) -> int:
    """A number as Avro writes it: zigzag, seven bits a byte."""
    number = shift = 0
    while True:
        (byte,) = source.read(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
