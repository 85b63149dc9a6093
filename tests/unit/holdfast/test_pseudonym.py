"""Pseudonyms are Python's own HMAC, of what an identifier is once nothing accidental is left of it."""

import hashlib
import hmac
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.pseudonym import FORM, Pseudonymiser, normalise

KEYS = st.binary(min_size=1, max_size=200)
TEXTS = st.text(max_size=60)
DOMAINS = st.sampled_from(["customer", "account", "domäne"])


def message(domain: str, value: str) -> bytes:
    parts = domain.encode(), value.encode()
    return b"".join(b"%d:%s" % (len(part), part) for part in parts)


def reference(key: bytes, domain: str, value: str) -> str:
    return hmac.new(key, message(domain, value), hashlib.sha256).hexdigest()[:32]


@given(KEYS, st.lists(TEXTS, max_size=5), DOMAINS)
def test_a_pseudonym_is_the_standard_librarys_hmac_of_the_normalised_identifier(
    key: bytes, identifiers: list[str], domain: str
) -> None:
    made = Pseudonymiser(key, "k7").each(identifiers, domain)
    assert made == [f"k7_{reference(key, domain, normalise(each))}" for each in identifiers]
    assert all(FORM.fullmatch(each) for each in made)


@given(KEYS, KEYS, TEXTS, DOMAINS)
def test_a_later_key_hashes_the_pseudonym_of_the_one_before(key: bytes, later: bytes, text: str, domain: str) -> None:
    first = Pseudonymiser(key, "k1")
    second = Pseudonymiser(later, "k2", before=first)
    expected = f"k2_{reference(later, 'pseudonym', first.one(text, domain))}"
    assert second.one(text, domain) == expected
    assert second.lifted([first.one(text, domain), expected]) == [expected, expected]


@given(TEXTS, TEXTS, DOMAINS, DOMAINS)
def test_two_pairs_of_domain_and_identifier_never_give_the_same_message(a: str, b: str, one: str, other: str) -> None:
    same = (one, normalise(a)) == (other, normalise(b))
    assert (message(one, normalise(a)) == message(other, normalise(b))) == same


@given(TEXTS, st.booleans())
def test_normalising_twice_is_normalising_once(text: str, untagged: bool) -> None:
    once = normalise(text, untagged=untagged)
    assert normalise(once, untagged=untagged) == once


@given(TEXTS)
def test_the_ways_to_write_a_text_in_unicode_are_one_identifier(text: str) -> None:
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len({normalise(each) for each in forms}) == 1


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=40))
def test_an_ascii_identifier_goes_the_same_way_as_any_other(text: str) -> None:
    assert normalise(text) == normalise(f"{text}\u200b")


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("ada@exam\u200bple.com", "ada@example.com"),
        ("ＡＤＡ@example.com", "ada@example.com"),
        ("STRASSE 1", "straße 1"),
        ("zoe\u0308", "ZOË"),
        ("\u00a0u-17\ufeff", "u-17"),
    ],
)
def test_case_space_and_unicode_do_not_make_another_person(written: str, same: str) -> None:
    assert normalise(written) == normalise(same)


@pytest.mark.parametrize(
    ("address", "kept", "without"),
    [
        ("ada+news@example.com", "ada+news@example.com", "ada@example.com"),
        ("ada@example.com", "ada@example.com", "ada@example.com"),
        ("+@example.com", "+@example.com", "+@example.com"),
        ("a+b", "a+b", "a+b"),
    ],
)
def test_a_tag_of_an_address_goes_only_where_that_is_wanted(address: str, kept: str, without: str) -> None:
    assert (normalise(address), normalise(address, untagged=True)) == (kept, without)


def test_a_pseudonym_of_an_unknown_key_cannot_go_on() -> None:
    with pytest.raises(ValueError, match="no key that is known"):
        Pseudonymiser(b"k" * 32).lifted([f"k9_{'0' * 32}"])


def test_a_pool_of_processes_gets_the_whole_chain_of_keys() -> None:
    made = Pseudonymiser(b"b" * 32, "k2", Pseudonymiser(b"a" * 32, "k1", untagged=True), untagged=True)
    assert pickle.loads(pickle.dumps(made)).one("A+x@b.c") == made.one("a@b.c")


def test_a_key_is_in_nobodys_printout() -> None:
    assert "aaaa" not in repr(Pseudonymiser(b"b" * 32, "k2", Pseudonymiser(b"a" * 32, "k1")))
