"""What changes at the sources, night by night, one stream at a time, or under another configuration, and what the lake then holds."""

from pathlib import Path
from typing import Any

import httpx
import pyarrow.compute as pc

from holdfast import resources
from holdfast.ledger import CURSOR, DynamoLedger
from tests.integration.conftest import Standins
from tests.integration.house import House


def test_what_changes_at_the_sources_reaches_the_lake_by_increments(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    house.night("first")
    for server in (standins.hubspot, standins.intercom):
        httpx.post(f"{server}/_standin/reset").raise_for_status()
        for seed in range(3):
            httpx.post(f"{server}/_standin/advance", json={"days": 1, "updates": 20, "seed": seed}).raise_for_status()

    try:
        later, again = house.night("later"), house.night("again")
        held = {table: ids_held(table) for table in MERGED}
        week_passes(house)
        house.night("week")
        whole = {table: ids_held(table) for table in MERGED}
        truth = {table: told(standins, table) for table in MERGED}
    finally:
        for server in (standins.hubspot, standins.intercom):
            httpx.post(f"{server}/_standin/reset").raise_for_status()

    for table, said in truth.items():
        unseen = held[table] - ids_told(said)
        assert ids_told(said) <= held[table], table
        assert unseen <= {*said["deleted"], *said["merged"]}, table
        swallowed = {loser for loser, winner in said["merged"].items() if winner in ids_told(said)}
        assert not (table.startswith("crm") and unseen & swallowed), table
        assert whole[table] == ids_told(said), table
    assert later["rows"] > 0
    assert again["rows"] == 0
    assert again["snapshots"] == later["snapshots"]


def test_a_run_for_one_stream_merges_that_and_leaves_all_else_as_it_is(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    first = house.night("first")
    unmoved = [house.night(f"sync-{n}", only) for n, only in enumerate(("crm/contacts", "desk/conversations"))]
    httpx.post(f"{standins.hubspot}/_standin/advance", json={"days": 1, "updates": 20, "seed": 0}).raise_for_status()

    try:
        synced, again = house.night("sync-deals", "crm/deals"), house.night("sync-again", "crm/deals")
        told_of = ids_told(told(standins, "crm_deals"))
    finally:
        httpx.post(f"{standins.hubspot}/_standin/reset").raise_for_status()

    assert [one["snapshots"] for one in unmoved] == [first["snapshots"]] * 2
    moved = {name for name, key in synced["snapshots"].items() if key != first["snapshots"][name]}
    assert moved == {"deals"}
    assert told_of <= ids_held("crm_deals")
    assert again["rows"] == 0
    assert again["snapshots"] == synced["snapshots"]


def test_a_change_of_the_configuration_destroys_nothing_that_landed(house: House, standins: Standins) -> None:
    house.upload("usage/2026/**/*.gz")
    house.night("first")
    before = {table: ids_held(table) for table in (*MERGED, "desk_tags", "crm_contacts_history")}
    path, sources = Path(resources.environment().config_path), ("[sources.desk]", "[sources.usage]")
    text = path.read_text()
    desk = text[text.index(sources[0]) : text.index(sources[1])]
    crm = 'kind = "hubspot"\napi_version = "v3"\nhistory = []\ncustomer_property = "email"\nproperties.contacts = ["jobtitle"]'

    path.write_text(text.replace(desk, "").replace('kind = "hubspot"', crm))
    resources.settings.cache_clear()
    house.night("changed")
    changed = {table: ids_held(table) for table in before}
    path.write_text(text)
    resources.settings.cache_clear()
    house.night("changed-back")

    assert changed == before
    assert {table: ids_held(table) for table in before} == before


def test_what_is_asked_for_one_by_one_reaches_the_lake_too(house: House) -> None:
    house.upload("usage/2026/**/*.gz")
    path = Path(resources.environment().config_path)
    path.write_text(
        path.read_text().replace("parts = false", "parts = true").replace("events = false", "events = true")
    )
    resources.settings.cache_clear()
    house.night("first")

    lake = resources.lake()
    replies, talks, events, customers = (
        lake.read(each) for each in ("replies", "raw_desk_conversations", "raw_desk_data_events", "customers")
    )
    assert replies is not None
    assert talks is not None
    assert events is not None
    assert customers is not None
    assert replies.num_rows == pc.sum(talks["parts"]).as_py() > talks.num_rows
    assert set(replies["customer_id"].to_pylist()) <= set(customers["customer_id"].to_pylist())
    assert all(resources.keyring().current.is_pseudonym(one) for one in events["external_id"].to_pylist())
    assert events.num_rows > 100


MERGED = ("crm_contacts", "crm_companies", "crm_deals", "desk_contacts", "desk_conversations", "desk_tickets")


def week_passes(house: House) -> None:
    ledger = DynamoLedger(f"{house.name}-state")
    for source, stream in (table.split("_", 1) for table in MERGED):
        note = ledger.note(source, stream, CURSOR)
        assert note is not None
        ledger.keep(source, stream, CURSOR, note | {"full_at": 0})


def ids_held(table: str) -> set[str]:
    rows = resources.lake().read(f"raw_{table}")
    assert rows is not None
    return {row["id"] for row in rows.to_pylist() if not row["_removed"]}


def told(standins: Standins, table: str) -> dict[str, Any]:
    source, stream = table.split("_", 1)
    server = standins.hubspot if source == "crm" else standins.intercom
    return httpx.get(f"{server}/_standin/truth", params={"stream": stream}).json()


def ids_told(truth: dict[str, Any]) -> set[str]:
    return {each["id"] if isinstance(each, dict) else each for each in truth["records"]}
