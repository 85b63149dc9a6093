"""The first half of the chain for real: HTTP sources and logs in S3 to tables in the lake, by the real handlers."""

import json
from pathlib import Path

import boto3
import pyarrow.compute as pc
import pytest

from holdfast import resources
from holdfast.errors import ConfigurationInvalid, NoData
from ingest import ingest, plan
from tests.integration.conftest import Standins, environment
from tests.integration.house import House, call
from validate import transform


def test_a_world_reaches_the_lake_whole_and_under_pseudonyms(house: House) -> None:
    house.upload("usage/**/*.gz")
    truth = json.loads((house.world / "truth.json").read_text())

    answer = house.night("first")

    lake = resources.lake()
    events, customers = lake.read("events"), lake.read("customers")
    assert events is not None
    assert customers is not None
    assert events.num_rows == truth["usage"]["lines"] - truth["usage"]["malformed"] - truth["usage"]["duplicates"]
    assert pc.count_distinct(events["event_id"]).as_py() == events.num_rows
    assert customers.num_rows == truth["customers"]
    assert set(events["customer_id"].to_pylist()) <= set(customers["customer_id"].to_pylist())
    for name in ("emails", "conversations", "tickets"):
        rows = lake.read(name)
        assert rows is not None
        assert rows.num_rows == truth["rows"][_landed_as(name)]
        assert set(rows["customer_id"].to_pylist()) <= set(customers["customer_id"].to_pylist())
    assert all(resources.keyring().current.is_pseudonym(one) for one in customers["customer_id"].to_pylist())
    assert not {"email", "firstname", "lastname", "external_id"} & set(customers.column_names)
    records, contacts = lake.read("customer_records"), lake.read("raw_crm_contacts")
    assert records is not None
    assert contacts is not None
    assert set(records["source"].to_pylist()) == {"crm", "desk"}
    assert set(records["customer_id"].to_pylist()) == set(customers["customer_id"].to_pylist())
    hashed = resources.keyring().current.each((f"crm/contacts/{each}" for each in contacts["id"].to_pylist()), "record")
    assert set(hashed) == set(records.filter(pc.equal(records["source"], "crm"))["record"].to_pylist())
    assert answer["as_of"] > truth["cutoff"]
    assert answer["rows"] > events.num_rows


def test_a_second_run_changes_nothing_and_new_files_only_add(house: House) -> None:
    house.upload("usage/2025/**/*.gz")
    first = house.night("first")

    again = house.night("again")
    house.upload("usage/2026/**/*.gz")
    later = house.night("later")

    assert again["rows"] == 0
    assert again["snapshots"] == first["snapshots"]
    assert later["snapshots"]["events"] != first["snapshots"]["events"]
    assert {name: key for name, key in later["snapshots"].items() if name != "events"} == {
        name: key for name, key in first["snapshots"].items() if name != "events"
    }


def test_transform_cut_short_between_commit_and_bookmark_does_not_count_twice(house: House) -> None:
    house.upload("usage/2026/**/*.gz")
    first = house.night("first")
    table = boto3.resource("dynamodb").Table(f"{house.name}-state")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    call(transform.handler, {"run": "first"})
    third = house.night("third")

    assert third["snapshots"] == first["snapshots"]
    assert table.scan()["Count"] > 0


def test_bad_lines_and_cut_files_go_to_quarantine_and_the_run_goes_on(house: House) -> None:
    whole = next(iter(sorted(house.world.glob("usage/**/*.gz")))).read_bytes()
    good = b'{"user_id": "u-1", "ts": "2026-01-01T00:00:00Z", "event": "login"}\n'
    house.put("usage/a.ndjson", good + b"not json\n" + b'{"user_id": "u-1"}\n')
    house.put("usage/b.ndjson.gz", whole[: len(whole) // 2])
    house.put("usage/c.ndjson", b"")

    house.night("first")

    import awswrangler as wr

    events = resources.lake().read("events")
    told = wr.s3.read_parquet(f"s3://{house.bucket('quarantine')}/run=first/usage_events/")
    assert events is not None
    assert events.num_rows == 1
    assert sorted(reason.partition(":")[0] for reason in told["reason"]) == [
        "no time in field ts",
        "not JSON",
        "truncated or damaged gzip",
    ]
    assert json.loads(told.loc[told["reason"] == "not JSON", "row"].iloc[0]) == {"line": 2, "text": "not json"}


def test_no_logs_at_all_is_told_with_the_place_to_put_them(house: House) -> None:
    with pytest.raises(NoData, match=f"s3://{house.bucket('uploads')}/usage/"):
        call(plan.handler, {"run": "first"})


def test_a_refused_token_names_the_secret_to_set(house: House, standins: Standins) -> None:
    standins.fault(standins.hubspot, token="another")

    with pytest.raises(ConfigurationInvalid, match=f"{house.name}/crm"):
        call(ingest.handler, {"run": "first", "source": "crm", "stream": "deals"})


def test_a_table_of_customers_alone_reaches_the_lake_typed(house: House, tmp_path: Path) -> None:
    table = (
        '[sources.base]\nkind = "table"\nprefix = "tables/"\nkey = "ID"\n[churn]\nkind = "label"\ncolumn = "Churn"\n'
    )
    (tmp_path / "table.toml").write_text(table)
    house.put("tables/2026-01.csv", b"ID,Churn\nold,No\n")
    house.put("tables/2026-02.csv", b"ID,tenure,total,Churn\nA,1, ,Yes\nB,2,3.5,No\nC,4,1,No\nC,5,1,Yes\n")

    with environment({"HOLDFAST_CONFIG_PATH": str(tmp_path / "table.toml")}):
        first, again = house.night("first"), house.night("again")
        customers = resources.lake().read("customers")
        wanted = {
            resources.keyring().current.one("A"): (1.0, None, "Yes"),
            resources.keyring().current.one("B"): (2.0, 3.5, "No"),
        }

    assert customers is not None
    assert {row["customer_id"]: (row["tenure"], row["total"], row["Churn"]) for row in customers.to_pylist()} == wanted
    assert first["rows"] == 2
    assert again["rows"] == 0
    assert again["snapshots"] == first["snapshots"]


def _landed_as(name: str) -> str:
    return {"emails": "hubspot_email_events"}.get(name, f"intercom_{name}")
