"""A scorer in a further region answers byte for byte as the one at home, and who is forgotten is gone from there too.

The embedded runtime replicates: objects by the rules of the bucket, items of a global table, the secret. It does so at once, where AWS takes
a moment; lateness is made by hand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from holdfast.bundle import Bundle, save
from holdfast.keyring import keyring
from holdfast.registry import DynamoRegistry
from holdfast.scoring import Scorer
from holdfast.store import S3Store, write_json
from infra.copies import COPIED
from privacy import objects
from privacy.house import copies
from privacy.sought import Sought
from score import api
from score.batch import ranking, score_table, vectors
from score.held import DynamoVectors
from tests.doubles.models import AS_OF, bundle, population
from tests.integration.conftest import Runtime, environment

HOME, FURTHER = "us-east-1", "eu-west-1"
RING = keyring("a1B2" * 16, "s")
NAMES = [f"u-{number}" for number in range(300)]
HER = RING.current.one("u-7")
ASKED = (
    "/v1/health", "/v1/customers", "/v1/customers/u-7/score", f"/v1/customers/{HER}/score", "/v1/models",
    f"/v1/models/{bundle().version}/customers/u-8/score", "/v1/customers/u-unknown/score", "/v1/openapi.json",
)  # fmt: skip
RANKING = "rankings/latest.json"
CONFIGURATION = """
[sources.usage]
kind = "events"
prefix = "usage/"
fields = { customer = "user", time = "at" }
[churn]
kind = "usage"
[api]
regions = ["eu-west-1"]
"""


@dataclass(frozen=True)
class Regions:
    """What a deployment with one further region has of what scorers read."""

    name: str
    settings: dict[str, str]

    @property
    def home(self) -> str:
        return f"{self.name}-artifacts"

    @property
    def copy(self) -> str:
        return f"{self.name}-copies"

    def answers(self, region: str, *paths: str, **more: str) -> list[tuple[int, str, str | None]]:
        """Status, body and tag of each path, by a scorer that begins in a region."""
        near = {"AWS_REGION": region, "HOLDFAST_ARTIFACTS_BUCKET": self.home if region == HOME else self.copy}
        with environment(self.settings | near | more):
            for made in (api.serving, api.people, api._document):
                made.cache_clear()
            return [answer_to(path) for path in paths or ASKED]

    def promote(self, made: Bundle) -> None:
        registry = DynamoRegistry(f"{self.name}-state")
        registry.promote(made.version, "run", "2026-06-01T03:00:00+00:00", registry.champion())


class Context:
    """What Lambda says of an invocation."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"


def answer_to(path: str) -> tuple[int, str, str | None]:
    event: dict[str, Any] = {"path": path, "httpMethod": "GET", "headers": {}}
    answer = api.handler(event | {"requestContext": {"requestId": "r", "stage": "live"}}, Context())
    return answer["statusCode"], answer["body"], answer["multiValueHeaders"].get("ETag", [None])[0]


def rule(bucket: str, prefix: str, priority: int) -> dict[str, Any]:
    return {
        "ID": prefix, "Priority": priority, "Status": "Enabled", "Filter": {"Prefix": prefix},
        "DeleteMarkerReplication": {"Status": "Enabled"}, "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
    }  # fmt: skip


def table(name: str, *key: str) -> None:
    """A global table: written at home, held in both regions."""
    dynamodb, kinds = boto3.client("dynamodb", region_name=HOME), ("HASH", "RANGE")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": each, "KeyType": kind} for each, kind in zip(key, kinds, strict=False)],
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in key],
    )
    dynamodb.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": FURTHER}}])


@pytest.fixture
def regions(aws_runtime: Runtime, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Regions]:
    """Both regions, with a population that is scored by a champion at home; what is in the other was copied by the runtime."""
    configuration, name = tmp_path / "holdfast.toml", f"r{abs(hash(request.node.name)) % 10**8}"
    configuration.write_text(CONFIGURATION)
    made = Regions(
        name,
        {
            "HOLDFAST_CONFIG_PATH": str(configuration),
            "HOLDFAST_STATE_TABLE": f"{name}-state",
            "HOLDFAST_SCORES_TABLE": f"{name}-scores",
            "HOLDFAST_PSEUDONYM_SECRET": f"{name}/pseudonym",
        },
    )
    s3 = boto3.client("s3", region_name=HOME)
    for bucket in (made.home, made.copy):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rules = [rule(made.copy, prefix, priority) for priority, prefix in enumerate(COPIED)]
    role = "arn:aws:iam::000000000000:role/copier"
    s3.put_bucket_replication(Bucket=made.home, ReplicationConfiguration={"Role": role, "Rules": rules})
    table(f"{name}-state", "pk", "sk")
    table(f"{name}-scores", "customer_id")
    secrets = boto3.client("secretsmanager", region_name=HOME)
    secrets.create_secret(Name=f"{name}/pseudonym", SecretString="a1B2" * 16)
    secrets.replicate_secret_to_regions(SecretId=f"{name}/pseudonym", AddReplicaRegions=[{"Region": FURTHER}])
    with environment({"AWS_REGION": HOME}):
        scored(made)
        yield made


