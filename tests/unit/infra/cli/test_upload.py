"""Uploading sends what is new."""

import hashlib
from pathlib import Path
from typing import Any

from infra.cli.upload import upload_folder


class Bucket:
    """The three calls of an S3 client that an upload needs, over a dict."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": k, "ETag": f'"{hashlib.md5(v).hexdigest()}"'} for k, v in self.objects.items()]}]

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - S3's own names
        self.objects[Key] = Body


def test_files_below_the_prefixes_are_sent_once(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage" / "a.ndjson").write_text("{}")
    (tmp_path / "truth.json").write_text("{}")
    bucket = Bucket()

    assert upload_folder(bucket, "uploads", tmp_path, ["usage/"]) == 1
    assert upload_folder(bucket, "uploads", tmp_path, ["usage/"]) == 0
    assert list(bucket.objects) == ["usage/a.ndjson"]


def test_a_file_that_changed_is_sent_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    bucket = Bucket()
    upload_folder(bucket, "uploads", tmp_path, ["a"])

    (tmp_path / "a").write_text("2")

    assert upload_folder(bucket, "uploads", tmp_path, ["a"]) == 1
    assert bucket.objects["a"] == b"2"
