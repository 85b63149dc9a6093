"""The first half of the chain for real: HTTP sources and logs in S3 to tables in the lake, by the real handlers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pyarrow.compute as pc
import pytest

from holdfast import resources
from holdfast.errors import ConfigurationInvalid, NoData
from holdfast.ledger import CURSOR, DynamoLedger
from ingest import ingest, plan
from tests.integration.conftest import Runtime, Standins, environment
from validate import transform, validate

BUCKETS = ("landing", "quarantine", "lake", "artifacts", "uploads")
DATABASE = "holdfast_test"
CONFIGURATION = """
[sources.crm]
kind = "hubspot"
base_url = "{hubspot}"
requests_per_10s = 180
searches_per_s = 50

[sources.desk]
kind = "intercom"
base_url = "{intercom}"
conversation_parts = false
data_events = false

[sources.usage]
kind = "events"
prefix = "usage/"
measures = {{ minutes = "duration_min", amount = "amount" }}

[sources.usage.fields]
customer = "user_id"
time = "ts"
id = "event_id"
arrival = "received_at"
kind = "event"
module = "module"

[churn]
kind = "usage"

[run]
as_of = "data"
"""


@dataclass(frozen=True)
class House:
    """One deployment's resources, without the functions themselves: handlers are called in this process."""

    name: str
    world: Path

    def bucket(self, zone: str) -> str:
        return f"{self.name}-{zone}"

    def upload(self, pattern: str) -> None:
        for file in sorted(self.world.glob(pattern)):
            boto3.client("s3").upload_file(str(file), self.bucket("uploads"), str(file.relative_to(self.world)))

    def put(self, key: str, body: bytes) -> None:
        boto3.client("s3").put_object(Bucket=self.bucket("uploads"), Key=key, Body=body)

    def night(self, run: str, only: str = "") -> dict[str, Any]:
        """One run from Plan to Transform, as the state machine goes; with `only` of one stream."""
        planned = call(plan.handler, {"run": run, "input": {"stream": only} if only else {"reason": "schedule"}})
        for extract in planned["extracts"]:
            assert call(ingest.handler, extract)["next"] == "done", extract
        for table in planned["tables"]:
            call(validate.handler, {"run": run, "table": table})
        return call(transform.handler, {"run": run})


def call(handler: Callable[[dict[str, Any], Any], dict[str, Any]], event: dict[str, Any]) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="test", memory_limit_in_mb=1024, invoked_function_arn="arn", aws_request_id="1"
    )
    return handler(json.loads(json.dumps(event)), context)


