"""Whom a request means, while the keys of the pseudonyms change."""

from datetime import UTC, datetime

from holdfast.keyring import Keyring, keyring
from score.held import MemoryVectors
from score.people import People

BORN = keyring("a1B2" * 16, "s")
ROTATED = BORN.rotated(datetime(2026, 11, 24, tzinfo=UTC))


class Scene:
    """A warm function: its keys were read at second 0."""

    def __init__(self, held_under: Keyring) -> None:
        name = held_under.current.one("u-1")
        self.item = {"customer_id": name}
        self.ring, self.now, self.reads = BORN, 0.0, 0
        self.people = People(self._read, MemoryVectors({name: self.item}), lambda: self.now)

    def _read(self) -> Keyring:
        self.reads += 1
        return self.ring


def test_a_customer_is_found_by_id_and_by_pseudonym() -> None:
    scene = Scene(BORN)
    assert scene.people.find("U-1") == scene.item
    assert scene.people.find(scene.item["customer_id"]) == scene.item
    assert scene.people.find("u-2") is None


def test_whoever_is_still_held_under_the_old_key_is_found_after_a_rotation() -> None:
    scene = Scene(BORN)
    scene.ring = ROTATED
    assert scene.people.find("u-1") == scene.item


def test_a_warm_function_looks_for_a_new_key_when_somebody_is_not_found() -> None:
    scene = Scene(ROTATED)
    assert scene.people.find("u-1") is None
    scene.ring, scene.now = ROTATED, 61.0
    assert scene.people.find("u-1") == scene.item
    assert scene.people.find(BORN.current.one("u-1")) == scene.item


def test_who_asks_for_strangers_does_not_have_the_secret_read_each_time() -> None:
    scene = Scene(BORN)
    for stranger in range(20):
        scene.people.find(f"x-{stranger}")
    assert scene.reads == 1


def test_many_are_found_in_their_order_each_by_any_name_and_under_any_key() -> None:
    scene = Scene(BORN)
    scene.ring = ROTATED
    assert scene.people.find_all(["x-1", "u-1", scene.item["customer_id"], "U-1"]) == [None, *[scene.item] * 3]
