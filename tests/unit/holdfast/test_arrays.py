"""Arrow's arrays and numpy's are the same values."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from holdfast.arrays import arrow, arrow_texts, arrow_where, numbers, numbers_or


@given(st.lists(st.none() | st.integers(-(2**31), 2**31 - 1)), st.integers(0, 9))
def test_numbers_go_there_and_back_with_what_is_missing_and_from_anywhere_in_an_array(values, skipped):
    there = np.array([value is not None for value in values], bool)
    array = arrow_where(there, np.array([value or 0 for value in values], np.int32), pa.int32())

    assert array.to_pylist() == values
    kept = values[skipped:]
    assert numbers_or(7, array.slice(skipped), np.int32).tolist() == [7 if value is None else value for value in kept]


@given(st.lists(st.booleans()), st.lists(st.text()))
def test_flags_and_texts_are_what_they_were(flags, texts):
    assert arrow(np.array(flags, bool)).to_pylist() == flags
    assert arrow_texts(texts).to_pylist() == texts


def test_chunks_are_brought_together_and_a_type_is_taken_on():
    chunks = pa.chunked_array([arrow(np.array([1, 2])), arrow(np.array([3]))])

    assert numbers(chunks, np.int64).tolist() == [1, 2, 3]
    assert arrow(np.array([0]), pa.timestamp("us", tz="UTC")).to_pylist()[0].year == 1970