@pytest.fixture
def house(
    aws_runtime: Runtime, tiny_world: Path, standins: Standins, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[House]:
    made = House(f"t{abs(hash(request.node.name)) % 10**8}", tiny_world)
    configuration = tmp_path / "holdfast.toml"
    configuration.write_text(CONFIGURATION.format(hubspot=standins.hubspot, intercom=standins.intercom))
    settings = {f"HOLDFAST_{zone.upper()}_BUCKET": made.bucket(zone) for zone in BUCKETS} | {
        "HOLDFAST_CONFIG_PATH": str(configuration),
        "HOLDFAST_DATABASE": f"{DATABASE}_{made.name}",
        "HOLDFAST_STATE_TABLE": f"{made.name}-state",
        "HOLDFAST_PSEUDONYM_SECRET": f"{made.name}/pseudonym",
        "HOLDFAST_SOURCE_SECRETS": json.dumps({"crm": f"{made.name}/crm", "desk": f"{made.name}/desk"}),
    }
    with environment(settings):
        _deploy(made, standins, settings)
        yield made
        standins.fault(standins.hubspot)


def _deploy(house: House, standins: Standins, settings: dict[str, str]) -> None:
    for zone in BUCKETS:
        boto3.client("s3").create_bucket(Bucket=house.bucket(zone))
    boto3.client("glue").create_database(DatabaseInput={"Name": settings["HOLDFAST_DATABASE"]})
    boto3.client("dynamodb").create_table(
        TableName=settings["HOLDFAST_STATE_TABLE"],
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )
    secrets = {"crm": standins.hubspot_token, "desk": standins.intercom_token}
    for name, token in secrets.items():
        boto3.client("secretsmanager").create_secret(
            Name=f"{house.name}/{name}", SecretString=json.dumps({"token": token})
        )
    boto3.client("secretsmanager").create_secret(Name=settings["HOLDFAST_PSEUDONYM_SECRET"], SecretString="k" * 32)


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
    assert all(resources.pseudonymiser().is_pseudonym(one) for one in customers["customer_id"].to_pylist())
    assert not {"email", "firstname", "lastname", "external_id"} & set(customers.column_names)
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


def test_what_changes_at_the_sources_reaches_the_lake_by_increments(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    house.night("first")
    for server in (standins.hubspot, standins.intercom):
        httpx.post(f"{server}/_standin/reset").raise_for_status()
        for seed in range(3):
            httpx.post(f"{server}/_standin/advance", json={"days": 1, "updates": 20, "seed": seed}).raise_for_status()

    try:
        later, again = house.night("later"), house.night("again")
        held = {table: ids_held(table) for table in MERGED}
        week_passes(house)
        house.night("week")
        whole = {table: ids_held(table) for table in MERGED}
        truth = {table: told(standins, table) for table in MERGED}
    finally:
        for server in (standins.hubspot, standins.intercom):
            httpx.post(f"{server}/_standin/reset").raise_for_status()

    for table, said in truth.items():
        unseen = held[table] - ids_told(said)
        assert ids_told(said) <= held[table], table
        assert unseen <= {*said["deleted"], *said["merged"]}, table
        swallowed = {loser for loser, winner in said["merged"].items() if winner in ids_told(said)}
        assert not (table.startswith("crm") and unseen & swallowed), table
        assert whole[table] == ids_told(said), table
    assert later["rows"] > 0
    assert again["rows"] == 0
    assert again["snapshots"] == later["snapshots"]


def test_a_run_for_one_stream_merges_that_and_leaves_all_else_as_it_is(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    first = house.night("first")
    unmoved = [house.night(f"sync-{n}", only) for n, only in enumerate(("crm/contacts", "desk/conversations"))]
    httpx.post(f"{standins.hubspot}/_standin/advance", json={"days": 1, "updates": 20, "seed": 0}).raise_for_status()

    try:
        synced, again = house.night("sync-deals", "crm/deals"), house.night("sync-again", "crm/deals")
        told_of = ids_told(told(standins, "crm_deals"))
    finally:
        httpx.post(f"{standins.hubspot}/_standin/reset").raise_for_status()

    assert [one["snapshots"] for one in unmoved] == [first["snapshots"]] * 2
    moved = {name for name, key in synced["snapshots"].items() if key != first["snapshots"][name]}
    assert moved == {"deals"}
    assert told_of <= ids_held("crm_deals")
    assert again["rows"] == 0
    assert again["snapshots"] == synced["snapshots"]


def test_a_change_of_the_configuration_destroys_nothing_that_landed(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    house.night("first")
    before = {table: ids_held(table) for table in (*MERGED, "desk_tags", "crm_contacts_history")}
    path, sources = Path(resources.environment().config_path), ("[sources.desk]", "[sources.usage]")
    text = path.read_text()
    desk = text[text.index(sources[0]) : text.index(sources[1])]
    crm = 'kind = "hubspot"\napi_version = "v3"\nhistory = []\ncustomer_property = "email"\nproperties.contacts = ["jobtitle"]'

    path.write_text(text.replace(desk, "").replace('kind = "hubspot"', crm))
    resources.settings.cache_clear()
    house.night("changed")
    changed = {table: ids_held(table) for table in before}
    path.write_text(text)
    resources.settings.cache_clear()
    house.night("changed-back")

    assert changed == before
    assert {table: ids_held(table) for table in before} == before


def test_what_is_asked_for_one_by_one_reaches_the_lake_too(house: House) -> None:
    house.upload("usage/2026/**/*.gz")
    path = Path(resources.environment().config_path)
    path.write_text(
        path.read_text().replace("parts = false", "parts = true").replace("events = false", "events = true")
    )
    resources.settings.cache_clear()
    house.night("first")

    lake = resources.lake()
    replies, talks, events, customers = (
        lake.read(each) for each in ("replies", "raw_desk_conversations", "raw_desk_data_events", "customers")
    )
    assert replies is not None
    assert talks is not None
    assert events is not None
    assert customers is not None
    assert replies.num_rows == pc.sum(talks["parts"]).as_py() > talks.num_rows
    assert set(replies["customer_id"].to_pylist()) <= set(customers["customer_id"].to_pylist())
    assert all(resources.pseudonymiser().is_pseudonym(one) for one in events["external_id"].to_pylist())
    assert events.num_rows > 100


MERGED = ("crm_contacts", "crm_companies", "crm_deals", "desk_contacts", "desk_conversations", "desk_tickets")


def week_passes(house: House) -> None:
    ledger = DynamoLedger(f"{house.name}-state")
    for source, stream in (table.split("_", 1) for table in MERGED):
        note = ledger.note(source, stream, CURSOR)
        assert note is not None
        ledger.keep(source, stream, CURSOR, note | {"full_at": 0})


def ids_held(table: str) -> set[str]:
    rows = resources.lake().read(f"raw_{table}")
    assert rows is not None
    return {row["id"] for row in rows.to_pylist() if not row["_removed"]}


def told(standins: Standins, table: str) -> dict[str, Any]:
    source, stream = table.split("_", 1)
    server = standins.hubspot if source == "crm" else standins.intercom
    return httpx.get(f"{server}/_standin/truth", params={"stream": stream}).json()


def ids_told(truth: dict[str, Any]) -> set[str]:
    return {each["id"] if isinstance(each, dict) else each for each in truth["records"]}


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
            resources.pseudonymiser().one("A"): (1.0, None, "Yes"),
            resources.pseudonymiser().one("B"): (2.0, 3.5, "No"),
        }

    assert customers is not None
    assert {row["customer_id"]: (row["tenure"], row["total"], row["Churn"]) for row in customers.to_pylist()} == wanted
    assert first["rows"] == 2
    assert again["rows"] == 0
    assert again["snapshots"] == first["snapshots"]


def _landed_as(name: str) -> str:
    return {"emails": "hubspot_email_events"}.get(name, f"intercom_{name}")
