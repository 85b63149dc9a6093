"""A deployment's buckets and its registry, as the common layer's seams."""

from collections.abc import Iterator

from holdfast import recovery
from holdfast.registry import DynamoRegistry
from holdfast.store import Listed
from infra.cli.deployment import Deployment, explained


class BucketOf:
    """A bucket of a deployment, as `holdfast.store.Store`."""

    def __init__(self, deployment: Deployment, bucket: str) -> None:
        self.bucket = bucket
        self._s3, self._endpoint = deployment.client("s3"), deployment.endpoint

    def read(self, key: str) -> bytes:
        """An object's bytes. Raises KeyError when there is none."""
        with explained(self._endpoint):
            try:
                return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            except self._s3.exceptions.NoSuchKey as error:
                raise KeyError(key) from error

    def write(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        """Put an object."""
        with explained(self._endpoint):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def list(self, prefix: str, after: str = "") -> Iterator[Listed]:
        """Objects under a prefix, behind a key."""
        wanted = {"Bucket": self.bucket, "Prefix": prefix} | ({"StartAfter": after} if after else {})
        with explained(self._endpoint):
            for page in self._s3.get_paginator("list_objects_v2").paginate(**wanted):
                for item in page.get("Contents", []):
                    yield Listed(item["Key"], item["Size"], item["ETag"].strip('"'))

    def uri(self, key: str) -> str:
        """The address."""
        return f"s3://{self.bucket}/{key}"


def artifacts_of(deployment: Deployment) -> BucketOf:
    """Where bundles, feature sets, runs and reports lie."""
    return BucketOf(deployment, deployment.artifacts_bucket)


def landing_of(deployment: Deployment) -> BucketOf:
    """Where rows lie as they were pulled."""
    return BucketOf(deployment, deployment.landing_bucket)


def note_champion(deployment: Deployment) -> None:
    """Copy who serves to where it outlives the state table."""
    recovery.note_champion(artifacts_of(deployment), registry_of(deployment).champion())


def registry_of(deployment: Deployment) -> DynamoRegistry:
    """Which bundle serves."""
    return DynamoRegistry(deployment.state_table, deployment.client("dynamodb"))
