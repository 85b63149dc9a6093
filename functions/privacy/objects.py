"""A zone's objects without one person: the newest version is written anew, older ones that name them go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from holdfast.observe import logger
from privacy import bodies
from privacy.bodies import Reading
from privacy.buckets import Bucket, Version
from privacy.sought import Sought

Written = Callable[[Version, str, str], None]
"""Told of an object that was written anew: the version before, the key now, the etag now."""


@dataclass
class Tally:
    """What of one place was a person's."""

    objects: int = 0
    """Objects that named them."""
    rows: int = 0
    """Rows, lines and entries of the newest versions."""
    versions: int = 0
    """Older versions that named them."""

    def __bool__(self) -> bool:
        return bool(self.objects or self.versions)

    def __iadd__(self, other: "Tally") -> "Tally":
        self.objects += other.objects
        self.rows += other.rows
        self.versions += other.versions
        return self


@dataclass(frozen=True)
class Zone:
    """One bucket, and how its objects are read."""

    name: str
    bucket: Bucket
    reading: Callable[[str], Reading]
    written: Written = lambda _before, _key, _etag: None


def erased(zone: Zone, sought: Sought, *, prefix: str = "", dry: bool = False) -> Tally:
    """Take the person out of all objects under a prefix; with `dry` only count."""
    tally = Tally()
    for versions in by_key(zone.bucket, prefix):
        tally += _erased(zone, versions, sought, dry=dry)
    return tally


def folders(bucket: Bucket) -> list[str]:
    """Prefixes that together lead all keys, two steps deep."""
    keys = {each.key for each in bucket.versions()}
    return sorted({f"{a}/{b}/" if deeper else key for key in keys for a, b, deeper in [_steps(key)]})


def _steps(key: str) -> tuple[str, str, bool]:
    first, _, rest = key.partition("/")
    second, slash, _ = rest.partition("/")
    return first, second, bool(slash)


def met(zone: Zone, sought: Sought, prefix: str = "") -> None:
    """See who is in log files: whoever a line is about is known from then on by how it is written there."""
    for version in zone.bucket.versions(prefix):
        reading = zone.reading(version.key)
        if reading.customer and not version.mark:
            sought.named(bodies.customers(zone.bucket.read(version), reading.customer))


def by_key(bucket: Bucket, prefix: str = "") -> Iterator[list[Version]]:
    """All versions of one object after the other, the latest first."""
    for _, versions in groupby(bucket.versions(prefix), lambda each: each.key):
        yield list(versions)


def _erased(zone: Zone, versions: Sequence[Version], sought: Sought, *, dry: bool) -> Tally:
    tally, gone = Tally(), []
    named = bool(sought.words(versions[0].key))
    for each in (one for one in versions if not one.mark):
        left = _left(zone, each, sought)
        if not (left.gone or named):
            continue
        gone.append(each)
        tally += Tally(int(each.latest), left.gone if each.latest else 0, int(not each.latest))
        if each.latest and not dry and left.body is not None:
            _rewrite(zone, each, left.body, sought)
    if gone and not dry:
        zone.bucket.remove(gone + _marks(versions, gone))
        logger.info("taken out of an object", zone=zone.name, rows=tally.rows, versions=tally.versions)
    return tally


def _left(zone: Zone, version: Version, sought: Sought) -> bodies.Left:
    try:
        return bodies.without(version.key, zone.bucket.read(version), zone.reading(version.key), sought)
    except KeyError:
        return bodies.Left(b"", 0)


def _rewrite(zone: Zone, before: Version, body: bytes, sought: Sought) -> None:
    key = before.key
    for word in sorted(sought.words(key), key=len, reverse=True):
        key = key.replace(word, "forgotten")
    zone.written(before, key, zone.bucket.write(key, body, before))


def _marks(versions: Sequence[Version], gone: Sequence[Version]) -> list[Version]:
    """Marks of deletion that have nothing behind them any more."""
    left = [each for each in versions if not each.mark and each not in gone]
    return [each for each in versions if each.mark and (not each.latest or not left)]
