"""A key of the pseudonyms is replaced on a lake that is in use: nobody is lost, whenever the work is cut short."""

import os
from collections.abc import Iterator
from dataclasses import fields
from types import SimpleNamespace

import boto3
import pyarrow as pa
import pytest

from holdfast import resources
from holdfast.keyring import UNDER
from holdfast.lake import Lake
from infra.cli import keys
from infra.cli.deployment import Deployment
from score.held import DynamoVectors
from score.people import People
from tests.integration.dynamodb import new_table
from tests.integration.house import House
from validate import maintain
from validate.rekeying import lifted


@pytest.fixture
def deployment(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The house as the command line knows it, with a table of what the API answers for."""
    new_table(f"{house.name}-scores", ("customer_id",))
    monkeypatch.setenv("HOLDFAST_SCORES_TABLE", f"{house.name}-scores")
    resources.environment.cache_clear()
    known = {
        "region": "us-east-1",
        "endpoint": os.environ["AWS_ENDPOINT_URL"],
        "database": resources.environment().database,
        "lake_bucket": resources.environment().lake_bucket,
        "state_table": resources.environment().state_table,
        "pseudonym_secret": resources.environment().pseudonym_secret,
    }
    yield Deployment(**({field.name: "" for field in fields(Deployment)} | known))
    resources.environment.cache_clear()


def rows() -> dict[str, pa.Table]:
    return {name: resources.lake().read(name) for name in resources.lake().names()}


def told(rows: pa.Table) -> list[str]:
    return sorted(map(str, rows.select(sorted(rows.column_names)).to_pylist()))


def job() -> dict:
    context = SimpleNamespace(function_name="test", memory_limit_in_mb=1024, invoked_function_arn="arn",
                              aws_request_id="1", get_remaining_time_in_millis=lambda: 900_000)  # fmt: skip
    return maintain.handler({"job": "keys"}, context)


def cut_short(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The job dies before it commits to the lake for the nth time."""
    commits, changed = iter(range(1000)), Lake.changed

    def dying(self, name, doing="writing"):
        if next(commits) == after:
            raise KeyboardInterrupt
        return changed(self, name, doing)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "changed", dying)
        with pytest.raises(KeyboardInterrupt):
            job()


def test_a_rotation_that_is_cut_short_twice_loses_nobody_and_unlinks_nothing(
    house: House, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.upload("usage/2026/**/*.gz")
    house.night("first")
    before, old = rows(), resources.keyring().current
    customer = before["customers"]["customer_id"][0].as_py()
    vectors = DynamoVectors(f"{house.name}-scores", f"{house.name}-state")
    vectors.hold([{"customer_id": each, "as_of": "2026-10-31"} for each in (customer, old.one("product-id-1"))])
    people = People(resources.keyring, vectors, lambda: 0.0)

    ring, new = keys.begun(deployment)
    assert new
    assert ring.current.key_id == "k2"
    assert people.find("product-id-1")
    cut_short(monkeypatch, 3)
    again, new = keys.begun(deployment)
    assert (again, new) == (ring, False), "what is not finished is gone on with"
    assert keys.unfinished(deployment, ring)
    cut_short(monkeypatch, 4)
    assert People(resources.keyring, vectors, lambda: 0.0).find(customer), "by a pseudonym of before"
    assert People(resources.keyring, vectors, lambda: 0.0).find("product-id-1"), "by the product's id"

    house.night("second")

    after, key = rows(), resources.keyring().current
    assert {name: told(each) for name, each in after.items()} == {
        name: told(lifted(each, key)) for name, each in before.items()
    }
    assert all(key.is_pseudonym(each) for each in after["events"]["customer_id"].unique().to_pylist())
    assert all(resources.lake().table(name).properties.get(UNDER) == "k2" for name in after)
    assert job()["files"] == 0
    assert keys.unfinished(deployment, ring) == []
    held = boto3.client("dynamodb").scan(TableName=f"{house.name}-scores")["Items"]
    assert {item["customer_id"]["S"] for item in held} == set(key.lifted([customer, old.one("product-id-1")]))
    third = house.night("third")
    assert third["rows"] == 0


def test_nights_after_a_rotation_join_new_people_to_old_history(house: House, deployment: Deployment) -> None:
    house.upload("usage/2026/01/**/*.gz")
    house.night("first")
    old = rows()["customers"]["customer_id"].to_pylist()
    ring, _ = keys.begun(deployment)
    done = job()
    assert (done["key"], done["left"], keys.unfinished(deployment, ring)) == ("k2", (), [])
    assert set(rows()["customers"]["customer_id"].to_pylist()) == set(ring.current.lifted(old))
    house.upload("usage/2026/**/*.gz")
    house.night("second")
    rotated = rows()

    key = resources.keyring().current
    people = set(rotated["customers"]["customer_id"].to_pylist())
    assert len(rotated["events"]) > 0
    assert all(map(key.is_pseudonym, people))
    assert len(people & set(rotated["events"]["customer_id"].to_pylist())) > 100
    assert set(rotated["tickets"]["customer_id"].to_pylist()) <= people
