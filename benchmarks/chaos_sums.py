"""Row-level checksums of all that a deployment holds, and what differs between two of them."""

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from benchmarks.chaos_files import FILES
from benchmarks.chaos_snapshot import items
from holdfast.records import LEADS_TO
from infra.cli.deployment import Deployment
from infra.cli.lake import lake_of

Sums = dict[str, Counter[str]]
"""By table, how often there is a row of each hash."""
Told = Callable[[dict[str, Any]], dict[str, Any]]
"""What is compared of a row."""

_STRANGE = tuple(key for key, _ in FILES.values())
"""Files that a night without faults does not have."""
UNLIKE = frozenset({"run", "run_id", "scored_at", "made_at", "trained_at", "_run", "_known_at"})
"""Columns that say when and by which run a row was written, and nothing else."""
_KEYS = frozenset(
    {"id", "record", "source", "stream", "as_of", "cutoff", "change", "feature", "_event_time", "_removed"}
)
"""Columns that tell a row of a table from others, beside every `…_id`."""


@dataclass(frozen=True)
class Differing:
    """Rows of a table that are not as they should be."""

    table: str
    lost: int
    extra: int


def sums(deployment: Deployment) -> Sums:
    """Every table of the lake, the served scores, the bookmarks of log files, and the distinct rows that landed.

    Cursors of streams are not among them, since some are the time of the pull: what a wrong one loses the next night shows.
    """
    bookmarks = {"bookmarks": counted(_bookmarks(deployment))}
    return dict(_lake(deployment)) | _served(deployment) | bookmarks | dict(_landed(deployment))


def keyed(deployment: Deployment) -> Sums:
    """Of every table of the lake, and of the served scores, the keys alone: what tells a row from others, whatever else it says."""
    return dict(_lake(deployment, _keys)) | _served(deployment, _keys)


def differing(ours: Sums, whole: Sums) -> list[Differing]:
    """What was lost and what is there too often, by table; a changed row is both."""
    found = []
    for table in sorted(ours.keys() | whole.keys()):
        has, had = ours.get(table, Counter()), whole.get(table, Counter())
        lost, extra = (had - has).total(), (has - had).total()
        if lost or extra:
            found.append(Differing(table, lost, extra))
    return found


def rows(told: Sums) -> int:
    """How many rows were compared."""
    return sum(each.total() for each in told.values())


def _served(deployment: Deployment, told: Told = dict) -> Sums:
    """What is served of customers, and which records of the sources lead to them: versions before the latter have none."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item in map(_plain, items(deployment, deployment.scores_table)):
        found.setdefault("records served" if LEADS_TO in item else "scores served", []).append(told(item))
    return {name: counted(rows) for name, rows in found.items()}


def _lake(deployment: Deployment, told: Told = dict) -> Iterator[tuple[str, Counter[str]]]:
    lake = lake_of(deployment)
    for name in lake.names():
        table = lake.read(name)
        yield name, counted(map(told, table.to_pylist() if table is not None else []))


def _keys(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in _KEYS or name.endswith("_id")}


def _landed(deployment: Deployment) -> Iterator[tuple[str, Counter[str]]]:
    """By table, the distinct rows of all runs: a run that is made again may land what another one did."""
    s3 = deployment.client("s3")
    found: dict[str, set[Any]] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.landing_bucket, Prefix="landing/"):
        for each in page.get("Contents", []):
            body = s3.get_object(Bucket=deployment.landing_bucket, Key=each["Key"])["Body"].read()
            seen = found.setdefault(f"landed {each['Key'].split('/')[2]}", set())
            seen |= set(counted(pq.read_table(io.BytesIO(body)).to_pylist()))
    yield from ((name, Counter(seen)) for name, seen in found.items())


def _bookmarks(deployment: Deployment) -> Iterator[dict[str, Any]]:
    for item in map(_plain, items(deployment, deployment.state_table)):
        if item["pk"].startswith("files#") and not item["sk"].endswith(_STRANGE):
            yield {name: item[name] for name in ("pk", "sk", "etag")}


def _plain(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in item.items()}


def counted(found: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often there is each row, by its hash."""
    return Counter(map(_hash, found))


def _hash(row: dict[str, Any]) -> str:
    """A record that is missed by a whole pull is removed as of the pull: when that was is the run's own, too."""
    unlike = UNLIKE | {"_updated_at"} if row.get("_removed") else UNLIKE
    told = sorted((name, value) for name, value in row.items() if name not in unlike and value is not None)
    return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()
