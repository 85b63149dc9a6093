"""All three ways of reading lines give the same rows, whatever the lines are."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.settings import EventsSource
from holdfast.sql import connect
from ingest import lines as lines_module
from ingest.columns import Parsed, Parser
from ingest.landing import open_rejects
from ingest.layout import MARGIN
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


def often(good: st.SearchStrategy[str], seldom: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 9).flatmap(lambda n: good if n else seldom)


NUMBERS = st.from_regex(r"(0|-?[1-9][0-9]{0,5})(\.[0-9]{1,3})?", fullmatch=True)
ODD_NUMBERS = st.from_regex(r"-?[0-9]{1,19}(\.[0-9]{0,18})?", fullmatch=True) | st.floats(allow_nan=False).map(repr)
WORDS = st.from_regex(r"[a-zé🦊\-{}:,\[\]][a-z }:,]{0,18}[a-z]", fullmatch=True)
ODD_WORDS = st.text(st.characters(exclude_characters='"\\\n', exclude_categories=["Cs"]), max_size=4)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)).map(lambda moment: moment.isoformat())
ODD_MOMENTS = st.from_regex(
    r"(19|20|22)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,9})?([Zz ]|\+[01][0-9]:[0-9]{2}|-07)?",
    fullmatch=True,
)
BARE = often(
    NUMBERS, st.sampled_from(["null", "true", "false", "nul", "1767225600", "17672256001", "1767225600123456"])
)
FORMS = {
    "id": often(WORDS | NUMBERS, ODD_WORDS).map('"{}"'.format),
    "who": often(WORDS, ODD_WORDS).map('{{"id":"{}"}}'.format),
    "at": often(MOMENTS.map("{}Z".format), ODD_MOMENTS).map('"{}"'.format),
    "got": often(st.integers(10**12, 10**13 - 1).map(str), BARE | ODD_NUMBERS),
    "what": often(BARE, WORDS.map('"{}"'.format)),
    "spent": often(NUMBERS, ODD_NUMBERS | ODD_NUMBERS.map('"{}"'.format)),
    "extra": often(BARE, ODD_NUMBERS),
}


@st.composite
def varied(draw: st.DrawFn) -> bytes:
    """A line of a common form, whose values are seldom not what they should be."""
    return ("{" + ",".join(f'"{name}":{draw(value)}' for name, value in FORMS.items()) + "}").encode()


class Unhurried(Tables):
    """Nothing is read the quick way."""

    def quick(self, query: str, lines: int) -> Taken | None:
        return None


class Blind(Parser):
    """No layout is recognised."""

    def parse(self, chunk: bytes) -> Parsed:
        return super().parse(MARGIN + MARGIN)._replace(total=chunk.count(b"\n"))


@dataclass
class Way:
    """One of the ways of reading, made the only one as far as it can be."""

    connection: duckdb.DuckDBPyConnection
    tables: Tables
    folder: Path
    parser: type[Parser]

    def reader(self, **options) -> Reader:
        reader = Reader(SOURCE, self.tables, self.folder, **options)
        reader.parser = self.parser(SOURCE)
        return reader

    def told(self, body: bytes) -> tuple[list, list, set[str]]:
        reader = self.reader()
        reader.read([body], "file")
        rows, rejects = self.rows()
        return rows, rejects, set(reader.unmapped)

    def rows(self) -> tuple[list, list]:
        query = f"SELECT COLUMNS(*)::VARCHAR FROM ({self.tables.rows(['file'])}) ORDER BY line::BIGINT"
        rows = self.connection.execute(query).fetchall()
        rejects = self.connection.execute("SELECT * FROM rejects ORDER BY ALL").fetchall()
        self.tables.take_back("file")
        return rows, rejects


@pytest.fixture(scope="module")
def ways(tmp_path_factory) -> Iterator[list[Way]]:
    made = []
    for tables, parser in ((Tables, Parser), (Tables, Blind), (Unhurried, Blind)):
        connection, folder = connect(), tmp_path_factory.mktemp("way")
        open_rejects(connection)
        (folder / "empty").touch()
        made.append(Way(connection, tables(connection, SOURCE, str(folder / "empty")), folder, parser))
    yield made
    for way in made:
        way.connection.close()


@pytest.fixture
def every_plain_line_at_once(monkeypatch) -> None:
    monkeypatch.setattr(lines_module, "FEW", 1)


UNHURRIED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=80, deadline=None, suppress_health_check=UNHURRIED)
@given(TEXTS)
@example([b"{}"])
@example([b'{"who":{}}', b'{"who":{"id":1},"at":"2026-01-01"}'])
@example([b'{"who":{"id":1e300},"at":"2026-01-01"}'])
@example([b"\xef\xbb\xbf" + b'{"who":{"id":1},"at":"2026-01-01"}'])
def test_all_ways_give_the_same_rows_rejects_and_new_fields(ways, every_plain_line_at_once, lines):
    body = b"\n".join(lines) or b"\n"

    at_once, quickly, exactly = (way.told(body) for way in ways)

    assert at_once == exactly
    assert quickly == exactly


@settings(max_examples=80, deadline=None, suppress_health_check=UNHURRIED)
@given(st.lists(varied(), min_size=1, max_size=5))
@example(
    [
        b'{"id":"0","who":{"id":"\xc2\xa0"},"at":"2000-01-01T00:00:00Z","got":1000000000000,"what":":a","spent":0.0,"extra":0}'
    ]
)
def test_a_plain_value_is_read_as_every_reader_reads_it(ways, every_plain_line_at_once, lines):
    body = b"\n".join(lines)

    at_once, exactly = ways[0].told(body), ways[2].told(body)

    assert at_once == exactly


@settings(max_examples=30, deadline=None, suppress_health_check=UNHURRIED)
@given(TEXTS, st.integers(1, 64))
def test_no_size_of_chunk_and_no_cut_of_blocks_changes_the_rows(ways, lines, size):
    body = b"\n".join(lines) or b"\n"

    ways[0].reader(chunk=size).read([body[at : at + 7] for at in range(0, len(body), 7)], "file")

    assert ways[0].rows() == ways[2].told(body)[:2]


def test_one_bad_line_among_many_leaves_the_quick_way_to_the_others(ways):
    good = b"".join(b'{"id":"e%d","who":{"id":"u"},"at":"2026-01-01"}\n' % number for number in range(9_000))
    body = good + b"not json\n" + good + b'{"who":{"id":" "},"at":"2026-01-01"}\n' + good

    (rows, rejects, _), *others = (way.told(body) for way in ways)

    assert all(told[:2] == (rows, rejects) for told in others)
    assert sorted(json.loads(row)["line"] for _, row, _ in rejects) == [9_001, 18_002]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_field_that_nobody_mapped_is_named_whether_it_was_known_or_is_new(ways, which):
    way = ways[which]
    reader = way.reader(known={"device", "device.os"})
    line = {"who": {"id": 1}, "at": "2026-01-01", "device": {"os": "ios"}}

    reader.read([(json.dumps(line) + "\n").encode() * 100], "file")
    before = dict(reader.unmapped)
    reader.read([(json.dumps(line | {"device": {"os": None, "memory": 8}}) + "\n").encode() * 100], "file")
    way.tables.take_back("file")

    assert before == {}
    assert dict(reader.unmapped) == {"device.memory": 100}
