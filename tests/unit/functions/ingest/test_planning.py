"""What a run pulls."""

import pytest

from holdfast.errors import ConfigurationInvalid, NoData
from holdfast.ledger import MemoryLedger
from holdfast.settings import HubSpotSource, IntercomSource, Settings, parse_settings
from holdfast.source_settings import location
from holdfast.store import MemoryStore, read_json
from holdfast.vendors import streams_of
from ingest.hubspot import hubspot
from ingest.intercom import intercom
from ingest.planning import FAILED, File, batched, newest_snapshot, planned

EVENTS = """
[sources.usage]
kind = "events"
prefix = "logs/"
fields = { customer = "user", time = "at" }
[churn]
kind = "usage"
"""

HUBSPOT, INTERCOM = HubSpotSource(kind="hubspot"), IntercomSource(kind="intercom")


def settings(text: str = EVENTS) -> Settings:
    return parse_settings(text)


def store(*keys: str) -> MemoryStore:
    return MemoryStore("uploads", dict.fromkeys(keys, b"x"))


def test_the_streams_of_each_api_are_one_extract_each():
    crm = '[sources.crm]\nkind = "hubspot"\n[sources.desk]\nkind = "intercom"\n[churn]\nkind = "usage"'

    plan = planned("r", settings(crm), "uploads", lambda bucket: store(), MemoryLedger(), MemoryStore())

    wanted = [
        *(f"crm_{stream}" for stream in streams_of(HUBSPOT)),
        *(f"desk_{stream}" for stream in streams_of(INTERCOM)),
    ]
    assert plan.tables == sorted(wanted)
    assert len(plan.extracts) == len(wanted)


def test_every_planned_stream_is_one_that_can_be_pulled():
    crm = parse_settings('[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"')

    assert set(streams_of(HUBSPOT)) == set(hubspot(HUBSPOT, crm))
    assert set(streams_of(INTERCOM)) == set(intercom(INTERCOM))


def test_a_run_for_one_stream_pulls_that_and_the_tables_that_customers_are_made_from():
    crm = """
[sources.crm]
kind = "hubspot"
[sources.desk]
kind = "intercom"
[sources.usage]
kind = "events"
prefix = "logs/"
fields = { customer = "u", time = "t" }
[sources.base]
kind = "table"
prefix = "base/"
key = "id"
[churn]
kind = "usage"
"""
    uploads = store("logs/a", "base/all.csv")

    plan = planned(
        "r", settings(crm), "uploads", lambda bucket: uploads, MemoryLedger(), MemoryStore(), only="crm/deals"
    )

    assert plan.tables == ["base_customers", "crm_deals"]


@pytest.mark.parametrize("only", ["crm/nothing", "usage/events", "nobody/deals", "deals"])
def test_a_run_for_a_stream_that_there_is_not_is_refused(only):
    crm = '[sources.crm]\nkind = "hubspot"\n[churn]\nkind = "usage"'

    with pytest.raises(ConfigurationInvalid, match="no stream"):
        planned("r", settings(crm), "uploads", lambda bucket: store(), MemoryLedger(), MemoryStore(), only=only)


def test_only_files_that_are_new_or_changed_are_pulled():
    uploads, artifacts, ledger = store("logs/a", "logs/b", "logs/_SUCCESS", "logs/"), MemoryStore(), MemoryLedger()
    etags = {item.key: item.etag for item in uploads.list("logs/")}
    ledger.book("usage", {"uploads/logs/a": etags["logs/a"], "uploads/logs/b": "older"}, "before")

    plan = planned("r", settings(), "uploads", lambda bucket: uploads, ledger, artifacts)

    (batch,) = read_json(artifacts, plan.batches)
    assert [file["key"] for file in read_json(artifacts, batch["batch"])] == ["logs/b"]
    assert (batch["places"], plan.batched) == ([0], 1)


def test_nothing_new_is_no_extract():
    uploads, ledger, artifacts = store("logs/a"), MemoryLedger(), MemoryStore()
    ledger.book("usage", {f"uploads/{item.key}": item.etag for item in uploads.list("")}, "before")

    plan = planned("r", settings(), "uploads", lambda bucket: uploads, ledger, artifacts)

    assert plan.extracts == []
    assert read_json(artifacts, plan.batches) == []
    assert plan.tables == []


def test_a_second_plan_of_the_same_run_says_the_same_though_files_arrived():
    uploads, artifacts = store("logs/a"), MemoryStore()
    first = planned("r", settings(), "uploads", lambda bucket: uploads, MemoryLedger(), artifacts)
    uploads.write("logs/b", b"y")

    second = planned("r", settings(), "uploads", lambda bucket: uploads, MemoryLedger(), artifacts)

    assert second == first


def test_a_source_without_any_file_says_where_one_has_to_be():
    with pytest.raises(NoData, match=r"s3://uploads/logs/.*sources\.usage\.prefix"):
        planned("r", settings(), "uploads", lambda bucket: store(), MemoryLedger(), MemoryStore())


def test_batches_hold_about_64_megabytes_and_no_more_than_four_hundred_files():
    files = [File("b", f"{n:03}", 10_000_000, "") for n in range(13)]
    small = [File("b", f"{n:05}", 1, "") for n in range(2001)]
    large = [File("b", f"{n:05}", 100_000_000, "") for n in range(9000)]

    assert [len(batch) for batch in batched(files)] == [7, 6]
    assert [len(batch) for batch in batched(small)] == [400, 400, 400, 400, 400, 1]
    assert len(batched(large)) <= 5000
    assert [file for batch in batched(large) for file in batch] == large
    assert batched([]) == []


def test_a_file_that_failed_before_is_alone_in_its_batch():
    uploads, artifacts, ledger = store("logs/a", "logs/b", "logs/c"), MemoryStore(), MemoryLedger()
    ledger.keep("usage", "events", FAILED, {"uploads/logs/b": {}})

    plan = planned("r", settings(), "uploads", lambda bucket: uploads, ledger, artifacts)

    batches = [read_json(artifacts, each["batch"]) for each in read_json(artifacts, plan.batches)]
    assert [[file["key"] for file in batch] for batch in batches] == [["logs/a", "logs/c"], ["logs/b"]]


def test_a_prefix_may_name_its_own_bucket():
    assert location("s3://logs-of-ours/a/b/", "uploads") == ("logs-of-ours", "a/b/")
    assert location("usage/", "uploads") == ("uploads", "usage/")


def test_the_newest_snapshot_is_the_last_file_or_all_parts_of_the_last_folder():
    files = [
        File("b", key, 1, "")
        for key in ("t/2026-01/part-0.parquet", "t/2026-02/part-0.parquet", "t/2026-02/part-1.parquet")
    ]

    assert [file.key for file in newest_snapshot(files)] == ["t/2026-02/part-0.parquet", "t/2026-02/part-1.parquet"]
    assert [file.key for file in newest_snapshot([File("b", "a.csv", 1, ""), File("b", "b.csv", 1, "")])] == ["b.csv"]
