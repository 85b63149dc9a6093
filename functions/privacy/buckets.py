"""Objects with all their versions: the seam between the stage and S3, with the twin in memory that tests use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from holdfast.aws import client, error_code, translated
from holdfast.errors import ErasureUnfinished
from holdfast.recovery import with_etag

_AT_ONCE = 1000
"""Versions in one call."""


class Version(NamedTuple):
    """One version of an object, or the mark that it was deleted."""

    key: str
    id: str
    latest: bool
    mark: bool
    etag: str = ""


class Bucket(Protocol):
    """A versioned bucket; `address` leads the keys where other tools name its objects."""

    name: str
    address: str

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """All versions under a prefix; those of one key follow each other, the latest first."""
        ...

    def read(self, version: Version) -> bytes:
        """A version's bytes. Raises KeyError when it is gone."""
        ...

    def write(self, key: str, body: bytes, like: Version) -> str:
        """Put another version of an object, of the same type, which remembers what its etag was; its etag now."""
        ...

    def remove(self, versions: Sequence[Version]) -> None:
        """Delete versions and marks for good."""
        ...


class S3Bucket:
    """One bucket in S3."""

    def __init__(self, name: str, s3: Any = None) -> None:
        self.name, self.address = name, f"s3://{name}/"
        self._s3 = s3 or client("s3")

    def versions(self, prefix: str = "") -> Iterator[Version]:
        with translated(f"listing versions of {self.name}"):
            for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix):
                said = [(each, False) for each in page.get("Versions", [])]
                said += [(each, True) for each in page.get("DeleteMarkers", [])]
                for each, mark in sorted(said, key=lambda one: (one[0]["Key"], not one[0]["IsLatest"])):
                    yield Version(
                        each["Key"], each["VersionId"], bool(each["IsLatest"]), mark, each.get("ETag", "").strip('"')
                    )

    def read(self, version: Version) -> bytes:
        with translated(f"reading a version in {self.name}"):
            try:
                answer = self._s3.get_object(Bucket=self.name, Key=version.key, VersionId=version.id)
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "NoSuchVersion"):
                    raise KeyError(version.key) from error
                if error_code(error) == "InvalidObjectState":
                    raise ErasureUnfinished(
                        f"an object in {self.name} is archived and cannot be read: restore what is archived there, and the same again goes on"
                    ) from error
                raise
            return bytes(answer["Body"].read())

    def write(self, key: str, body: bytes, like: Version) -> str:
        with translated(f"writing to {self.name}"):
            head = self._s3.head_object(Bucket=self.name, Key=like.key, VersionId=like.id)
            more = {name: head[name] for name in ("ContentType", "ContentEncoding") if head.get(name)}
            metadata = with_etag(head.get("Metadata", {}), like.etag)
            written = self._s3.put_object(Bucket=self.name, Key=key, Body=body, Metadata=metadata, **more)
            return str(written["ETag"]).strip('"')

    def remove(self, versions: Sequence[Version]) -> None:
        for start in range(0, len(versions), _AT_ONCE):
            listed = [{"Key": each.key, "VersionId": each.id} for each in versions[start : start + _AT_ONCE]]
            with translated(f"deleting versions in {self.name}"):
                self._s3.delete_objects(Bucket=self.name, Delete={"Objects": listed, "Quiet": True})


@dataclass
class MemoryBucket:
    """The same in a list, oldest first."""

    name: str = "memory"
    address: str = "memory://memory/"
    held: list[tuple[Version, bytes]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: map(str, count(1)))

    def put(self, key: str, body: bytes) -> None:
        """A new version, which is the latest."""
        number = next(self._ids)
        self._add(Version(key, number, latest=True, mark=False, etag=f"etag-{number}"), body)

    def delete(self, key: str) -> None:
        """A mark, which is the latest."""
        self._add(Version(key, next(self._ids), latest=True, mark=True), b"")

    def versions(self, prefix: str = "") -> Iterator[Version]:
        found = [version for version, _ in self.held if version.key.startswith(prefix)]
        yield from sorted(found, key=lambda one: (one.key, not one.latest))

    def read(self, version: Version) -> bytes:
        return next(body for held, body in self.held if held.id == version.id)

    def write(self, key: str, body: bytes, like: Version) -> str:
        self.put(key, body)
        return self.held[-1][0].etag

    def remove(self, versions: Sequence[Version]) -> None:
        gone = {each.id for each in versions}
        self.held = [(version, body) for version, body in self.held if version.id not in gone]

    def _add(self, new: Version, body: bytes) -> None:
        self.held = [(v._replace(latest=False) if v.key == new.key else v, b) for v, b in self.held] + [(new, body)]
