"""Buckets that an earlier stack has left: found by the beginning of their names, and said as `[buckets]` of holdfast.toml says them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from holdfast.settings import Buckets
from infra.trouble import Trouble

_KEY = "key"
_ZONES = tuple(name for name in Buckets.model_fields if name != _KEY)


def lines(s3: Any, name: str, used: Collection[str]) -> Iterator[str]:
    """The section for stack `name`; buckets that are `used` are another stack's. Raises Trouble where there is none."""
    listed = [(each["Name"], each["CreationDate"]) for each in s3.list_buckets()["Buckets"]]
    return section(name, [each for each in listed if each[0] not in used], lambda bucket: key_of(s3, bucket))


def section(name: str, listed: Iterable[tuple[str, datetime]], key: Callable[[str], str]) -> Iterator[str]:
    """The same of buckets with the moments when they were made; `key` says of one the key that it is under, if any."""
    newest_first = [each for each, _ in sorted(listed, key=lambda each: each[1], reverse=True)]
    found = {zone: [each for each in newest_first if each.startswith(_beginning(name, zone))] for zone in _ZONES}
    if not found["artifacts"]:
        raise Trouble(
            f"no bucket's name begins with {_beginning(name, 'artifacts')}: no earlier stack {name} has left any here. Buckets of one bear "
            f"the tag application = {name}"
        )
    yield "[buckets]"
    for zone, each in found.items():
        yield _line(name, zone, each)
    arn = key(found["artifacts"][0])
    yield (
        f'{_KEY} = "{arn}"'
        if arn
        else f"# {_KEY}: the ARN of the key of KMS that they are under; their settings say none"
    )


def key_of(s3: Any, bucket: str) -> str:
    """ARN of the key of KMS that a bucket's objects are under, or nothing."""
    try:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    except ClientError:
        return ""
    return str(rules[0]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", ""))


def _line(name: str, zone: str, found: list[str]) -> str:
    """The one that was made last, and beside it those before."""
    if not found:
        return f"# {zone}: no bucket's name begins with {_beginning(name, zone)}"
    return f'{zone} = "{found[0]}"' + (f"  # made before it: {', '.join(found[1:])}" if found[1:] else "")


def _beginning(name: str, zone: str) -> str:
    """CloudFormation names a bucket after the stack and its place in it."""
    return f"{name}-storage{zone.replace('_', '')}"
