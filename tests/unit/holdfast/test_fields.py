"""Fields keep their names whatever they are called, and a source says each of them once."""

import json

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import ConfigurationInvalid
from holdfast.fields import field_of, pointer, steps_of, without
from tests.doubles.logs import configured

STEPS = st.lists(
    st.text(st.sampled_from([".", "\\", "/", "~", '"', "'", "a", "é"]), max_size=4), min_size=1, max_size=4
)


@given(STEPS)
def test_a_field_is_named_by_its_steps_and_they_are_found_in_its_name(steps):
    assert steps_of(field_of(steps)) == tuple(steps)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 9))
def test_a_field_is_found_by_its_pointer_and_taken_out_with_nothing_else(steps, value):
    line: object = value
    for step in reversed(steps):
        line = {step: line, "other": 1} if step != "other" else {step: line}

    found, left = duckdb.execute(
        f"SELECT json_extract(raw, {pointer(field_of(steps))}), {without('raw', [field_of(steps)])} FROM (SELECT ?::JSON AS raw)",
        [json.dumps(line)],
    ).fetchall()[0]

    assert json.loads(found) == value
    assert json.loads(left)["other"] == 1
    inner = json.loads(left)
    for step in steps[:-1]:
        inner = inner[step]
    assert steps[-1] not in inner


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('columns = { kind = "x" }', "kind is a column of events already"),
        ('columns = { minutes = "x" }', "minutes is a column of events already"),
        ('columns = { more = "x" }', "more is a column of events already"),
        ('columns = { when = "at" }', "at is said twice"),
        ('columns = { os = "os" }\nignore = ["os"]', "os is said twice"),
        ('schema = "loose"', "'strict', 'evolve' or 'permissive'"),
    ],
)
def test_a_contradiction_is_told_with_its_key(more, told):
    with pytest.raises(ConfigurationInvalid, match=told):
        configured(more)
