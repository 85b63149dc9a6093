"""All identifiers of one person: from any of them to those that contacts of the sources tie to it, and to the records that hang on them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from holdfast.settings import Settings
from privacy import bodies, rows, tables
from privacy.buckets import Bucket
from privacy.sought import Sought
from privacy.whose import Whose, contact_streams, followed_streams, whose


@dataclass(frozen=True)
class Sources:
    """Where contacts are: in the lake's tables of streams, and as they landed."""

    place: tables.Place
    landing: Bucket
    settings: Settings


def close(sought: Sought, sources: Sources, run: str = "") -> None:
    """Seek everything that belongs together with what is sought. With a `run` only what that run landed is looked through."""
    people = [
        (held, owner) for table in contact_streams(sources.settings) for held, owner in _rows(sources, table, run)
    ]
    while any(rows.linked(held, owner, sought) for held, owner in people):
        continue
    for table in followed_streams(sources.settings):
        for held, owner in _rows(sources, table, run):
            rows.followed(held, owner, sought)


def _rows(sources: Sources, table: str, run: str) -> Iterator[tuple[pa.Table, Whose]]:
    owner = whose(table, sources.settings)
    for held in _landed(sources.landing, table, run):
        yield held, owner
    for held in () if run else tables.versions(sources.place, f"raw_{table}"):
        yield held, owner


def _landed(landing: Bucket, table: str, run: str) -> Iterator[pa.Table]:
    for each in landing.versions(f"landing/run={run}/{table}/" if run else "landing/"):
        if not each.mark and f"/{table}/" in each.key:
            held = bodies.table_of(landing.read(each))
            if held is not None:
                yield held
