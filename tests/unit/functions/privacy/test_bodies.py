"""Objects of every kind lose the person and keep everybody else, byte for byte where they can."""

import gzip
import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from privacy import bodies
from privacy.bodies import Reading
from privacy.sought import Sought
from privacy.whose import ANYBODYS, whose
from tests.doubles.erasure import RING, SETTINGS

ADA = "ada@example.com"
LOGS = Reading(ANYBODYS, "user_id")
HERS = b'{"user_id":"u-000012","ts":"2026-01-01"}\n'
HIS = b'{"user_id": "u-000013",  "ts":"2026-01-01"}\n'


@pytest.fixture
def sought() -> Sought:
    made = Sought(RING)
    for each in (ADA, "u-000012"):
        made.learn(each)
    made.named([ADA, "u-000012"])  # met before, as it is written
    return made


PACKED = {
    "plain": (lambda body: body, lambda body: body),
    "gzip": (gzip.compress, gzip.decompress),
    "zstd": (zstandard.ZstdCompressor().compress, zstandard.ZstdDecompressor().decompress),
}


@pytest.mark.parametrize("how", PACKED)
def test_lines_of_logs_go_and_the_others_stay_as_they_were_written(sought: Sought, how: str) -> None:
    pack, unpack = PACKED[how]

    left = bodies.without("usage/a", pack(HERS + HIS + HERS), LOGS, sought)

    assert (unpack(left.body), left.gone) == (HIS, 2)


def test_a_file_without_the_person_is_the_same_object(sought: Sought) -> None:
    body = gzip.compress(HIS)

    assert bodies.without("usage/a.gz", body, LOGS, sought) == bodies.Left(body, 0)


def test_bytes_that_are_no_text_say_nothing_of_anybody(sought: Sought) -> None:
    tables = b"PK\x03\x04" + bytes(range(256)) * 4

    assert bodies.held("bundles/1/churn_tables.npz", tables, Reading(), sought) == []
    assert bodies.without("bundles/1/churn_tables.npz", tables, Reading(), sought) == bodies.Left(tables, 0)


def test_another_ones_line_loses_only_what_it_says_of_the_person(sought: Sought) -> None:
    line = json.dumps({"user_id": "u-000013", "invited": [ADA, "x"], "n": 1}).encode() + b"\n"

    left = bodies.without("usage/a", line, LOGS, sought)

    assert json.loads(left.body or b"") == {"user_id": "u-000013", "invited": ["x"], "n": 1}


def test_a_broken_line_that_names_the_person_goes(sought: Sought) -> None:
    assert bodies.without("usage/a", HERS[:25] + b"\n" + HIS, LOGS, sought).body == HIS


def test_a_file_whose_first_line_is_broken_is_read_as_lines_all_the_same() -> None:
    body = b'not JSON, "12"\n' + b"".join(NUMBERED)

    left = bodies.without("usage/a", body, LOGS, numbered())

    assert left.body == b'not JSON, "12"\n' + b"".join(NUMBERED[2:])


def test_an_escaped_address_is_found(sought: Sought) -> None:
    line = b'{"user_id":"u-000013","mail":"ada\\u0040example.com"}\n'

    assert b"0040" not in (bodies.without("usage/a", line, LOGS, sought).body or b"")


