"""Numbers told from words of text are what Python tells from them, or are not sure."""

import json
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.decimals import short, whole
from ingest.layout import MARGIN, Span

TEXTS = st.lists(st.from_regex(r"[0-9.+e-]{1,18}", fullmatch=True) | st.floats(0, 1e7).map(repr), min_size=1)


def span(texts: list[str]) -> Span:
    length = np.array([len(text) for text in texts])
    start = len(MARGIN) + np.cumsum([0, *length[:-1]])
    return Span(np.frombuffer(MARGIN + "".join(texts).encode() + MARGIN, np.uint8), start, length, False)


@given(TEXTS)
def test_a_short_decimal_number_is_told_exactly(texts):
    values, sure = short(span(texts))

    plain = [bool(re.fullmatch(r"(0|[1-9]\d*)(\.\d+)?", text)) and len(text) <= 8 for text in texts]
    assert sure.tolist() == plain
    assert [value for value, is_one in zip(values, plain, strict=True) if is_one] == [
        float(text) for text, is_one in zip(texts, plain, strict=True) if is_one
    ]


@given(TEXTS | st.lists(st.integers(0, 10**17).map(str), min_size=1))
def test_a_whole_number_is_told_exactly(texts):
    values, sure = whole(span(texts))

    plain = [bool(re.fullmatch(r"0|[1-9]\d*", text)) and len(text) <= 16 for text in texts]
    assert sure.tolist() == plain
    assert [value for value, is_one in zip(values.tolist(), plain, strict=True) if is_one] == [
        json.loads(text) for text, is_one in zip(texts, plain, strict=True) if is_one
    ]
