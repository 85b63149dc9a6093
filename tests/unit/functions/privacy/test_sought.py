"""Who is sought is known by any identifier under any key, and the list of it tells nothing."""

from privacy.sought import Sought, token
from tests.doubles.erasure import RING

ADA = "ada@example.com"


def sought(*identifiers: str) -> Sought:
    made = Sought(RING)
    for each in identifiers:
        made.learn(each)
    return made


def test_an_identifier_is_found_however_it_is_written_and_as_its_pseudonym_under_every_key() -> None:
    forms = [ADA, " ADA@Example.com ", *RING.pseudonyms(ADA)]

    assert sought(ADA).named([*forms, "bo@example.com", *RING.pseudonyms("bo@example.com"), None]) == set(forms)


def test_from_a_pseudonym_of_an_earlier_key_the_later_ones_and_the_address_are_found() -> None:
    first = RING.every[-1].one(ADA)

    assert sought(first).named([ADA, *RING.pseudonyms(ADA)]) == {ADA, *RING.pseudonyms(ADA)}


def test_the_list_holds_neither_identifiers_nor_pseudonyms() -> None:
    tokens = sought(ADA).tokens

    assert not any(part in each for each in tokens for part in (ADA, *(p[3:] for p in RING.pseudonyms(ADA))))
    assert {token(each) for each in RING.pseudonyms(ADA)} == tokens


def test_a_record_is_found_in_its_own_stream_alone() -> None:
    made = Sought(RING)
    made.learn_record("crm/contacts", "100001")

    assert made.records("crm/contacts", ["100001", "100002", None]) == {"100001"}
    assert not made.records("desk/contacts", ["100001"])
    assert not made.named(["100001"])


def test_a_text_names_the_person_by_a_whole_word_and_a_bare_number_never_does() -> None:
    made = sought(ADA, "u-000012", "100045")

    assert made.words("write to <ada@example.com>, or u-000012.") == {ADA, "u-000012"}
    assert not made.words("u-0000123 and 100045 are others'")
