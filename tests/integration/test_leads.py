"""Records of the sources lead to customers in a real online store, before a rotation of keys and after it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pyarrow as pa
import pytest

from holdfast import aws
from holdfast.keyring import keyring
from holdfast.records import DOMAIN, TABLE, hashed_of
from holdfast.tables import CUSTOMER_RECORDS
from score.held import DynamoVectors
from score.leads import DynamoLeads, held
from score.people import People
from tests.doubles.catalog import folder_lake
from tests.doubles.erasure import SETTINGS
from tests.integration.conftest import Runtime
from tests.integration.dynamodb import new_table
from validate.online import online_rekeyed

BORN = keyring("a1B2" * 16, "s")
ROTATED = BORN.rotated(datetime(2026, 11, 24, tzinfo=UTC))
PEOPLE = [f"u-{number}" for number in range(60)]
"""Contact n of the CRM is customer u-n, and contact 100 is customer u-0 as well."""
CONTACTS = {str(number): name for number, name in enumerate(PEOPLE)} | {"100": "u-0"}


@pytest.fixture
def tables(aws_runtime: Runtime) -> Iterator[tuple[str, str]]:
    """The scores table and the state table, empty."""
    aws.client.cache_clear()
    dynamodb, keys = boto3.client("dynamodb"), {"leads-scores": ("customer_id",), "leads-state": ("pk", "sk")}
    for name, attributes in keys.items():
        new_table(name, attributes)
    yield "leads-scores", "leads-state"
    for name in keys:
        dynamodb.delete_table(TableName=name)


def records(contacts: dict[str, str]) -> pa.Table:
    key = BORN.current
    hashed = [key.one(hashed_of("crm/contacts", each), DOMAIN) for each in contacts]
    return pa.table([hashed, ["crm"] * len(contacts), key.each(contacts.values())], schema=CUSTOMER_RECORDS)


def test_records_lead_to_their_customers_and_go_on_to_a_new_key_with_them(
    tables: tuple[str, str], tmp_path: Path
) -> None:
    lake, vectors, leads = folder_lake(tmp_path), DynamoVectors(*tables), DynamoLeads(*tables)
    lake.replace(TABLE, records(CONTACTS))
    vectors.hold([{"customer_id": each, "vector": b"\0" * 4} for each in BORN.current.each(PEOPLE)])

    assert (held(lake, leads), held(lake, leads)) == (61, 0)
    people = People(lambda: BORN, vectors, lambda: 0.0, SETTINGS.sources)
    found = people.find_all(["crm:0", "crm:100", "crm:59", "crm:60", "0"])
    assert [item and item["customer_id"] for item in found] == [*BORN.current.each(["u-0", "u-0", "u-59"]), None, None]

    assert online_rekeyed(tables[0], ROTATED.current) == 121
    items = boto3.client("dynamodb").scan(TableName=tables[0])["Items"]
    names = [item[name]["S"] for item in items for name in ("customer_id", "leads_to") if name in item]
    assert all(map(ROTATED.current.is_pseudonym, names))
    later = People(lambda: ROTATED, vectors, lambda: 0.0, SETTINGS.sources)
    assert later.find("crm:100")["customer_id"] == ROTATED.current.one("u-0")


def test_a_contact_that_the_crm_no_longer_has_leads_nowhere(tables: tuple[str, str], tmp_path: Path) -> None:
    lake, vectors, leads = folder_lake(tmp_path), DynamoVectors(*tables), DynamoLeads(*tables)
    lake.replace(TABLE, records(CONTACTS))
    vectors.hold([{"customer_id": each, "vector": b"\0" * 4} for each in BORN.current.each(PEOPLE)])
    held(lake, leads)
    lake.replace(TABLE, records({id_: name for id_, name in CONTACTS.items() if id_ != "100"}))

    assert held(lake, leads) == 1
    people = People(lambda: BORN, vectors, lambda: 0.0, SETTINGS.sources)
    assert (people.find("crm:100"), people.find("crm:0") is None) == (None, False)
