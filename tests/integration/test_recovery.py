"""What `holdfast recover` asks of S3 and Glue, on the embedded runtime: tables that the catalog has lost, and buckets that were left."""

import uuid
from collections.abc import Iterator

import boto3
import pyarrow as pa
import pytest

from holdfast.lake import Lake, glue_lake
from holdfast.locks import Locks
from holdfast.settings import Buckets
from infra.cli.left_behind import lines
from infra.cli.recovery import registered, tables_in
from tests.integration.conftest import Runtime


@pytest.fixture
def name(aws_runtime: Runtime) -> Iterator[str]:
    """Of a database, of the bucket with its tables, and of a stack."""
    made = f"lost{uuid.uuid4().hex[:8]}"
    boto3.client("glue").create_database(DatabaseInput={"Name": made})
    boto3.client("s3").create_bucket(Bucket=made)
    yield made
    boto3.client("glue").delete_database(Name=made)


@pytest.fixture
def lake(name: str, aws_runtime: Runtime) -> Lake:
    return glue_lake(name, name, aws_runtime.region, Locks(), aws_runtime.endpoint)


def test_tables_that_the_catalog_has_lost_are_what_they_were_and_are_written_to_again(name: str, lake: Lake) -> None:
    lake.append("events", pa.table({"a": [1]}))
    lake.tag("events", "kept")
    lake.replace("events", pa.table({"a": [2, 3]}))
    rows, tags, snapshot = lake.read("events"), lake.tags("events"), lake.snapshot_id("events")
    boto3.client("glue").delete_table(DatabaseName=name, Name="events")
    assert lake.read("events") is None

    listed = boto3.client("s3").list_objects_v2(Bucket=name)["Contents"]
    newest = tables_in([(each["Key"], each["LastModified"]) for each in listed], name)
    said = registered(lake, {table: f"s3://{name}/{key}" for table, key in newest.items()})

    assert said == "1 registered, 0 there already"
    assert (lake.read("events"), lake.tags("events"), lake.snapshot_id("events")) == (rows, tags, snapshot)
    lake.append("events", pa.table({"a": [4]}))
    assert lake.rows("events") == 3


def test_buckets_that_were_left_are_found_with_the_key_that_they_are_under(name: str) -> None:
    s3, key = boto3.client("s3"), boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    zones = [zone for zone in Buckets.model_fields if zone != "key"]
    for zone in zones:
        bucket = f"{name}-storage{zone.replace('_', '')}-1"
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    said = list(lines(s3, name, used=()))

    assert said == [
        "[buckets]",
        *(f'{each} = "{name}-storage{each.replace("_", "")}-1"' for each in zones),
        f'key = "{key}"',
    ]
