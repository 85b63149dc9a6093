"""Of an object every version that names the person goes; what is left is written once and said to whoever books it."""

from privacy import objects
from privacy.bodies import Reading
from privacy.buckets import MemoryBucket
from privacy.objects import Tally, Zone
from privacy.sought import Sought
from privacy.whose import ANYBODYS
from tests.doubles.erasure import RING

HERS = b'{"user_id":"u-000012"}\n'
HIS = b'{"user_id":"u-000013"}\n'


def sought() -> Sought:
    made = Sought(RING)
    made.learn("u-000012")
    made.named(["u-000012"])
    return made


def erased(bucket: MemoryBucket, **more: bool) -> tuple[Tally, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    zone = Zone("uploads", bucket, lambda _: Reading(ANYBODYS, "user_id"), lambda b, k, e: told.append((b.etag, k)))
    return objects.erased(zone, sought(), **more), told


def contents(bucket: MemoryBucket) -> list[tuple[str, bytes, bool]]:
    return [(version.key, body, version.mark) for version, body in bucket.held]


def test_the_newest_version_is_written_anew_and_older_ones_with_the_person_go() -> None:
    bucket = MemoryBucket()
    for body in (HERS, HIS, HERS + HIS):
        bucket.put("usage/a", body)

    tally, told = erased(bucket)

    assert contents(bucket) == [("usage/a", HIS, False), ("usage/a", HIS, False)]
    assert tally == Tally(objects=1, rows=1, versions=1)
    assert told == [("etag-3", "usage/a")]


def test_of_a_deleted_object_nothing_is_left_not_even_the_mark() -> None:
    bucket = MemoryBucket()
    bucket.put("usage/a", HERS)
    bucket.delete("usage/a")
    bucket.put("usage/b", HIS)
    bucket.delete("usage/b")

    erased(bucket)

    assert contents(bucket) == [("usage/b", HIS, False), ("usage/b", b"", True)]


def test_an_object_that_is_called_after_the_person_gets_another_name() -> None:
    bucket = MemoryBucket()
    bucket.put("usage/u-000012/a", HIS)

    _, told = erased(bucket)

    assert contents(bucket) == [("usage/forgotten/a", HIS, False)]
    assert told == [("etag-1", "usage/forgotten/a")]


def test_looking_changes_nothing_and_a_second_time_there_is_nothing() -> None:
    bucket = MemoryBucket()
    bucket.put("usage/a", HERS + HIS)
    before = contents(bucket)

    looked, _ = erased(bucket, dry=True)
    unchanged = contents(bucket)
    taken, _ = erased(bucket)

    assert unchanged == before
    assert looked == taken == Tally(1, 1, 0)
    assert not erased(bucket)[0]


def test_folders_lead_every_key_once() -> None:
    bucket = MemoryBucket()
    for key in ("a", "usage/b", "usage/2026/05/c", "usage/2026/06/d", "usage/2026-x"):
        bucket.put(key, HIS)

    found = objects.folders(bucket)

    assert found == ["a", "usage/2026-x", "usage/2026/", "usage/b"]
    led = [key for folder in found for key in {v.key for v in bucket.versions(folder)}]
    assert sorted(led) == sorted({v.key for v in bucket.versions()})