def scored(made: Regions) -> None:
    """What Train, Promote and ScoreAll leave."""
    store, scorer = S3Store(made.home), Scorer.from_bundle(bundle())
    save(store, bundle())
    made.promote(bundle())
    rows = population()
    rows = rows.set_column(0, "customer_id", [[RING.current.one(name) for name in NAMES]])
    scores = score_table(rows, scorer, datetime.fromisoformat(AS_OF), 5)
    write_json(store, RANKING, {"run": "run-1", **ranking(scores, "USD", 1000, 3)})
    DynamoVectors(f"{made.name}-scores", f"{made.name}-state").hold(vectors(rows, scorer, AS_OF))


def test_the_further_region_answers_byte_for_byte_as_the_home_region(regions: Regions) -> None:
    home = regions.answers(HOME)

    assert regions.answers(FURTHER) == home
    assert [status for status, _, _ in home] == [200, 200, 200, 200, 200, 200, 404, 200]
    assert json.loads(home[2][1])["model"] == bundle().version


def test_nothing_but_what_scorers_read_is_copied(regions: Regions) -> None:
    S3Store(regions.home).write("reports/latest.html", b"everybody")

    keys = {each.key.partition("/")[0] for each in S3Store(regions.copy).list("")}

    assert keys == {"bundles", "rankings"}


def test_a_model_whose_bundle_is_late_is_read_at_home_and_without_it_the_one_before_answers(regions: Regions) -> None:
    boto3.client("s3").delete_bucket_replication(Bucket=regions.home)
    save(S3Store(regions.home), bundle(8))
    regions.promote(bundle(8))
    paths = ("/v1/customers/u-7/score", "/v1/models")

    late = regions.answers(FURTHER, *paths, HOLDFAST_HOME_BUCKET=regions.home, HOLDFAST_HOME_REGION=HOME)
    alone = regions.answers(FURTHER, *paths)

    assert late == regions.answers(HOME, *paths)
    assert json.loads(late[0][1])["model"] == bundle(8).version
    assert {json.loads(alone[0][1])["model"], json.loads(alone[1][1])["champion"]} == {bundle().version}


def test_who_is_forgotten_is_gone_from_every_version_in_the_further_region(regions: Regions) -> None:
    store = S3Store(regions.home)
    without = json.loads(store.read(RANKING))
    without["customers"] = [each for each in without["customers"] if each["customer_id"] != HER]
    write_json(store, RANKING, without)
    boto3.client("dynamodb").delete_item(TableName=f"{regions.name}-scores", Key={"customer_id": {"S": HER}})
    sought = Sought(RING)
    sought.learn("u-7")

    with environment({"HOLDFAST_COPIES": json.dumps({FURTHER: regions.copy})} | regions.settings):
        (zone,) = copies().values()
        left = objects.erased(zone, sought)
        again = objects.erased(zone, sought, dry=True)

    assert (left.versions, bool(again)) == (1, False)
    assert [status for status, _, _ in regions.answers(FURTHER, "/v1/customers/u-7/score", "/v1/health")] == [404, 200]


def test_a_new_key_of_the_pseudonyms_reaches_the_further_region(regions: Regions) -> None:
    rotated = RING.rotated(datetime.fromisoformat(AS_OF)).to_secret()

    boto3.client("secretsmanager").put_secret_value(SecretId=f"{regions.name}/pseudonym", SecretString=rotated)

    (held,) = regions.answers(FURTHER, "/v1/customers/u-7/score")
    assert (held[0], json.loads(held[1])["customer_id"]) == (200, HER)
    near = boto3.client("secretsmanager", region_name=FURTHER)
    assert near.get_secret_value(SecretId=f"{regions.name}/pseudonym")["SecretString"] == rotated
