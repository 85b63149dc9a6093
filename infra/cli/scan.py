"""A search of every byte that a deployment holds, for anything that names given people.

It knows no list of places: every bucket of the account with all versions, every table of items, every queue. What is packed is
unpacked, Parquet and Avro are read value by value beside their raw bytes.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import zstandard

from holdfast.keyring import Keyring, keyring
from infra.cli.avro import inflated
from infra.cli.deployment import Deployment

_BOUND = 15
"""Characters of a text that a column's bound keeps: sixteen, of which an upper one's last is another."""
_EDGE = r"[\w.+-]"


@dataclass(frozen=True)
class Needles:
    """What is looked for: `texts` as whole words anywhere, in any case; `values` only as a whole value of a column or an item."""

    texts: frozenset[str]
    values: frozenset[str] = frozenset()
    _pattern: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole = "|".join(re.escape(each) for each in sorted(map(str.casefold, self.texts), key=len, reverse=True))
        made = re.compile(f"(?<!{_EDGE})(?:{whole})(?![\\w+-])".encode()) if whole else re.compile(b"(?!)")
        object.__setattr__(self, "_pattern", made)

    def inside(self, body: bytes) -> set[str]:
        """Texts in some bytes."""
        return {found.decode(errors="replace") for found in self._pattern.findall(body.lower())}

    def among(self, values: Iterable[Any]) -> set[str]:
        """Whole values, and texts in them."""
        said = {str(each) if not isinstance(each, bytes) else each.decode(errors="replace") for each in values}
        joined = "\n".join(said).casefold().encode()
        return {each for each in said if each in self.values} | self.inside(joined)


@dataclass(frozen=True)
class Hit:
    """Something that was found, and where."""

    where: str
    what: str


def scanned(deployment: Deployment, needles: Needles) -> list[Hit]:
    """All that is found anywhere."""
    return [*buckets(deployment, needles), *items(deployment, needles), *queues(deployment, needles)]


def ring_of(deployment: Deployment) -> Keyring:
    """The keys of a deployment's pseudonyms, with the operator's own rights."""
    client = deployment.client("secretsmanager")
    pages = client.get_paginator("list_secrets").paginate()
    arn = next(each["ARN"] for page in pages for each in page["SecretList"] if "PseudonymKey" in each["Name"])
    return keyring(client.get_secret_value(SecretId=arn)["SecretString"], arn)


def buckets(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Every version of every object of every bucket, and their names."""
    s3 = deployment.client("s3")
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for mark in page.get("DeleteMarkers", []):
                yield from _hits(f"{bucket}/{mark['Key']} (deleted)", needles.inside(mark["Key"].encode()))
            for each in page.get("Versions", []):
                where = f"{bucket}/{each['Key']}" + ("" if each["IsLatest"] else " (older)")
                yield from _hits(where, needles.inside(each["Key"].encode()))
                body = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read()
                yield from _hits(where, within(body, needles))


def items(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Every attribute of every item of every table."""
    dynamodb = deployment.client("dynamodb")
    for page in dynamodb.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            for found in dynamodb.get_paginator("scan").paginate(TableName=table):
                for item in found["Items"]:
                    yield from _hits(table, needles.among(_attributes(item)))


def queues(deployment: Deployment, needles: Needles) -> Iterator[Hit]:
    """Every message that waits in a queue; it is there again afterwards."""
    sqs = deployment.client("sqs")
    for queue in sqs.list_queues().get("QueueUrls", []):
        seen: dict[str, dict[str, Any]] = {}
        while messages := _received(sqs, queue):
            fresh = {each["MessageId"]: each for each in messages if each["MessageId"] not in seen}
            seen |= fresh
            if not fresh:
                break
        for each in seen.values():
            yield from _hits(queue, needles.inside(each["Body"].encode()))
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0)


def within(body: bytes, needles: Needles) -> set[str]:
    """What is found in some bytes, as they are and as what they hold."""
    found = needles.inside(body)
    if body.startswith(b"\x1f\x8b"):
        found |= within(_gunzipped(body), needles)
    elif body.startswith(b"\x28\xb5\x2f\xfd"):
        found |= within(_unzstd(body), needles)
    elif body.startswith(b"PAR1"):
        found |= needles.among(_cells(body))
    elif body.startswith(b"Obj\x01"):
        found |= _in_avro(body, needles)
    elif body[:1] in (b"{", b"["):
        found |= needles.among(_leaves(body))
    return found


def _hits(where: str, found: Iterable[str]) -> Iterator[Hit]:
    return (Hit(where, each) for each in sorted(found))


def _cells(body: bytes) -> Iterator[Any]:
    import pyarrow.parquet as pq  # heavy: only who scans pays for it

    file = pq.ParquetFile(io.BytesIO(body))
    for batch in file.iter_batches():
        for column in batch.columns:
            if _hashable(column):
                yield from column.unique().to_pylist()
            else:
                yield from _flat(column.to_pylist())
    for group in range(file.metadata.num_row_groups):
        for number in range(file.metadata.num_columns):
            bounds = file.metadata.row_group(group).column(number).statistics
            yield from ((bounds.min, bounds.max) if bounds and bounds.has_min_max else ())


def _hashable(column: Any) -> bool:
    import pyarrow as pa

    return not pa.types.is_nested(column.type)


def _in_avro(body: bytes, needles: Needles) -> set[str]:
    """What is in a manifest. Texts stand in Avro as they are; a column's bound is a text that was cut off, and as much of one as it
    keeps is enough to be found."""
    plain = inflated(body).lower()
    telling = (text for text in needles.texts if len(text) > _BOUND and ("@" in text or text.startswith("k")))
    cut = {text for text in telling if text[:_BOUND].casefold().encode() in plain}
    return cut | needles.inside(plain)


def _leaves(body: bytes) -> Iterator[Any]:
    try:
        yield from _flat(json.loads(body))
    except ValueError:
        for line in body.splitlines():
            try:
                yield from _flat(json.loads(line))
            except ValueError:
                continue


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _flat(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _attributes(item: dict[str, Any]) -> Iterator[Any]:
    for typed in item.values():
        for value in typed.values():
            yield from _flat(value)
            if isinstance(value, str) and value[:1] in ("{", "["):
                yield from _leaves(value.encode())


def _received(sqs: Any, queue: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=60, WaitTimeSeconds=0)
    return list(answer.get("Messages", []))


def _gunzipped(body: bytes) -> bytes:
    """As much as can be unpacked."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        unpacker, held = zlib.decompressobj(31), bytearray()
        for start in range(0, len(body), 1 << 16):
            try:
                held += unpacker.decompress(body[start : start + (1 << 16)])
            except zlib.error:
                break
        return bytes(held)


def _unzstd(body: bytes) -> bytes:
    held = bytearray()
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
        try:
            while chunk := reader.read(1 << 20):
                held += chunk
        except zstandard.ZstdError:
            return bytes(held)
    return bytes(held)
