"""Regular expressions match what Python matches."""

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validate.patterns import UnsupportedError, translated

PATTERNS = [r"^\w+$", r"\d", r"\s", r"^[\w\.-]+@[\w\.-]+\.\w{2,}$", r"^\S*$", r"[^\d\s]", r"\D$", r"^.{,3}$", r"(?i)É", r"(?m)^a$", r"[]x]", r"[^]x]",
            r"[\S]", r"^\W$", r"a\Z", r"[a[b]", r"\$", r"[$]"]  # fmt: skip
TEXTS = st.text(st.sampled_from(list("aéZ9_ \n\t\u00a0\u2003١½日@.-$[]x\x1c\u2028")), max_size=6)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_in_any_text_what_python_finds(pattern):
    sql = translated(pattern)

    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(st.lists(TEXTS, min_size=1, max_size=20))
    def same(texts):
        found = duckdb.execute("SELECT list_transform(?, lambda t: regexp_matches(t, ?))", [texts, sql]).fetchall()[0][
            0
        ]
        assert found == [bool(re.search(pattern, text)) for text in texts], texts

    same()


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?<=a)b", r"[\W]", 4])
def test_what_cannot_be_matched_is_refused(pattern):
    with pytest.raises(UnsupportedError):
        translated(pattern)
