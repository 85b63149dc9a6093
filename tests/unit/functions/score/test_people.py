"""Whom a request means, while the keys of the pseudonyms change."""

from datetime import UTC, datetime

import pytest

from holdfast.keyring import Keyring, keyring
from holdfast.records import DOMAIN, LEADS_TO
from score.held import MemoryVectors
from score.people import People
from tests.doubles.erasure import SETTINGS

BORN = keyring("a1B2" * 16, "s")
ROTATED = BORN.rotated(datetime(2026, 11, 24, tzinfo=UTC))


class Scene:
    """A warm function: its keys were read at second 0. Contacts 7 and 8 of the CRM are customer u-1, and there is a customer "7"."""

    def __init__(self, held_under: Keyring) -> None:
        key = held_under.current
        self.item, self.other = {"customer_id": key.one("u-1")}, {"customer_id": key.one("7")}
        self.ring, self.now, self.reads = BORN, 0.0, 0
        leads = [
            {"customer_id": key.one(f"crm/contacts/{each}", DOMAIN), LEADS_TO: key.one("u-1")} for each in ("7", "8")
        ]
        self.items = {item["customer_id"]: item for item in (self.item, self.other, *leads)}
        self.people = People(self._read, MemoryVectors(self.items), lambda: self.now, SETTINGS.sources)

    def _read(self) -> Keyring:
        self.reads += 1
        return self.ring


def test_a_customer_is_found_by_id_and_by_pseudonym() -> None:
    scene = Scene(BORN)
    assert scene.people.find("U-1") == scene.item
    assert scene.people.find(scene.item["customer_id"]) == scene.item
    assert scene.people.find("u-2") is None


@pytest.mark.parametrize("record", ["crm:7", "crm:8", " crm: 8 "])
def test_every_record_of_a_customer_leads_there_and_the_same_number_alone_is_an_id_of_the_product(record: str) -> None:
    scene = Scene(BORN)
    assert scene.people.find(record) == scene.item
    assert scene.people.find("7") == scene.other
    assert scene.people.find_all([record, "7", "crm:9", "desk:7", "8"]) == [scene.item, scene.other, None, None, None]


def test_a_record_whose_customer_has_no_score_is_nobody() -> None:
    scene = Scene(BORN)
    del scene.items[scene.item["customer_id"]]
    assert scene.people.find("crm:7") is None
    assert scene.people.find_all(["crm:7"]) == [None]


def test_a_record_that_still_leads_to_an_earlier_name_is_followed_to_the_later_one() -> None:
    scene = Scene(BORN)
    scene.ring = ROTATED
    del scene.items[scene.item["customer_id"]]
    later = {"customer_id": ROTATED.current.one("u-1")}
    scene.items[later["customer_id"]] = later
    assert scene.people.find("crm:7") == later
    assert scene.people.find_all(["crm:7"]) == [later]


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
