"""64-bit hashes of texts, eight bytes at a time, for whole columns."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]

_WORD = 8
_ODD, _HALF, _OCTET = np.uint64(0x9E3779B97F4A7C15), np.uint64(32), np.uint64(3)
_FIRST = np.array([(1 << 8 * octets) - 1 for octets in range(_WORD + 1)], np.uint64)
"""Words of which the first so many bytes are set."""


def hashed(texts: pa.StringArray) -> Words:
    """A hash of each text, the same wherever the text is; null is as nothing."""
    bounds = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    start, length = bounds[:-1], np.diff(bounds)
    made = _mixed(length.astype(np.uint64) + _ODD)  # a length as it is could be undone by a first byte as small
    for at in range(0, int(length.max(initial=0)), _WORD):
        longer = slice(None) if (length > at).all() else np.flatnonzero(length > at)
        word = _words(texts.buffers()[2], start[longer] + at)
        made[longer] = _mixed(made[longer] ^ word & _FIRST[np.minimum(length[longer] - at, _WORD)])
    return made


def _words(text: pa.Buffer, place: npt.NDArray[np.int64]) -> Words:
    """The eight bytes from each place on, the places in order; zeros for what lies behind the end of the text."""
    if len(text) < _WORD:
        text = pa.py_buffer(text.to_pybytes().ljust(_WORD, b"\0"))
    last = len(text) - _WORD
    words: Words = np.ndarray((last + 1,), np.uint64, text, strides=(1,))
    if place[-1] <= last:
        return words[place]
    near = np.minimum(place, last)
    return words[near] >> ((place - near).astype(np.uint64) << _OCTET)


def _mixed(words: Words) -> Words:
    words = words * _ODD
    return words ^ (words >> _HALF)
