"""Values of lines, taken out of the text as whole columns, by rules so plain that no other reader could see them otherwise.

A rule says of each value whether it is sure; where it is not, the line is left to the other ways of reading.
"""

import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.arrays import arrow, numbers
from ingest.decimals import short, whole
from ingest.layout import Flags, Longs, Octets, Span

_BLANK = ord(" ")
_BEGINS, _ENDS = np.arange(256) > _BLANK, np.arange(256) != _BLANK
_BEGINS[[0xC2, 0xE1, 0xE2, 0xE3]] = False
_ENDS[[*range(0x80, 0x8B), 0x9F, 0xA0, 0xA8, 0xA9, 0xAF]] = False
"""Bytes that a text may begin and end with here: no blank, nor what a blank of Unicode (no-break, em, ideographic …) begins or ends with in
UTF-8. Those are trimmed elsewhere."""
_LONG_NUMBER = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?$"
_MINUS_NOTHING = r"^-[0.]+$"
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))?")
_FIRST, _LAST = 1970, 2199
_MONTHS = np.arange(f"{_FIRST}-01", f"{_LAST + 1}-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)
"""Days since 1970 at which each month begins."""
_SECOND, _MINUTE, _DAY = 1_000_000, 60_000_000, 86_400_000_000
_UNITS = {10: _SECOND, 13: 1_000, 16: 1}
"""Microseconds of a Unix time's last digit, by how many it has: from 2001 to 2286."""
_MOST_SHAPES = 4
_ZERO, _NINE = ord("0"), ord("9")


class Column(NamedTuple):
    """Values, which of them are there (and not null), and of which we are sure."""

    values: Any
    there: Flags
    sure: Flags


def texts(span: Span) -> pa.Array:
    """The values as they stand in the text."""
    count, width = len(span.start), int(span.length[0]) if len(span.length) else 0
    if width and (span.length == width).all():
        bounds = np.arange(0, (count + 1) * width, width, dtype=np.int32)
        return pa.StringArray.from_buffers(count, pa.py_buffer(bounds), pa.py_buffer(span.words(width)))
    bounds = np.empty(2 * count, np.int32)
    bounds[0::2] = span.start
    bounds[1::2] = span.start + span.length
    # The text is cut into values and what is between them, in place; every second piece is copied.
    pieces = pa.StringArray.from_buffers(max(0, len(bounds) - 1), pa.py_buffer(bounds), pa.py_buffer(span.text))
    return pieces.take(arrow(np.arange(0, len(bounds), 2, dtype=np.int32)))


def text(span: Span) -> Column:
    """Texts that neither start nor end in a blank; whole numbers as they are written."""
    there = _there(span)
    if span.quoted:
        last = span.start + span.length - 1
        sure = (span.length > 0) & (_BEGINS[span.text[span.start]] & _ENDS[span.text[last]])
    else:
        sure = whole(span)[1] | ~there
    return Column(texts(span), there, sure)


def number(span: Span) -> Column:
    """Decimal numbers, quoted or not."""
    there = _there(span)
    values, sure = short(span)
    rows = np.flatnonzero(there & ~sure)
    if len(rows):
        said = texts(span.at(rows))
        good = pc.and_not(pc.match_substring_regex(said, _LONG_NUMBER), pc.match_substring_regex(said, _MINUS_NOTHING))
        values[rows] = numbers(pc.if_else(good, said, "0").cast(pa.float64()), np.float64)
        sure[rows] = numbers(good.cast(pa.uint8()), np.bool_)
    return Column(values, there, sure | ~there)


def moment(span: Span) -> Column:
    """Microseconds since 1970: ISO 8601 to the second or finer, or Unix time in seconds, milli- or microseconds."""
    there = _there(span)
    values, sure = _iso(span) if span.quoted else _unix(span)
    return Column(values, there, sure | ~there)


def other(span: Span) -> Column:
    """What nobody reads: only whether it is there, and JSON."""
    if span.quoted:
        return Column(None, _there(span), _there(span))
    column = number(span)
    return column._replace(values=None, sure=column.sure | _reads(span, b"true") | _reads(span, b"false"))


def _there(span: Span) -> Flags:
    return np.ones(len(span.start), bool) if span.quoted else ~_reads(span, b"null")


def _reads(span: Span, word: bytes) -> Flags:
    same: Flags = (span.length == len(word)) & (span.words(len(word)).view(f"S{len(word)}") == word)
    return same


def _unix(span: Span) -> tuple[Longs, Flags]:
    values, sure = whole(span)
    units = np.zeros(max(_UNITS) + 2, np.int64)
    units[list(_UNITS)] = list(_UNITS.values())
    unit = units[np.clip(span.length, 0, len(units) - 1)]
    return values * unit, sure & (unit > 0)


def _iso(span: Span) -> tuple[Longs, Flags]:
    """Times by their shapes, of which a chunk has few: the first that is left says one."""
    values, sure = np.zeros(len(span.start), np.int64), np.zeros(len(span.start), bool)
    left = np.arange(len(values))
    for _ in range(_MOST_SHAPES):
        if not len(left):
            break
        alike = left[span.length[left] == span.length[left[0]]]
        values[alike], sure[alike] = _shaped(span if len(alike) == len(values) else span.at(alike))
        left = left[1:][~sure[left[1:]]]
    return values, sure


def _shaped(span: Span) -> tuple[Longs, Flags]:
    """Times of the first one's length, as far as they differ from it in digits only, and have the same zone."""
    count, length = len(span.start), int(span.length[0])
    first = span.at(slice(0, 1)).words(length).tobytes() if length else b""
    told = _MOMENT.fullmatch(first)
    if not told:
        return np.zeros(count, np.int64), np.zeros(count, bool)
    octets = np.ascontiguousarray(span.words(length).view(np.uint8).reshape(count, length).T)
    digits = octets - np.uint8(_ZERO)
    vary = [at for at in range(told.end(1) if told[1] else 19) if first[at] in b"0123456789"]
    fixed = [at for at in range(length) if at not in vary]
    sure = (digits[vary] <= 9).all(0) & (octets[fixed] == np.frombuffer(first, np.uint8)[fixed, None]).all(0)
    days, sure_days = _days(digits)
    hour, minute, second = (digits[at] * np.uint8(10) + digits[at + 1] for at in (11, 14, 17))
    sure &= sure_days & (hour < 24) & (minute < 60) & (second < 60)
    clock = hour.astype(np.int64) * 3600 + minute * np.int64(60) + second
    values = days * _DAY + clock * _SECOND - _offset(told)
    for at in range(20, told.end(1) if told[1] else 0):
        values += digits[at] * np.int64(10 ** (25 - at))
    return values, sure


def _offset(told: "re.Match[bytes]") -> int:
    """Microseconds by which a time's zone is ahead of UTC."""
    if not told[2]:
        return 0
    return int(told[2] + b"1") * (int(told[3]) * 60 + int(told[4])) * _MINUTE


def _days(digits: Octets) -> tuple[Longs, Flags]:
    """Days since 1970 of dates, given as eight rows of digits (and two of what is between)."""
    pair = [digits[at] * np.uint8(10) + digits[at + 1] for at in (0, 2, 5, 8)]
    year, month, day = pair[0] * np.int32(100) + pair[1], pair[2], pair[3]
    sure = (year >= _FIRST) & (year <= _LAST) & (month >= 1) & (month <= 12) & (day >= 1)
    place = np.where(sure, (year - _FIRST) * 12 + month - 1, 0)
    begins = _MONTHS[place]
    return begins + day - 1, sure & (day <= _MONTHS[place + 1] - begins)
