"""Items that are the person's go; notes of streams lose what names them and keep the rest."""

import json

from privacy import items
from privacy.items import Item
from privacy.sought import Sought
from tests.doubles.erasure import RING, MemoryTable


def sought() -> Sought:
    made = Sought(RING)
    made.learn("ada@example.com")
    made.learn_record("crm/contacts", "100045")
    return made


def item(partition: str, sort: str, note: object = None) -> Item:
    return {"pk": {"S": partition}, "sk": {"S": sort}, "note": {"S": json.dumps(note)}}


def test_hints_of_their_records_go_and_those_of_other_streams_stay() -> None:
    table = MemoryTable([item("hints#crm#contacts", "100045"), item("hints#crm#deals", "100045")])

    assert items.state(table, sought()) == 1
    assert [each["pk"]["S"] for each in table.held] == ["hints#crm#deals"]


def test_a_file_that_is_called_after_them_is_no_longer_booked() -> None:
    table = MemoryTable([item("files#usage", "bucket/usage/ada@example.com.gz"), item("files#usage", "bucket/b")])

    assert items.state(table, sought()) == 1
    assert [each["sk"]["S"] for each in table.held] == ["bucket/b"]


def test_a_note_loses_their_record_and_keeps_the_rest() -> None:
    table = MemoryTable([item("cursor#crm#contacts", "run#r", {"waiting": ["100045", "100046"], "at": 5})])

    assert items.state(table, sought()) == 1
    assert json.loads(table.held[0]["note"]["S"]) == {"waiting": ["100046"], "at": 5}


def test_looking_changes_nothing_and_the_list_itself_is_left_alone() -> None:
    held = [item("hints#crm#contacts", "100045"), item("suppressed", "100045"), item("erasures", "ada@example.com")]
    table = MemoryTable(list(held))

    assert items.state(table, sought(), dry=True) == 1
    assert table.held == held
