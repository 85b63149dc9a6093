"""Numbers out of text by arithmetic on words of eight characters, for all values at once.

A word holds a value's last characters, the first of them in its lowest byte (as a machine of our day loads it).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.layout import Flags, Longs, Span

Words = npt.NDArray[np.uint64]


def _each(octet: int) -> Any:
    """A word of which every byte is the same."""
    return np.uint64(0x0101010101010101 * octet)


_ZEROS, _POINTS, _ONES, _HIGH = _each(ord("0")), _each(ord(".")), _each(1), _each(0x80)
_OVER_NINE = _each(0x80 - 10)
_ONE, _SEVEN, _OCTET, _TWO, _FOUR, _ALL = (np.uint64(bits) for bits in (1, 7, 8, 16, 32, 255))
_PAIRS, _FOURS, _EIGHT = (np.uint64(mask) for mask in (0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0xFFFFFFFF))
_TEN, _HUNDRED, _TEN_THOUSAND = (np.uint64(power) for power in (10, 100, 10_000))
_FIRST = np.array([(1 << 8 * octets) - 1 for octets in range(9)], np.uint64)
"""Words of which the first so many bytes are set."""
_POWERS = 10.0 ** np.arange(9)
_EIGHT_DIGITS = 10**8


def short(span: Span) -> tuple[npt.NDArray[np.float64], Flags]:
    """Decimal numbers of up to eight characters without a sign, and whether they are."""
    words = _last(span, 0)
    points = words ^ _POINTS
    points = (points - _ONES) & ~points & _HIGH
    # The lowest bit is true: a borrow can only make false ones above it. A second point will be no digit.
    point = (points & (~points + _ONE)) >> _SEVEN
    has = point != 0
    before = np.where(has, point - _ONE, np.uint64(0))
    behind = ~(before | point * _ALL)
    # What is before the point moves into its place.
    digits, sure = _number(words & behind | (before & words) << _OCTET | has * np.uint64(ord("0")))
    places = np.where(has, np.bitwise_count(behind) >> 3, 0)
    ahead = span.length - places - has
    sure &= (span.length <= 8) & (ahead > 0) & ~(has & (places == 0)) & _plain(span, ahead)
    return digits / _POWERS[places], sure


def whole(span: Span) -> tuple[Longs, Flags]:
    """Whole numbers of up to 16 digits without a sign, and whether they are."""
    values, sure = _number(_last(span, 0))
    if (span.length > 8).any():
        high, sure_too = _number(_last(span, 8))
        values, sure = values + high * np.uint64(_EIGHT_DIGITS), sure & sure_too
    return values.astype(np.int64), sure & (span.length > 0) & (span.length <= 16) & _plain(span, span.length)


def _plain(span: Span, ahead: Any) -> Flags:
    """Whether the first of so many digits may be the first."""
    plain: Flags = (ahead == 1) | (span.text[span.start] != ord("0"))
    return plain


def _last(span: Span, behind: int) -> Words:
    """The last eight characters of each value but those `behind` them, and zeros where it has fewer."""
    words = span.words(8, 8 + behind).view(np.uint64)
    missing = _FIRST[np.clip(8 + behind - span.length, 0, 8)]
    filled: Words = words & ~missing | _ZEROS & missing
    return filled


def _number(words: Words) -> tuple[Words, Flags]:
    """What eight digits say, and whether they are digits: neighbours are put together, then pairs of them, then fours."""
    digits = words - _ZEROS
    sure: Flags = ((digits | digits + _OVER_NINE) & _HIGH) == 0
    pairs = digits * _TEN + (digits >> _OCTET) & _PAIRS
    fours = pairs * _HUNDRED + (pairs >> _TWO) & _FOURS
    return fours * _TEN_THOUSAND + (fours >> _FOUR) & _EIGHT, sure
