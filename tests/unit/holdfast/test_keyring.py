"""What the secret of the pseudonyms may hold, and who is found with its keys."""

import json
from datetime import UTC, datetime

import pytest

from holdfast.errors import ConfigurationInvalid
from holdfast.keyring import keyring
from holdfast.pseudonym import Pseudonymiser

BORN = "a1B2" * 16
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_secret_that_the_stack_was_born_with_is_key_one_as_it_stands() -> None:
    ring = keyring(BORN, "s")
    assert ring.current.one("u-1") == Pseudonymiser(BORN.encode(), "k1").one("u-1")
    assert [each.key_id for each in ring.every] == ["k1"]


def test_a_rotation_adds_a_key_of_256_bits_and_loses_none() -> None:
    ring = keyring(BORN, "s").rotated(NOW)
    again = keyring(ring.to_secret(), "s")
    assert again == ring
    assert [key.id for key in again.keys] == ["k1", "k2"]
    assert len(bytes.fromhex(again.keys[1].value)) == 32
    assert again.keys[0].value == BORN
    assert ring.rotated(NOW).keys[1].value != keyring(BORN, "s").rotated(NOW).keys[1].value


def test_somebody_is_known_under_every_key_the_current_one_first() -> None:
    ring = keyring(BORN, "s").rotated(NOW).rotated(NOW)
    found = ring.pseudonyms("U-1 ")
    assert [each.partition("_")[0] for each in found] == ["k3", "k2", "k1"]
    assert found == tuple(each.one("u-1") for each in ring.every)


def test_a_pseudonym_of_an_earlier_key_finds_the_same_person() -> None:
    ring = keyring(BORN, "s").rotated(NOW).rotated(NOW)
    newest, middle, oldest = ring.pseudonyms("u-1")
    assert ring.pseudonyms(oldest) == (newest, middle, oldest)
    assert ring.pseudonyms(middle) == (newest, middle)
    assert ring.pseudonyms(newest) == (newest,)


def test_what_only_looks_like_a_pseudonym_is_an_identifier() -> None:
    ring = keyring(BORN, "s")
    foreign = f"k2_{'0' * 32}"
    assert not ring.knows(foreign)
    assert ring.pseudonyms(foreign) == (ring.current.one(foreign),)


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        ("short", "k1 has under 32"),
        ("{}", "ids of their own"),
        (json.dumps({"keys": [{"id": "k1", "key": "s" * 31}]}), "k1 has under 32"),
        (json.dumps({"keys": [{"id": "k1", "key": "s" * 64}, {"id": "k1", "key": "t" * 64}]}), "ids of their own"),
        (json.dumps({"keys": [{"id": "new", "key": "s" * 64}]}), "ids of their own"),
    ],
)
def test_a_secret_that_is_wrong_is_refused_without_being_told(held: str, wrong: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=wrong) as refused:
        keyring(held, "holdfast/key")
    assert "holdfast/key" in str(refused.value)
    assert "sss" not in str(refused.value)
    assert "short" not in str(refused.value)
