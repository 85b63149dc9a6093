"""What is configured changes from run to run: what landed before stays, and only what still lands goes on."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.contracts import Extract, Planned
from holdfast.ledger import MemoryLedger
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import HubSpotSource, parse_settings
from holdfast.store import MemoryStore, write_json
from ingest.hubspot import hubspot
from ingest.pull import land_stream
from tests.doubles.catalog import folder_lake
from tests.doubles.crm import T0, HubSpot, Thing, client, place
from tests.doubles.nights import DAY, things
from validate.entry import Place, entered

SETTINGS = parse_settings('[sources.src]\nkind = "hubspot"\n[churn]\nkind = "usage"\n[run]\nas_of = "today"')


class Files:
    """Parquet in a store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def read(self, paths: list[str], columns: list[str] | None = None) -> pa.Table:
        bodies = [self.store.read(path.removeprefix("memory://")) for path in paths]
        return pa.concat_tables([pq.read_table(io.BytesIO(body), columns=columns) for body in bodies])


class Runs:
    """Runs over one source and one lake."""

    def __init__(self, server: HubSpot, folder: Path) -> None:
        self.server, self.landing, self.ledger, self.now = server, MemoryStore(), MemoryLedger(), T0
        self.place = Place("", self.landing, MemoryStore(), folder_lake(folder), self.ledger, Files(self.landing))

    def run(self, name: str, *properties: str, passes: bool = True) -> None:
        self.now += DAY
        source = HubSpotSource(kind="hubspot", properties={"contacts": properties})
        streams = hubspot(source, SETTINGS)
        extract = Extract(name, "src", "contacts")
        land_stream(place("contacts", name, self.landing), streams["contacts"], client(self.server), self.ledger,
                    lambda: self.now / 1000)  # fmt: skip
        files = [item.key for item in self.landing.list(f"landing/run={name}/") if passes]
        write_json(self.place.artifacts, f"work/{name}/verdict-{extract.table}.json", files)
        plan = Planned(name, [extract.to_json()], [extract.table])
        write_json(self.place.artifacts, f"work/{name}/plan.json", plan.to_json())
        entered(name, SETTINGS, self.place, Pseudonymiser(b"k" * 32), datetime(2026, 9, 22, tzinfo=UTC))

    def column(self, table: str, name: str) -> list | None:
        rows = self.place.lake.read(table)
        return rows[name].to_pylist() if name in rows.column_names else None


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    made = [Thing(n, properties={"external_id": f"u-{n}", "mrr": str(n)}, links=[7]) for n in (1, 2)]
    return Runs(HubSpot({"contacts": things(*made)}, declared={"contacts": {"mrr": "string"}}), tmp_path)


def test_a_property_that_is_no_longer_named_stays_where_it_landed_and_goes_no_further(runs):
    runs.run("a", "mrr")
    assert runs.column("customers", "mrr") is not None

    runs.run("b")
    runs.run("c")

    assert runs.column("raw_src_contacts", "mrr") == ["1", "2"]
    assert runs.column("customers", "mrr") is None


def test_a_property_that_is_named_later_is_there_for_every_record(runs):
    runs.run("a")
    runs.run("b", "mrr")

    assert runs.column("raw_src_contacts", "mrr") == ["1", "2"]


def test_a_property_that_the_account_declares_anew_changes_its_type_all_the_way(runs):
    runs.run("a", "mrr")
    runs.server.declared["contacts"]["mrr"] = "number"

    runs.run("b", "mrr")

    assert runs.column("raw_src_contacts", "mrr") == [1.0, 2.0]
    assert sorted(runs.column("customers", "mrr")) == [1.0, 2.0]


def test_associations_are_held_and_are_nothing_about_a_customer(runs):
    runs.run("a")

    assert runs.column("raw_src_contacts", "companies")[0].startswith('[{"id": "7"')
    assert runs.column("customers", "company_id") == ["7", "7"]
    assert runs.column("customers", "companies") is None


def test_records_that_validate_keeps_back_from_a_whole_pull_stay_as_they_were(runs):
    runs.run("a")

    runs.run("b", "mrr", passes=False)

    assert runs.column("raw_src_contacts", "id") == ["1", "2"]
    assert runs.column("raw_src_contacts", "_removed") == [False, False]
