"""All that a deployment holds, taken once and put back before each schedule: objects, tables of the catalog, items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.cli.deployment import Deployment

_ONCE = 1000
"""Objects that S3 deletes in one call."""
_TABLE = ("Name", "Description", "Parameters", "StorageDescriptor", "TableType", "PartitionKeys")
Key = tuple[str, str]


@dataclass(frozen=True)
class Snapshot:
    """What `taken` found: bodies of objects with their etags, Glue's tables, DynamoDB's items."""

    objects: dict[Key, tuple[str, bytes]] = field(default_factory=dict)
    """(bucket, key) -> (etag, body)."""
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def back(self, deployment: Deployment) -> None:
        """Make the deployment hold this and nothing else."""
        self._objects_back(deployment)
        self._tables_back(deployment)
        self._items_back(deployment)

    def _objects_back(self, deployment: Deployment) -> None:
        s3, there = deployment.client("s3"), etags(deployment)
        for bucket in buckets(deployment):
            gone = [{"Key": key} for owner, key in there if owner == bucket and (bucket, key) not in self.objects]
            for start in range(0, len(gone), _ONCE):
                s3.delete_objects(Bucket=bucket, Delete={"Objects": gone[start : start + _ONCE], "Quiet": True})
        for (bucket, key), (etag, body) in self.objects.items():
            if there.get((bucket, key)) != etag:
                s3.put_object(Bucket=bucket, Key=key, Body=body)

    def _tables_back(self, deployment: Deployment) -> None:
        glue, there = deployment.client("glue"), tables(deployment)
        for name in there:
            if there[name] != self.tables.get(name):
                glue.delete_table(DatabaseName=deployment.database, Name=name)
        for name, table in self.tables.items():
            if there.get(name) != table:
                glue.create_table(DatabaseName=deployment.database, TableInput=table)

    def _items_back(self, deployment: Deployment) -> None:
        dynamodb = deployment.client("dynamodb")
        for name in (deployment.state_table, deployment.scores_table):
            schema = dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]
            keys, held = [each["AttributeName"] for each in schema], self.items.get(name, [])
            for item in items(deployment, name):
                if item not in held:
                    dynamodb.delete_item(TableName=name, Key={key: item[key] for key in keys})
            for item in held:
                dynamodb.put_item(TableName=name, Item=item)


def taken(deployment: Deployment, only: str = "") -> Snapshot:
    """What a deployment holds now; with `only`, nothing but the objects of that bucket."""
    s3 = deployment.client("s3")
    objects = {
        (bucket, key): (etag, s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        for (bucket, key), etag in etags(deployment).items()
        if not only or bucket == only
    }
    if only:
        return Snapshot(objects)
    names = (deployment.state_table, deployment.scores_table)
    return Snapshot(objects, tables(deployment), {name: list(items(deployment, name)) for name in names})


def buckets(deployment: Deployment) -> tuple[str, ...]:
    """Every bucket of a deployment."""
    return (deployment.uploads_bucket, deployment.landing_bucket, deployment.quarantine_bucket, deployment.lake_bucket,
            deployment.artifacts_bucket)  # fmt: skip


def etags(deployment: Deployment) -> dict[Key, str]:
    """Etag by bucket and key."""
    pages = deployment.client("s3").get_paginator("list_objects_v2")
    return {
        (bucket, each["Key"]): each["ETag"]
        for bucket in buckets(deployment)
        for page in pages.paginate(Bucket=bucket)
        for each in page.get("Contents", [])
    }


def tables(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Glue's tables by name, as they are given to it."""
    pages = deployment.client("glue").get_paginator("get_tables").paginate(DatabaseName=deployment.database)
    return {
        table["Name"]: {name: table[name] for name in _TABLE if name in table}
        for page in pages
        for table in page["TableList"]
    }


def items(deployment: Deployment, table: str) -> Iterator[dict[str, Any]]:
    """All items of a table of DynamoDB."""
    for page in deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]
