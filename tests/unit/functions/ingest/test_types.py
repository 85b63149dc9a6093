"""Texts become what their columns are; what cannot is kept aside, counted, and costs no row."""

import io
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from holdfast.observe import metrics
from holdfast.sql import connect
from ingest import casts
from tests.doubles.crm import T0, HubSpot, Thing
from tests.doubles.nights import Nights, streams, things

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def cast(kind: str, text: str | None) -> object:
    (value,) = (
        connect().execute(f"SELECT {casts.TYPED[kind]('said')} FROM (SELECT ?::VARCHAR AS said)", [text]).fetchall()[0]
    )
    return value


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "1767225600", "1767225600000", "1767225600.0",
             "1767225600000.0", "20260101"]
)  # fmt: skip
def test_a_moment_is_read_however_it_is_written(text):
    assert cast("time", text) == NEW_YEAR


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("-12.5", -12.5), ("1e3", 1000), ("1,234", 1234), ("-1,234,567.25", -1234567.25), ("0012", 12)],
)
def test_a_number_is_read_with_or_without_commas_between_its_thousands(text, number):
    assert cast("number", text) == number


@pytest.mark.parametrize("text", ["1,5", "1,23,4", "12,34", "12 EUR", "NaN", "inf", "", None])
def test_what_might_be_another_number_is_none(text):
    assert cast("number", text) is None


@pytest.mark.parametrize(("text", "flag"), [("true", True), ("FALSE", False), ("", None), ("maybe", None)])
def test_a_flag_is_true_false_or_nothing(text, flag):
    assert cast("flag", text) is flag


def test_a_value_that_is_not_what_its_column_is_lands_as_null_is_counted_and_kept():
    metrics.clear_metrics()
    deals = {"amount": "a lot", "closedate": "soon", "dealstage": "won"}, {"amount": "", "closedate": "2026-01-01"}
    nights = Nights(
        HubSpot({"deals": things(*(Thing(n, properties=each) for n, each in enumerate(deals, 1)))}), streams()
    )

    first, second = nights.night("deals", "a", T0)

    kept = [
        row
        for key, body in nights.place.quarantine.objects.items()
        for row in pq.read_table(io.BytesIO(body)).to_pylist()
    ]
    assert (first["amount"], first["closedate"], first["dealstage"]) == (None, None, "won")
    assert (second["amount"], second["closedate"]) == (None, NEW_YEAR)
    assert sum(metrics.metric_set["UncastValues"]["Value"]) == 2
    assert [(row["table"], row["rule"], row["severity"], row["reason"], row["run"]) for row in kept] == [
        ("src_deals", "type", "warn", "amount is not a number", "a"),
        ("src_deals", "type", "warn", "closedate is not a time", "a"),
    ]
    assert [json.loads(row["row"]) for row in kept] == [
        {"id": "1", "column": "amount", "value": "a lot"},
        {"id": "1", "column": "closedate", "value": "soon"},
    ]


def test_values_kept_aside_are_no_sign_that_nothing_could_be_read():
    nights = Nights(HubSpot({"deals": things(Thing(1, properties={"amount": "x"}))}), streams())
    nights.night("deals", "a", T0)

    assert not any(nights.place.quarantine.list("run=a/src_deals/parse-"))
    assert any(nights.place.quarantine.list("run=a/src_deals/type-"))
