"""The quick way and the exact way of reading lines give the same rows, whatever the lines are."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.settings import EventsSource
from ingest import casts
from ingest.landing import open_rejects
from ingest.lines import Reader, Taken
from ingest.logs import Tables

SOURCE = EventsSource(
    kind="events",
    prefix="x/",
    fields={"customer": "who.id", "time": "at", "id": "id", "arrival": "got", "kind": "what", "module": "where"},
    measures={"minutes": "spent", "depth": "deep.er.x"},
)
GOOD = {"id": '"e1"', "who": '{"id":"u1"}', "at": '"2026-01-02T03:04:05Z"', "got": "1767323105000", "spent": "2.5"}
UNUSUAL = [
    *(
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "1.",
        ".5",
        "01",
        "+1",
        "1e",
        "1E5",
        "1e+05",
        "1e300",
        "1e400",
        "0.1000",
        "-0",
    ),
    *(
        "100000.0",
        "1e17",
        "123456789012345678901234567890",
        "tru",
        "null",
        "true",
        "[]",
        "{}",
        '["x",1]',
        '{"id":1}',
        "[1,]",
    ),
    *(
        '""',
        '"  "',
        '" a"',
        '"a "',
        r'"\u0000"',
        r'"\ud800"',
        r'"\t"',
        '"a\tb"',
        '"\x01"',
        '"é"',
        r'"a\"b"',
        r'"a\":1"',
    ),
    *(
        '"1e5"',
        '"1e+5"',
        '" 5 "',
        '"20260101"',
        '"2026-01-01"',
        '"yesterday"',
        '"infinity"',
        '"0001-01-01"',
        "1767225600",
    ),
]
LINES = [
    *(
        "",
        "  ",
        "not json",
        "[1]",
        "null",
        "1",
        '"s"',
        '{"a":1}{"b":2}',
        '{"a":1} {"id":2}',
        "{",
        "\ufeff{}",
        "// c",
        "\x00",
    ),
    *(
        ' {"who":{"id":1},"at":"2026-01-01"} ',
        '{"who":{"id":1},"at":"2026-01-01"}\r',
        '{"who":{"id":1},"at":"2026-01-01"},',
    ),
    *(
        '{"who":{"id":1},"who":{"id":2},"at":"2026-01-01"}',
        r'{"who":{"\u0069d":1},"at":"2026-01-01"}',
        '{"WHO":{"id":1}}',
    ),
]
NAMES = ["id", "who", "at", "got", "what", "where", "spent", "deep", "extra", "ID", r"i\u0064", "who ", "x.y", ""]


@st.composite
def told(draw: st.DrawFn) -> bytes:
    line = dict(GOOD)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
        value = draw(st.sampled_from(UNUSUAL) | st.floats(allow_nan=False, allow_infinity=False).map(repr))
        nested = draw(st.sampled_from(["%s", '{"id":%s}', '{"er":{"x":%s}}', '{"er":%s}', '[{"id":%s}]']))
        line[name] = nested % value
    for name in draw(st.sets(st.sampled_from([*GOOD]), max_size=1)):
        line.pop(name)
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" :", " ,")]))
    return ("{" + comma.join(f'"{name}"{colon}{value}' for name, value in line.items()) + "}").encode()


TEXTS = st.lists(told() | st.sampled_from(LINES).map(str.encode) | st.binary(max_size=9), min_size=1, max_size=4)


class Unhurried(Tables):
    """Nothing is read the quick way."""

    def quick(self, query: str, lines: int) -> Taken | None:
        return None


@pytest.fixture(scope="module")
def ways(tmp_path_factory) -> Iterator[list[tuple[duckdb.DuckDBPyConnection, Tables, Path]]]:
    made = []
    for way in (Tables, Unhurried):
        connection, folder = casts.connect(), tmp_path_factory.mktemp("way")
        open_rejects(connection)
        (folder / "empty").touch()
        made.append((connection, way(connection, SOURCE, str(folder / "empty")), folder))
    yield made
    for connection, _, _ in made:
        connection.close()


def read(way: tuple[duckdb.DuckDBPyConnection, Tables, Path], body: bytes) -> tuple[list, list, set[str]]:
    connection, tables, folder = way
    reader = Reader(SOURCE, tables, folder)
    reader.read([body], "file")
    rows = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({tables.rows(['file'])})").fetchall()
    rejects = connection.execute("SELECT * FROM rejects").fetchall()
    tables.take_back("file")
    return rows, rejects, set(reader.unmapped)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(TEXTS)
@example([b'{"who":{"id":1e300},"at":"2026-01-01"}'])
@example([b"\xef\xbb\xbf" + b'{"who":{"id":1},"at":"2026-01-01"}'])
def test_both_ways_give_the_same_rows_rejects_and_new_fields(ways, lines):
    body = b"\n".join(lines) or b"\n"

    quickly, exactly = (read(way, body) for way in ways)

    assert quickly == exactly


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(TEXTS, st.integers(1, 64))
def test_no_size_of_chunk_and_no_cut_of_blocks_changes_the_rows(ways, lines, size):
    body = b"\n".join(lines) or b"\n"
    connection, tables, folder = ways[0]

    Reader(SOURCE, tables, folder, chunk=size).read([body[at : at + 7] for at in range(0, len(body), 7)], "file")
    rows = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM ({tables.rows(['file'])})").fetchall()
    tables.take_back("file")

    assert rows == read(ways[1], body)[0]


def test_one_bad_line_among_many_leaves_the_quick_way_to_the_others(ways):
    good = b"".join(b'{"id":"e%d","who":{"id":"u"},"at":"2026-01-01"}\n' % number for number in range(9_000))
    body = good + b"not json\n" + good + b'{"who":{"id":" "},"at":"2026-01-01"}\n' + good

    (rows, rejects, _), exactly = (read(way, body) for way in ways)

    assert (rows, rejects) == exactly[:2]
    assert [json.loads(row)["line"] for _, row, _ in rejects] == [9_001, 18_002]


def test_a_field_that_nobody_mapped_is_named_whether_it_was_known_or_is_new(ways):
    _, tables, folder = ways[0]
    reader = Reader(SOURCE, tables, folder, known={"device", "device.os"})
    line = {"who": {"id": 1}, "at": "2026-01-01", "device": {"os": "ios"}}

    reader.read([(json.dumps(line) + "\n").encode() * 100], "file")
    before = dict(reader.unmapped)
    reader.read([(json.dumps(line | {"device": {"os": None, "memory": 8}}) + "\n").encode() * 100], "file")
    tables.take_back("file")

    assert before == {}
    assert dict(reader.unmapped) == {"device.memory": 100}
