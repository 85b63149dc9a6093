"""What has a copy among the artifacts is known again, and its loss is noticed."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from holdfast import recovery
from holdfast.errors import StateLost
from holdfast.keyring import Key, Keyring
from holdfast.recovery import Forgotten
from holdfast.registry import Champion
from holdfast.store import MemoryStore, write_json

RING = Keyring((Key("k1", "1" * 64), Key("k2", "2" * 64)))
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def said(ring: Keyring = RING, *receipts: str) -> Forgotten:
    return Forgotten(recovery.fingerprint(ring.current), {"t": "a"}, [{"receipt": each} for each in receipts])


def test_a_copy_is_read_as_it_was_written() -> None:
    store = MemoryStore()

    recovery.copy(store, said(RING, "a", "b"))

    assert recovery.copied(store) == said(RING, "a", "b")
    assert said(RING, "a", "b").receipts == {"a", "b"}


def test_a_copy_that_newer_code_wrote_is_read_by_the_fields_that_are_known() -> None:
    champion = Champion("b", "run", NOW.isoformat(), ("a",), "fs")
    store = MemoryStore()
    write_json(store, recovery.FORGOTTEN, asdict(said(RING, "a")) | {"newer": 1})
    write_json(store, recovery.CHAMPION, asdict(champion) | {"newer": 1})

    assert recovery.copied(store) == said(RING, "a")
    assert recovery.noted_champion(store) == champion


def test_a_fingerprint_is_of_a_key_and_all_before_it() -> None:
    other = Keyring((Key("k1", "3" * 64), RING.keys[1]))

    assert recovery.fingerprint(RING.current) != recovery.fingerprint(other.current)
    assert recovery.knows(RING.rotated(NOW).every, recovery.fingerprint(RING.current))
    assert not recovery.knows(Keyring(RING.keys[:1]).every, recovery.fingerprint(RING.current))


def test_nothing_goes_on_with_other_keys() -> None:
    recovery.refuse_lost(said(), RING.rotated(NOW).every, set())

    with pytest.raises(StateLost, match="--keys"):
        recovery.refuse_lost(said(), Keyring((Key("k1", "9" * 64),)).every, set())


def test_nothing_goes_on_without_erasures_that_there_were() -> None:
    recovery.refuse_lost(None, RING.every, set())
    recovery.refuse_lost(said(RING, "a"), RING.every, {"a", "b"})

    with pytest.raises(StateLost, match="1 erasures are missing"):
        recovery.refuse_lost(said(RING, "a", "b"), RING.every, {"b", "c"})


def test_an_object_remembers_the_etags_that_it_had_and_no_more_than_it_may() -> None:
    once = recovery.with_etag({"by": "us"}, "a")
    metadata = recovery.with_etag(once, "b")

    assert metadata == {"by": "us", recovery.WAS: "a b"}
    for number in range(100):
        metadata = recovery.with_etag(metadata, f"{number:032}")
    assert len(metadata[recovery.WAS]) < 2000
    assert metadata[recovery.WAS].endswith(f"{99:032}")


def test_the_champion_is_noted_with_its_history_and_pin() -> None:
    store, champion = MemoryStore(), Champion("b", "run", NOW.isoformat(), ("a",), "fs")

    assert recovery.noted_champion(store) is None
    recovery.note_champion(store, None)
    assert recovery.noted_champion(store) is None
    recovery.note_champion(store, champion)
    recovery.note_champion(store, replace(champion, version="c"))

    assert recovery.noted_champion(store) == replace(champion, version="c")
