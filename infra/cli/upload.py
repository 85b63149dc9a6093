"""Put a folder into a bucket; what is already there with the same bytes stays."""

import hashlib
from pathlib import Path
from typing import Any


def upload_folder(s3: Any, bucket: str, folder: Path, prefixes: list[str]) -> int:
    """Upload the files of `folder` whose relative path begins with one of `prefixes`, under that path; returns how many were sent."""
    held = {
        item["Key"]: item["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    }
    sent = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        key = path.relative_to(folder).as_posix()
        if not key.startswith(tuple(prefixes)):
            continue
        body = path.read_bytes()
        if held.get(key) != hashlib.md5(body, usedforsecurity=False).hexdigest():
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            sent += 1
    return sent
