"""Lines are told apart by their layout, and what might mislead is in none."""

import pytest

from ingest.layout import MARGIN, Layout
from ingest.layouts import Layouts


def told(layouts: Layouts, *lines: str) -> tuple[list[list[list[bytes]]], int]:
    """The values of each group, line by line."""
    text = MARGIN + b"".join(line.encode() + b"\n" for line in lines) + MARGIN
    groups, count = layouts.groups(text)
    said = []
    for group in groups:
        bounds = [list(zip(span.start, span.start + span.length, strict=True)) for span in group.spans]
        said.append([[text[start:end] for start, end in line] for line in zip(*bounds, strict=True)])
    return said, count


def test_lines_of_one_layout_are_one_group_whatever_their_values():
    lines = ['{"a":"x","b":1,"c":{"d":null}}', '{"a":"","b":2.5,"c":{"d":true}}', '{"a":"}{:,","b":-3,"c":{"d":0}}']

    groups, count = told(Layouts(), *lines)

    assert groups == [[[b"x", b"1", b"null"], [b"", b"2.5", b"true"], [b"}{:,", b"-3", b"0"]]]
    assert count == 3


def test_lines_of_other_layouts_are_groups_of_their_own_and_known_from_then_on():
    layouts = Layouts()
    lines = ['{"a":"x"}', '{"b":"x"}', '{"a":"y"}', '{"a": "z"}', '{"a":"x","b":["y","z"]}']

    first, _ = told(layouts, *lines)
    again, count = told(layouts, *lines)

    expected = [[[b"x"]], [[b"x"], [b"y"]], [[b"x", b"y", b"z"]], [[b"z"]]]
    assert sorted(first) == sorted(again) == sorted(expected)
    assert count == 5


@pytest.mark.parametrize(
    "odd",
    [
        '{"a":"\\"x"}',
        '{"a":"\t"}',
        '{"a":"x"}\r',
        '{"a":"x"',
        '{"a":"x"} {"a":"x"}',
        '{"a":"x","a":"x"}',
        '["a","x"]',
        '{"a":[1,2]}',
        "",
        '\ufeff{"a":"x"}',
    ],
)
def test_a_line_that_might_mislead_is_in_no_group_and_takes_no_other_with_it(odd):
    groups, count = told(Layouts(), '{"a":"x"}', odd, '{"a":"y"}')

    assert groups == [[[b"x"], [b"y"]]]
    assert count == 3


@pytest.mark.parametrize("odd", ['{"a\\"":{"b":1}}', '{"a":"\\\\"}', "[]", ""])
def test_a_chunk_may_begin_with_such_a_line(odd):
    groups, count = told(Layouts(), odd, '{"a":"x"}')

    assert groups == [[[b"x"]]]
    assert count == 2


def test_what_is_no_utf_8_is_in_no_group():
    text = MARGIN + b'{"a":"x"}\n{"a":"\xff"}\n' + '{"a":"é"}\n'.encode() + MARGIN

    groups, _ = Layouts().groups(text)

    # Which of the lines beyond ASCII is broken is for the other ways to find out.
    assert [group.lines.tolist() for group in groups] == [[0]]


def test_a_layout_knows_the_path_of_each_value():
    layout = Layout.of(b'{"a":{"b":1,"c":["x",{"d":"y"}]},"e":{}}\n')

    assert layout is not None
    assert layout.holes == [
        (("a", "b"), False), (("a", "c", None), True), (("a", "c", None, "d"), True)
    ]  # fmt: skip
    assert layout.containers == [(), ("a",), ("a", "c"), ("a", "c", None), ("e",)]
