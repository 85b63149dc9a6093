"""Who was forgotten stays so when the state table is lost: from the copy, and from nothing else."""

from pathlib import Path

import pytest

from holdfast import recovery
from holdfast.errors import StateLost
from holdfast.keyring import Key, Keyring
from privacy import forgetting, register
from privacy.register import LIFTED, MemoryRegister
from tests.doubles.erasure import RING, Estate, estate


@pytest.fixture
def held(tmp_path: Path) -> Estate:
    return estate(tmp_path)


def forgotten(held: Estate, person: str) -> str:
    return str(forgetting.forget(held.house(), person, unknown=True)["receipt"])


def test_every_erasure_is_copied_and_comes_back_with_whom_it_keeps_out(held: Estate) -> None:
    receipts = {forgotten(held, "ada@example.com"), forgotten(held, "bob@example.com")}
    before, held.register = held.register, MemoryRegister()

    assert register.put_back(held.register, held.store) == 2

    assert held.register == before
    assert {each.receipt for each in held.register.requests()} == receipts


def test_the_copy_names_nobody(held: Estate) -> None:
    forgotten(held, "ada@example.com")

    said = held.store.read(recovery.FORGOTTEN).decode()

    assert "ada" not in said
    assert not any(each in said for each in RING.pseudonyms("ada@example.com"))


def test_what_is_there_already_is_left_as_it_is(held: Estate) -> None:
    receipt = forgotten(held, "ada@example.com")
    held.register.lift(receipt)

    assert register.put_back(held.register, held.store) == 0
    assert held.register.tokens() == {}


def test_who_was_let_in_again_does_not_come_back_onto_the_list(held: Estate) -> None:
    forgetting.lift(held.house(), forgotten(held, "ada@example.com"))
    held.register = MemoryRegister()

    assert register.put_back(held.register, held.store) == 1
    assert held.register.tokens() == {}
    assert [each.status for each in held.register.requests()] == [LIFTED]


def test_without_a_copy_nothing_is_put_back(held: Estate) -> None:
    assert register.put_back(held.register, held.store) == 0


def test_a_list_that_has_lost_somebody_is_never_copied_over_the_copy(held: Estate) -> None:
    forgotten(held, "ada@example.com")
    copy, held.register = recovery.copied(held.store), MemoryRegister()

    with pytest.raises(StateLost, match="holdfast recover"):
        register.copy(held.register, held.store, RING.every)
    with pytest.raises(StateLost):
        forgotten(held, "bob@example.com")

    assert recovery.copied(held.store) == copy


def test_other_keys_are_refused_and_a_later_one_is_not(held: Estate) -> None:
    forgotten(held, "ada@example.com")

    with pytest.raises(StateLost, match="--keys"):
        register.copy(held.register, held.store, Keyring((Key("k1", "9" * 64),)).every)
    later = Keyring((*RING.keys, Key("k3", "3" * 64)))
    register.copy(held.register, held.store, later.every)

    assert recovery.copied(held.store).keys.startswith("k3_")  # type: ignore[union-attr]


def test_what_somebody_else_adds_meanwhile_is_copied_too(held: Estate) -> None:
    class Growing(MemoryRegister):
        def tokens(self) -> dict[str, str]:
            before = super().tokens()
            self.held.setdefault("later", "receipt")
            return before

    register.copy(Growing(), held.store, RING.every)

    assert recovery.copied(held.store).tokens == {"later": "receipt"}  # type: ignore[union-attr]
