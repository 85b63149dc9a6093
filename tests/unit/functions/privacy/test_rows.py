"""The person's rows go; of other rows what refers to the person goes, and nothing else of them changes."""

import json

import pyarrow as pa

from privacy import rows
from privacy.sought import Sought
from privacy.whose import whose
from tests.doubles.erasure import RING, SETTINGS

ADA, BO = "ada@example.com", "bo@example.com"


def sought() -> Sought:
    made = Sought(RING)
    made.learn(ADA)
    made.learn_record("crm/contacts", "1")
    made.learn_record("desk/conversations", "c1")
    return made


def cleaned(table: str, held: list[dict]) -> rows.Cleaned:
    return rows.without(pa.Table.from_pylist(held), whose(table, SETTINGS), sought())


def links(*ids: str) -> str:
    return json.dumps([{"id": each, "types": []} for each in ids])


def test_a_row_is_the_persons_by_identifier_pseudonym_or_record() -> None:
    held = [
        {"id": "1", "external_id": None, "email": None},
        {"id": "2", "external_id": None, "email": ADA.upper()},
        {"id": "3", "external_id": None, "email": RING.pseudonyms(ADA)[0]},
        {"id": "4", "external_id": None, "email": BO},
    ]

    left = cleaned("crm_contacts", held)

    assert (left.rows.to_pylist(), left.dropped, left.mended) == (held[3:], 3, 0)


def test_rows_without_the_person_are_not_touched() -> None:
    held = pa.table({"customer_id": RING.pseudonyms(BO), "kind": ["login", None]})

    left = rows.without(held, whose("events", SETTINGS), sought())

    assert not left
    assert left.rows.equals(held)


def test_a_deal_stays_with_its_company_and_loses_the_contact() -> None:
    deal = {"id": "9", "amount": 5.0, "contact_id": "1", "contacts": links("1", "2")}

    left = cleaned("crm_deals", [deal, deal | {"id": "10", "contact_id": "2", "contacts": links("2")}])

    assert left.rows.to_pylist() == [
        deal | {"contact_id": None, "contacts": links("2")},
        deal | {"id": "10", "contact_id": "2", "contacts": links("2")},
    ]
    assert (left.dropped, left.mended) == (0, 2)


def test_a_call_with_others_stays_theirs_and_one_with_the_person_alone_goes() -> None:
    alone = {"id": "1", "contact_id": "1", "contacts": links("1")}
    both = {"id": "2", "contact_id": "1", "contacts": links("1", "2")}

    left = cleaned("crm_calls", [alone, both])

    assert left.rows.to_pylist() == [{"id": "2", "contact_id": None, "contacts": links("2")}]
    assert left.dropped == 1


def test_parts_go_with_their_conversation() -> None:
    held = [{"id": "p1", "conversation_id": "c1"}, {"id": "p2", "conversation_id": "c2"}]

    assert cleaned("raw_desk_conversation_parts", held).rows.to_pylist() == held[1:]


def test_what_another_ones_row_says_of_the_person_goes_and_the_rest_of_it_stays() -> None:
    row = {"customer": "u-2", "more": json.dumps({"invited": ADA, "seats": 3}), "note": f"met {ADA}"}

    left = cleaned("usage_events", [row])

    assert left.rows.to_pylist() == [{"customer": "u-2", "more": '{"invited": null, "seats": 3}', "note": None}]


def test_all_identifiers_of_a_contact_are_sought_once_one_of_them_is() -> None:
    contact = {"id": "7", "external_id": "u-7", "email": ADA}
    made = sought()

    assert rows.linked(pa.Table.from_pylist([contact]), whose("crm_contacts", SETTINGS), made)
    assert made.named(["u-7"])
    assert made.records("crm/contacts", ["7"])
    assert not rows.linked(pa.Table.from_pylist([contact]), whose("crm_contacts", SETTINGS), made)
