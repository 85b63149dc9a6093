"""A source that is a file, for real: a biller over HTTP to tables in the lake, by the real handlers."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import tomli_w

from holdfast import resources
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import load_settings
from ingest import ingest, plan
from tests.integration.conftest import ROOT, Biller, Runtime, environment
from validate import transform, validate

BUCKETS = ("landing", "quarantine", "lake", "artifacts", "uploads")
STREAMS = ("customers", "subscriptions", "invoices")
TRIES = 20


@dataclass(frozen=True)
class House:
    """One deployment's resources, without the functions themselves: handlers are called in this process."""

    name: str

    def night(self, run: str) -> None:
        """One run from Plan to Transform; a stream that has to wait is gone on with at once."""
        planned = call(plan.handler, {"run": run})
        for extract in planned["extracts"]:
            answers = (call(ingest.handler, extract)["next"] for _ in range(TRIES))
            assert "done" in answers, extract
        for table in planned["tables"]:
            call(validate.handler, {"run": run, "table": table})
        call(transform.handler, {"run": run})

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = resources.lake().read(table)
        assert found is not None, table
        return list(found.to_pylist())

    def held(self, stream: str) -> dict[str, dict[str, Any]]:
        """What is there of a stream by now, by id."""
        return {row["id"]: row for row in self.rows(f"raw_billing_{stream}") if not row["_removed"]}


def call(handler: Callable[[dict[str, Any], Any], dict[str, Any]], event: dict[str, Any]) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name="test", memory_limit_in_mb=1024, invoked_function_arn="arn", aws_request_id="1"
    )
    return handler(json.loads(json.dumps(event)), context)


@contextmanager
def deployed(name: str, biller: Biller, folder: Path) -> Iterator[House]:
    """The example's configuration, with the stand-in as its only source and the clock of the data."""
    said = load_settings(ROOT / "examples/subscriptions/holdfast.toml").model_dump(mode="json", exclude_none=True)
    billing = said["sources"]["billing"] | {"base_url": biller.url, "requests_per_10s": 100_000}
    (folder / f"{name}.toml").write_text(
        tomli_w.dumps(said | {"sources": {"billing": billing}, "run": {"as_of": "data"}})
    )
    settings = {f"HOLDFAST_{zone.upper()}_BUCKET": f"{name}-{zone}" for zone in BUCKETS} | {
        "HOLDFAST_CONFIG_PATH": str(folder / f"{name}.toml"),
        "HOLDFAST_DATABASE": name.replace("-", "_"),
        "HOLDFAST_STATE_TABLE": f"{name}-state",
        "HOLDFAST_PSEUDONYM_SECRET": f"{name}/pseudonym",
        "HOLDFAST_SOURCE_SECRETS": json.dumps({"billing": f"{name}/billing"}),
        "HOLDFAST_ARRIVALS_QUEUE": f"{os.environ['AWS_ENDPOINT_URL']}/000000000000/{name}-arrivals",
    }
    with environment(settings):
        _made(name, biller, settings)
        yield House(name)


def _made(name: str, biller: Biller, settings: dict[str, str]) -> None:
    for zone in BUCKETS:
        boto3.client("s3").create_bucket(Bucket=f"{name}-{zone}")
    boto3.client("sqs").create_queue(QueueName=f"{name}-arrivals")
    boto3.client("glue").create_database(DatabaseInput={"Name": settings["HOLDFAST_DATABASE"]})
    boto3.client("dynamodb").create_table(
        TableName=settings["HOLDFAST_STATE_TABLE"],
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")],
    )
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name=f"{name}/billing", SecretString=json.dumps({"token": biller.token}))
    secrets.create_secret(Name=f"{name}/pseudonym", SecretString="k" * 32)


@pytest.fixture
def house(aws_runtime: Runtime, biller: Biller, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    with deployed(f"b{abs(hash(request.node.name)) % 10**8}", biller, tmp_path) as made:
        yield made


def test_all_three_streams_reach_the_lake_whole_and_under_pseudonyms(house: House, biller: Biller) -> None:
    house.night("first")

    people = {row["id"]: row for row in house.held("customers").values()}
    is_pseudonym = resources.keyring().current.is_pseudonym
    for stream in STREAMS:
        assert set(house.held(stream)) == biller.truth(stream)
    assert all(is_pseudonym(row["email"]) and is_pseudonym(row["external_id"]) for row in people.values())
    assert {row["customer_id"] for row in house.rows("customers")} == {row["external_id"] for row in people.values()}
    for table, key in (("subscriptions", "subscription_id"), ("invoices", "invoice_id")):
        rows = house.rows(table)
        assert {row[key] for row in rows} == biller.truth(table)
        assert {row["customer_id"] for row in rows} <= {row["external_id"] for row in people.values()}


def test_a_subscription_says_what_it_is_and_since_when_that_is_known(house: House, biller: Biller) -> None:
    house.night("first")

    subscriptions, invoices = house.rows("subscriptions"), house.rows("invoices")
    over = [row for row in subscriptions if row["status"] == "canceled"]
    assert over
    assert all(row["known_at"] == row["ended_at"] == row["cancelled_at"] > row["started_at"] for row in over)
    assert all(row["known_at"] == row["started_at"] for row in subscriptions if row["status"] == "active")
    assert {row["amount_minor"] for row in subscriptions} <= {1900.0, 4900.0, 9900.0, 19900.0}
    assert {row["plan"] for row in subscriptions} <= {"starter", "team", "business", "enterprise"}
    assert all(row["subscription_id"] for row in invoices)
    assert all(row["known_at"] == row["paid_at"] for row in invoices if row["status"] == "paid")


def test_the_second_night_asks_only_for_what_is_new_or_changed(house: House, biller: Biller) -> None:
    house.night("first")
    done = biller.advance(days=2, updates=10)
    biller.fault()
    house.night("second")
    asked = biller.faults()["requests"]

    with biller.client() as http:
        now = {one: http.get(f"/v1/subscriptions/{one}").json() for one in done["subscriptions"]["updated"]}
    for stream in STREAMS:
        assert set(house.held(stream)) == biller.truth(stream), stream
        assert set(done[stream]["created"]) <= set(house.held(stream))
    held = house.held("subscriptions")
    assert {one: held[one]["status"] for one in now} == {one: each["status"] for one, each in now.items()}
    assert set(done["customers"]["deleted"]).isdisjoint(house.held("customers"))
    assert asked < len(biller.truth("invoices"))


def test_another_night_without_news_changes_nothing(house: House, biller: Biller) -> None:
    house.night("first")
    tables = ("customers", "subscriptions", "invoices", *(f"raw_billing_{stream}" for stream in STREAMS))
    before = {table: resources.lake().snapshot_id(table) for table in tables}

    house.night("again")

    assert {table: resources.lake().snapshot_id(table) for table in tables} == before


def test_a_refused_token_names_the_secret_to_set(house: House, biller: Biller) -> None:
    biller.fault(token="another")

    with pytest.raises(ConfigurationInvalid, match=f"{house.name}/billing"):
        call(ingest.handler, {"run": "first", "source": "billing", "stream": "customers"})
