"""Which texts name a record of a source, and which an id of another kind."""

import pytest

from holdfast.records import named
from tests.doubles.erasure import SETTINGS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("crm:100045", [("crm/contacts", "100045")]),
        (" crm : 100045 ", [("crm/contacts", "100045")]),
        ("desk:66f0a1", [("desk/contacts", "66f0a1")]),
        ("crm:a:b", [("crm/contacts", "a:b")]),
        ("crm:", []),
        ("100045", []),
        ("usage:u-1", []),
        ("other:100045", []),
        (":100045", []),
    ],
)
def test_a_record_is_named_by_a_source_that_has_records_of_people(text: str, found: list[tuple[str, str]]) -> None:
    assert named(text, SETTINGS.sources) == found
