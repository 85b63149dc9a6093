"""Objects by key: the seam between the functions and S3, with the in-memory twin that tests use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.errors import StorageUnavailable


class Listed(NamedTuple):
    """One object as a listing shows it."""

    key: str
    size: int
    etag: str


class Readable(Protocol):
    """Byte strings by key."""

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises KeyError when there is none."""
        ...


class Store(Readable, Protocol):
    """A flat space of immutable byte strings."""

    bucket: str

    def write(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        """Put the object, whole or not at all."""
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[Listed]:
        """Objects under `prefix`, in key order; those whose keys come after another one only."""
        ...

    def uri(self, key: str) -> str:
        """The address that other tools understand."""
        ...


class S3Store:
    """Objects in one S3 bucket."""

    def __init__(self, bucket: str, s3: Any = None) -> None:
        self.bucket = bucket
        self._s3 = s3 or client("s3")

    def read(self, key: str) -> bytes:
        with translated(f"reading s3://{self.bucket}/{key}"):
            try:
                return bytes(self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error_code(error) == "NoSuchKey":
                    raise KeyError(key) from error
                raise

    def write(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        with translated(f"writing s3://{self.bucket}/{key}"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def list(self, prefix: str, after: str = "") -> Iterator[Listed]:
        wanted = {"Bucket": self.bucket, "Prefix": prefix} | ({"StartAfter": after} if after else {})
        with translated(f"listing s3://{self.bucket}/{prefix}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(**wanted):
                for item in page.get("Contents", []):
                    yield Listed(item["Key"], item["Size"], item["ETag"].strip('"'))

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"


@dataclass
class MemoryStore:
    """The same space in a dict."""

    bucket: str = "memory"
    objects: dict[str, bytes] = field(default_factory=dict)

    def read(self, key: str) -> bytes:
        return self.objects[key]

    def write(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self.objects[key] = body

    def list(self, prefix: str, after: str = "") -> Iterator[Listed]:
        for key in sorted(k for k in self.objects if k.startswith(prefix) and k > after):
            yield Listed(key, len(self.objects[key]), f"{hash(self.objects[key]):x}")

    def uri(self, key: str) -> str:
        return f"memory://{key}"


@dataclass(frozen=True)
class NearestStore:
    """A copy that may be late, before what it is copied from: what the copy does not hold is read there."""

    copy: Readable
    home: Readable

    def read(self, key: str) -> bytes:
        try:
            return self.copy.read(key)
        except KeyError:
            pass
        try:
            return self.home.read(key)
        except ClientError as error:  # a company may forbid one region what lies in another
            raise StorageUnavailable(f"{key} is not copied yet, and refused at home: {error_code(error)}") from error


def read_json(store: Readable, key: str) -> Any:
    """The object parsed as JSON. Raises KeyError when there is none."""
    return json.loads(store.read(key))


def write_json(store: Store, key: str, value: Any) -> str:
    """Write `value` as canonical JSON (sorted keys, so that equal values are equal bytes) and return the key."""
    store.write(key, json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), "application/json")
    return key
