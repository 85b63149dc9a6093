"""Customer tables are typed by looking at every value."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.errors import ConfigurationInvalid, SourceGarbled
from holdfast.settings import TableSource
from ingest.snapshot import land_snapshot

CSV = b"""ID,total,zip,left,since,"odd, name",phone
007,1.5,01234,true,2026-01-01,"a ""b""
c",1
008, ,5,FALSE,,x,2
"""
SOURCE = TableSource(kind="table", prefix="t/", key="ID", drop=["phone"])


def test_columns_get_the_narrowest_type_that_all_values_have_blanks_aside(place, rows):
    there = place("customers", a=CSV)

    landed = land_snapshot(there, SOURCE)

    assert landed.rows == 2
    assert rows(there.landing) == [
        {
            "customer": "007",
            "total": 1.5,
            "zip": "01234",
            "left": True,
            "since": datetime(2026, 1, 1, tzinfo=UTC),
            "odd, name": 'a "b"\nc',
        },
        {"customer": "008", "total": None, "zip": "5", "left": False, "since": None, "odd, name": "x"},
    ]


def test_parquet_keeps_its_types_and_numbers_are_one_type(place, rows):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"ID": [1, 2], "seats": [3, 4], "plan": ["a", ""], "ok": [True, None]}), buffer)
    there = place("customers", a=buffer.getvalue())

    land_snapshot(there, SOURCE)

    assert rows(there.landing) == [
        {"customer": "1", "seats": 3.0, "plan": "a", "ok": True},
        {"customer": "2", "seats": 4.0, "plan": None, "ok": None},
    ]


def test_a_missing_key_is_told_with_the_columns_that_are_there(place):
    with pytest.raises(
        ConfigurationInvalid, match=r"sources\.src\.key: there is no column 'ID'; there are id_no, plan"
    ):
        land_snapshot(place("customers", a=b"id_no,plan\n1,a\n"), SOURCE)


def test_what_is_no_table_is_garbled(place):
    with pytest.raises(SourceGarbled, match="neither Parquet nor CSV"):
        land_snapshot(place("customers", a=b"PAR1 but not really"), SOURCE)


def test_a_column_called_as_our_key_keeps_its_values(place, rows):
    there = place("customers", a=b"ID,customer,customer_id\n1,Ada,9\n")

    land_snapshot(there, SOURCE)

    assert rows(there.landing) == [{"customer": "1", "customer_2": "Ada", "customer_id_2": 9.0}]
