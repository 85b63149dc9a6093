"""A text has the same hash wherever it lies."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from validate.hashes import hashed


@example(["", "\x01"], 0)
@example(["b", "a\0"], 0)
@given(st.lists(st.text(max_size=40)), st.integers(0, 3))
def test_a_text_has_the_same_hash_alone_and_among_others_and_another_text_has_another(texts, skipped):
    among = hashed(pa.array(texts, pa.string()).slice(skipped)).tolist()

    alone = [hashed(pa.array([text], pa.string()))[0] for text in texts[skipped:]]
    assert among == alone
    assert len(set(among)) == len(set(texts[skipped:]))
