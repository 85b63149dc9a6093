"""What lies in no bucket is made again from the buckets, and what is there is left alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from holdfast import recovery as copies
from holdfast.contracts import manifest_key
from holdfast.errors import TableBusy
from holdfast.keyring import Key, Keyring
from holdfast.lake import Lake
from holdfast.ledger import CURSOR, MemoryLedger
from holdfast.settings import parse_settings
from holdfast.store import MemoryStore, write_json
from infra.cli.recovery import booked, cursors, entered, missing_keys, noted, read_before, registered, tables_in
from infra.trouble import Trouble
from tests.doubles.catalog import folder_lake

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
RING = Keyring((Key("k1", "1" * 64), Key("k2", "2" * 64)))
OTHER = Keyring((Key("k1", "9" * 64),))
COPY = copies.Forgotten(copies.fingerprint(RING.current))
SETTINGS = parse_settings("""
[sources.crm]
kind = "hubspot"
[sources.usage]
kind = "events"
prefix = "usage/"
fields = { customer = "user_id", time = "ts" }
[churn]
kind = "usage"
""")


def metadata(table: str, version: int, name: str = "0a", after: int = 0) -> tuple[str, datetime]:
    return f"holdfast/{table}/metadata/{version:05}-{name}.metadata.json", NOW + timedelta(seconds=after)


def test_the_newest_metadata_of_each_table_is_the_one_with_the_highest_number() -> None:
    found = [metadata("events", 9), metadata("events", 10), metadata("events", 2, after=9), metadata("scores", 0)]

    assert tables_in(found, "holdfast") == {"events": metadata("events", 10)[0], "scores": metadata("scores", 0)[0]}


def test_of_two_metadata_of_one_number_the_later_one_was_committed() -> None:
    found = [metadata("events", 3, "bb", after=5), metadata("events", 3, "aa", after=6)]

    assert tables_in(found, "holdfast") == {"events": metadata("events", 3, "aa")[0]}


def test_files_that_are_no_metadata_and_other_databases_are_no_tables() -> None:
    keys = (
        "holdfast/events/data/0.parquet",
        "holdfast/events/metadata/snap-1.avro",
        "other/events/metadata/00001-aa.metadata.json",
    )

    assert tables_in([(key, NOW) for key in keys], "holdfast") == {}


def test_tables_are_registered_with_all_that_they_held(tmp_path: Path) -> None:
    before = folder_lake(tmp_path)
    before.append("events", pa.table({"a": [1]}))
    before.tag("events", "kept")
    before.append("events", pa.table({"a": [2]}))
    after = folder_lake(tmp_path)

    assert registered(after, newest_in(tmp_path)) == "1 registered, 0 there already"

    assert after.read("events") == before.read("events")
    assert after.tags("events") == before.tags("events")
    after.append("events", pa.table({"a": [3]}))
    assert registered(after, newest_in(tmp_path)) == "1 there already"
    assert after.rows("events") == 3


def newest_in(folder: Path) -> dict[str, str]:
    found = [(f"lake/{path.relative_to(folder)}", NOW) for path in folder.rglob("*.json")]
    return {table: f"file://{folder}/{key.removeprefix('lake/')}" for table, key in tables_in(found, "lake").items()}


def test_a_table_that_is_there_is_not_registered_over(tmp_path: Path) -> None:
    lake: Lake = folder_lake(tmp_path)
    lake.append("events", pa.table({"a": [1]}))

    with pytest.raises(TableBusy):
        lake.register("events", newest_in(tmp_path)["events"])


def night(artifacts: MemoryStore, landing: MemoryStore, run: str, at: int, **said: Any) -> None:
    """A run that pulled deals and read one log file."""
    extract = {"run": run, "source": "crm", "stream": "deals"}
    batch = {"run": run, "source": "usage", "stream": "events", "batch": f"work/{run}/usage-000.json"}
    plan = {"run": run, "extracts": [extract], "tables": [], "batches": f"work/{run}/batches.json"}
    write_json(artifacts, f"work/{run}/plan.json", plan)
    write_json(artifacts, f"work/{run}/batches.json", [batch])
    file = {"bucket": "up", "key": f"usage/{run}.gz", "etag": "e"}
    write_json(artifacts, f"work/{run}/landed/usage-000.json", {"files": [file]})
    cursor = {"cursor": at - 60, "at": at, "full_at": 1, "shape": "[]", "rows": 1}
    write_json(landing, manifest_key(run, "crm_deals"), {"cursor": cursor, "columns": ["id"]})
    write_json(artifacts, f"runs/{run}.json", {"run": run, "snapshots": {"events": 1}} | said)


@pytest.fixture
def stores() -> tuple[MemoryStore, MemoryStore]:
    """Artifacts and landing of two nights, of one that came to nothing, and of one that was made again."""
    artifacts, landing = MemoryStore(), MemoryStore()
    night(artifacts, landing, "n1", 2000)
    night(artifacts, landing, "n2", 1000)
    write_json(artifacts, "runs/failed.json", {"run": "failed"})
    write_json(artifacts, "runs/again.json", {"run": "again", "again": "n1", "snapshots": {}})
    return artifacts, landing


def test_runs_that_entered_the_lake_by_themselves_are_looked_at(stores) -> None:
    assert entered(stores[0]) == ["n1", "n2"]


def test_files_are_booked_that_are_as_they_were_read(stores) -> None:
    ledger, read = MemoryLedger(), read_before(["n1", "n2"], stores[0])
    files = {"usage": {"up/usage/n1.gz": "e", "up/usage/n2.gz": "written anew", "up/usage/new.gz": "e"}}

    assert booked(ledger, files, read, lambda _: ()) == "1 booked as read, 0 there already"

    assert ledger.booked("usage") == {"up/usage/n1.gz": "e"}
    assert booked(ledger, files, read, lambda _: ()) == "1 there already"


def test_a_file_that_an_erasure_wrote_anew_after_it_was_read_is_booked_as_it_is(stores) -> None:
    ledger, read = MemoryLedger(), read_before(["n1"], stores[0])
    files = {"usage": {"up/usage/n1.gz": "anew", "up/usage/new.gz": "anew"}}

    assert booked(ledger, files, read, lambda _: ("first", "e", "between")) == "1 booked as read, 0 there already"

    assert ledger.booked("usage") == {"up/usage/n1.gz": "anew"}


def test_a_stream_goes_on_from_its_last_pull_and_columns_are_known(stores) -> None:
    ledger, found = MemoryLedger(), cursors(["n1", "n2"], SETTINGS, *stores)

    assert noted(ledger, found).startswith("1 noted")

    note = ledger.note("crm", "deals", CURSOR)
    assert note is not None
    assert (note["at"], note["run"], note["columns"]) == (2000, "n1", ["id"])


def test_a_cursor_that_is_there_stays(stores) -> None:
    ledger = MemoryLedger()
    ledger.keep("crm", "deals", CURSOR, {"at": 9000})

    assert noted(ledger, cursors(["n1"], SETTINGS, *stores)) == "1 there already"
    assert ledger.note("crm", "deals", CURSOR) == {"at": 9000}


def test_without_its_manifest_or_its_source_a_stream_is_pulled_whole(stores) -> None:
    artifacts, _ = stores
    other = parse_settings('[sources.desk]\nkind = "intercom"\n[churn]\nkind = "usage"')

    assert cursors(["n1"], SETTINGS, artifacts, MemoryStore()) == {}
    assert cursors(["n1"], other, *stores) == {}


def test_a_run_whose_work_lists_are_gone_says_nothing(stores) -> None:
    artifacts, landing = stores

    assert read_before(["nobody knows", "n1"], artifacts) == {("usage", "up/usage/n1.gz", "e")}
    assert list(cursors(["nobody knows", "n1"], SETTINGS, artifacts, landing)) == [("crm", "deals")]


def test_keys_that_the_lake_is_under_stay_and_so_do_later_ones() -> None:
    assert missing_keys(COPY, RING, OTHER.to_secret(), known=False) is None
    assert missing_keys(COPY, RING.rotated(NOW), None, known=True) is None


def test_keys_that_were_kept_take_the_place_of_others() -> None:
    assert missing_keys(COPY, OTHER, RING.to_secret(), known=False) == RING


def test_other_keys_than_those_of_the_lake_are_refused() -> None:
    with pytest.raises(Trouble, match="does not hold the keys"):
        missing_keys(COPY, OTHER, None, known=False)
    with pytest.raises(Trouble, match="not the keys that the lake is under"):
        missing_keys(COPY, OTHER, replace(OTHER, keys=OTHER.keys).to_secret(), known=False)


def test_where_no_copy_is_keys_have_to_be_given_unless_some_are_in_use() -> None:
    assert missing_keys(None, OTHER, None, known=True) is None
    assert missing_keys(None, OTHER, RING.to_secret(), known=False) == RING
    with pytest.raises(Trouble, match="no copy"):
        missing_keys(None, OTHER, None, known=False)
