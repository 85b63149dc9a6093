"""What an analyst finds: a workgroup that stops dear queries, and views that say what they promise."""

import base64
import json
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa
import pytest
from aws_cdk.assertions import Match, Template

from holdfast.history import versions
from holdfast.tables import ACTIVITY_BASE, CUSTOMERS_BASE
from infra.views import View, shipped
from score.batch import SCORES
from score.history import HISTORY

NIGHTS = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
ARROW = {"varchar": pa.string(), "double": pa.float64(), "bigint": pa.int64(), "date": pa.date32(), "boolean": pa.bool_(),
         "timestamp(6) with time zone": pa.timestamp("us", tz="UTC")}  # fmt: skip


def score(customer: str, probability: float, band: str, as_of: datetime = NIGHTS[1]) -> dict:
    reason = {"feature": "f", "sentence": "Events in the last 30 days", "contribution_points": 12.0}
    return {"customer_id": customer, "probability": probability, "band": band, "value": 100.0, "persona": "p",
            "as_of": as_of, "model": "m", "reasons": [reason]}  # fmt: skip


@pytest.fixture
def lake() -> duckdb.DuckDBPyConnection:
    """The tables as the lake has them."""
    scores = [score("a", 0.9, "high"), score("b", 0.2, "medium"), score("c", 0.01, "low")]
    nights = [score("a", 0.5, "high", NIGHTS[0]), score("a", 0.9, "high")]
    events = [{"customer_id": c, "event_id": i, "event_time": NIGHTS[0], "kind": "login"} for i, c in enumerate("aab")]
    people = [pa.Table.from_pylist([{"customer_id": "a", "company_id": c}], CUSTOMERS_BASE) for c in ("x", "y")]
    first = versions(None, people[0], "customer_id", NIGHTS[0])
    tables = {
        "scores": pa.Table.from_pylist(scores, SCORES),
        "scores_history": pa.Table.from_pylist(nights, HISTORY),
        "events": pa.Table.from_pylist([each | {"event_id": str(each["event_id"])} for each in events], ACTIVITY_BASE),
        "customers_history": pa.concat_tables([first, versions(first, people[1], "customer_id", NIGHTS[1])]),
    }
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    # The one function of the views that is called otherwise in DuckDB.
    connection.execute("CREATE MACRO element_at(list, place) AS list_extract(list, place)")
    for name, rows in tables.items():
        connection.register(name, rows)
    return connection


@pytest.mark.parametrize("view", shipped(), ids=lambda view: view.name)
def test_a_view_gives_the_columns_that_it_names_in_their_order_and_types(lake: duckdb.DuckDBPyConnection, view: View):
    found = lake.sql(view.sql).to_arrow_table()

    assert found.column_names == [name for name, _, _ in view.columns]
    assert [field.type for field in found.schema] == [ARROW[kind] for _, kind, _ in view.columns]
    assert found.num_rows


def rows(lake: duckdb.DuckDBPyConnection, name: str) -> list[dict]:
    (view,) = [each for each in shipped() if each.name == name]
    return lake.sql(f"SELECT * FROM ({view.sql}) ORDER BY ALL").to_arrow_table().to_pylist()


def test_customers_at_risk_are_those_of_high_and_medium_risk_with_the_first_reason(lake):
    found = rows(lake, "customers_at_risk")

    assert [(row["customer_id"], row["value_at_risk"]) for row in found] == [("a", 90.0), ("b", 20.0)]
    assert found[0]["first_reason"] == "Events in the last 30 days"


def test_score_history_says_by_how_much_a_probability_moved(lake):
    assert [row["change"] for row in rows(lake, "score_history")] == [None, pytest.approx(0.4)]


def test_events_daily_counts_events_and_who_did_them(lake):
    assert rows(lake, "events_daily") == [{"day": date(2026, 1, 1), "kind": "login", "events": 3, "customers": 2}]


def test_customer_versions_say_from_when_until_when_each_was_the_newest(lake):
    found = [(row["company_id"], row["known_from"], row["known_until"]) for row in rows(lake, "customer_versions")]

    assert found == [("x", NIGHTS[0], NIGHTS[1]), ("y", NIGHTS[1], None)]


def test_every_view_is_in_the_catalogue_as_athena_writes_views_down(template: Template) -> None:
    tables = [t["Properties"]["TableInput"] for t in template.find_resources("AWS::Glue::Table").values()]

    assert {table["Name"] for table in tables} == {view.name for view in shipped()}
    for table, view in zip(sorted(tables, key=lambda t: t["Name"]), shipped(), strict=True):
        said = json.loads(
            base64.b64decode(table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */"))
        )
        assert (table["TableType"], table["Parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
        assert said["originalSql"] == view.sql
        assert [column["name"] for column in said["columns"]] == [
            c["Name"] for c in table["StorageDescriptor"]["Columns"]
        ]


def test_a_query_that_scans_too_much_is_stopped_and_no_client_may_say_otherwise(template: Template) -> None:
    template.has_resource_properties(
        "AWS::Athena::WorkGroup",
        {
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "BytesScannedCutoffPerQuery": 10 * 1024**3,
                "ResultConfiguration": {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS"}},
            }
        },
    )


def test_results_of_queries_go_after_a_month(template: Template) -> None:
    rule = Match.object_like({"Prefix": "athena/", "ExpirationInDays": 30, "Status": "Enabled"})
    template.has_resource_properties("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": Match.array_with([rule])}})
