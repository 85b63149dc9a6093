"""A field that nobody reads is never missed, and a clean chunk is told by its bytes alone."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.drift import Tally, fields

KNOWN = {"a", "b", "o", "o.c"}
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.sampled_from(['":', '":null', "null"])
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "x"]), SCALARS) | st.fixed_dictionaries(
    {"o": st.none() | st.fixed_dictionaries({"c": SCALARS})}, optional={"a": SCALARS, "y": SCALARS}
)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :"), (",", " : ")])


def tallied(text: bytes, *cuts: int) -> Tally:
    tally = Tally()
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    for start, end in pairwise(edges):
        tally.add(text[start:end])
    return tally


def count_of_known(values: list[dict]) -> int:
    flat = [{**value, **({"o.c": value["o"]["c"]} if value.get("o") else {})} for value in values]
    return sum(1 for value in flat for name in KNOWN if value.get(name) is not None)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(OBJECTS, STYLES, st.booleans()), min_size=1, max_size=6))
def test_a_chunk_with_an_unread_value_is_never_taken_for_clean(told):
    text = b"".join(json.dumps(v, separators=s, ensure_ascii=a).encode() + b"\n" for v, s, a in told)

    suspected = tallied(text).unread(text, count_of_known([value for value, _, _ in told]))

    assert suspected or not set(fields(text.splitlines())) - KNOWN


@pytest.mark.parametrize("style", [(",", ":"), (", ", ": ")])
def test_a_chunk_of_known_fields_and_nulls_is_clean(style):
    values = [{"a": 1, "b": None}, {"b": "x", "o": {"c": None}}, {"a": "1:2", "o": None}] * 5_000

    text = b"".join(json.dumps(value, separators=style).encode() + b"\n" for value in values)

    assert not tallied(text).unread(text, count_of_known(values))


def test_fields_are_counted_by_lines_down_to_objects_and_items():
    found = fields([b'{"a": 1, "o": {"c": [{"d": 1}, {"d": 2, "e": 3}]}}', b'{"a": null}', b"no json"])

    assert found == {"a": 1, "o": 1, "o.c": 1, "o.c[].d": 1, "o.c[].e": 1}


@given(st.lists(st.sampled_from([b'"', b":", b" ", b"n", b"u", b"l", b"\n", b"x"])), st.lists(st.integers(0, 99)))
def test_counts_do_not_depend_on_where_the_blocks_are_cut(told, cuts):
    text = b"".join(told)

    tally = tallied(text, *cuts)

    assert tally.lines == len(text.splitlines())
    assert tally.pairs == text.count(b'":') + text.count(b" :") + text.count(b"\n:")
    assert tally.nulls == text.count(b'":nu')
    assert tally.length == len(text)