def test_a_file_that_breaks_off_goes_as_a_whole_if_it_names_the_person(sought: Sought) -> None:
    body = gzip.compress(HERS * 5000 + HIS * 5000)

    assert bodies.without("usage/a.gz", body[: len(body) // 2], LOGS, sought).body is None


def test_a_value_goes_from_a_column_that_had_none_missing(sought: Sought) -> None:
    declared = pa.schema(
        [pa.field("customer", pa.string(), nullable=False), pa.field("note", pa.string(), nullable=False)]
    )
    sink = io.BytesIO()
    pq.write_table(pa.table({"customer": ["u-2"], "note": [f"met {ADA}"]}, schema=declared), sink)

    left = bodies.without("landing/run=r/usage_events/0.parquet", sink.getvalue(), Reading(), sought)

    assert pq.read_table(io.BytesIO(left.body or b"")).to_pylist() == [{"customer": "u-2", "note": None}]


def test_rows_in_quarantine_go_by_what_was_written_down(sought: Sought) -> None:
    rows = pa.table({
        "row": [json.dumps({"customer": "u-000012"}), json.dumps({"customer": "u-000013"}), f'{{"text": "{ADA} …'],
        "reason": ["bad", "bad", "bad"],
    })  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(rows, sink)
    reading = Reading(whose("usage_events", SETTINGS), written_down=True)

    left = bodies.without("run=r/usage_events/parse-0.parquet", sink.getvalue(), reading, sought)

    assert pq.read_table(io.BytesIO(left.body or b"")).to_pylist() == rows.slice(1, 1).to_pylist()
    assert ADA.encode() not in (left.body or b"")


def test_a_release_goes_with_its_row(sought: Sought) -> None:
    def line(user: str) -> bytes:
        row = json.dumps({"customer": user})
        return json.dumps({"original": row, "fixed": row}).encode() + b"\n"

    left = bodies.without("released/usage_events/x.ndjson", line("u-000012") + line("u-2"), Reading(), sought)

    assert left.body == line("u-2")


def test_of_a_document_the_entry_goes_that_names_the_person(sought: Sought) -> None:
    her = RING.pseudonyms("u-000012")[0]
    document = {"customers": [{"customer_id": her, "reasons": [1]}, {"customer_id": "k1_other"}], "total": 2}

    left = bodies.without("rankings/latest.json", json.dumps(document).encode(), Reading(), sought)

    assert json.loads(left.body or b"") == {"customers": [{"customer_id": "k1_other"}], "total": 2}


def test_of_a_page_the_row_goes_that_names_the_person(sought: Sought) -> None:
    her = RING.pseudonyms("u-000012")[0]
    page = f"<table><tr><td>k1_other</td></tr><tr><td>{her}</td><td>99 %</td></tr></table><p>{her}</p>"

    left = bodies.without("reports/r.html", page.encode(), Reading(), sought)

    assert (left.body or b"").decode() == "<table><tr><td>k1_other</td></tr></table><p>–</p>"


def test_of_what_a_page_carries_for_its_script_the_line_goes_that_names_the_person(sought: Sought) -> None:
    her = RING.pseudonyms("u-000012")[0]
    page = f'<script type="application/json">[\n["{her}",0,[1,2]],\n["k1_other",1,[]],\nnull]</script>'

    left = bodies.without("reports/r.html", page.encode(), Reading(), sought)

    assert (left.body or b"").decode() == '<script type="application/json">[\n["k1_other",1,[]],\nnull]</script>'


def test_records_of_csv_go_whole_and_the_others_stay_as_they_were_written(sought: Sought) -> None:
    body = b'customer_id,note\r\n"u-000012","two\r\nlines"\r\nu-000013,"a ""b"""\r\n'

    left = bodies.without("athena/q.csv", body, Reading(), sought)

    assert left.body == b'customer_id,note\r\nu-000013,"a ""b"""\r\n'


def test_what_is_held_is_exactly_what_would_go(sought: Sought) -> None:
    assert bodies.held("usage/a.gz", gzip.compress(HERS + HIS), LOGS, sought) == [HERS.decode().strip()]
    document = json.dumps({"customers": [{"customer_id": "u-000012"}, {"customer_id": "x"}]}).encode()
    assert bodies.held("rankings/latest.json", document, Reading(), sought) == [{"customer_id": "u-000012"}]


NUMBERED = [
    b'{"user_id": 12, "n": 12}\n',
    b'{"user_id":"12"}\n',
    b'{"n": 12, "user_id": 120}\n',
    b'{"user_id": 13, "n": 12}\n',
]


def numbered() -> Sought:
    made = Sought(RING)
    made.learn("12")
    return made


def test_an_id_that_is_a_number_goes_where_it_says_whose_a_line_is_and_nowhere_else() -> None:
    left = bodies.without("usage/a", b"".join(NUMBERED), LOGS, numbered())

    assert (left.body, left.gone) == (b"".join(NUMBERED[2:]), 2)


def test_a_number_in_csv_is_the_persons_in_a_column_that_names_people_alone() -> None:
    reading = Reading(replace(ANYBODYS, naming=("customerID",)), table=True)
    body = b"customerID;tenure\n12;1\n13;12\n"

    assert bodies.without("customers/a.csv", body, reading, numbered()).body == b"customerID;tenure\n13;12\n"


def test_a_broken_line_of_a_number_is_found_in_quarantine_by_its_field() -> None:
    lines = [json.dumps({"line": n, "text": f'{{"user_id": {n}, "ts'}) for n in (12, 13, 120)]
    sink = io.BytesIO()
    pq.write_table(pa.table({"row": lines}), sink)
    reading = Reading(whose("usage_events", SETTINGS), "user_id", written_down=True)

    left = bodies.without("run=r/usage_events/parse-0.parquet", sink.getvalue(), reading, numbered())

    assert pq.read_table(io.BytesIO(left.body or b""))["row"].to_pylist() == lines[1:]
