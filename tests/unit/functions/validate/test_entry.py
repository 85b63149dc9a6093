"""What is configured changes from run to run: what landed before stays, and only what still lands goes on."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast import history
from holdfast.contracts import Extract, Planned
from holdfast.lake import Lake
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

SETTINGS = parse_settings(
    '[sources.src]\nkind = "hubspot"\n[churn]\nkind = "usage"\n[run]\nas_of = "today"\n[privacy.columns.src_contacts]\nmrr = "keep"'
)


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
        entered(name, SETTINGS, self.place, Pseudonymiser(b"k" * 32), self.known)

    @property
    def known(self) -> datetime:
        """When the last run entered."""
        return datetime.fromtimestamp(self.now / 1000, UTC)

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


def changed(runs: Runs, number: int, **properties: str) -> None:
    thing = runs.server.objects["contacts"][number]
    thing.properties |= properties
    thing.at = runs.now + DAY // 2


def test_what_was_known_of_a_customer_stays_known_with_its_times(runs):
    runs.run("a", "mrr")
    first = runs.known
    changed(runs, 1, mrr="12")
    runs.run("b", "mrr")
    runs.run("c", "mrr")

    past = runs.place.lake.read("customers_history")
    then, now = (history.as_of(past, "customer_id", moment) for moment in (first, runs.known))
    assert sorted(then["mrr"].to_pylist()) == ["1", "2"]
    assert sorted(now["mrr"].to_pylist()) == ["12", "2"]
    assert past.num_rows == 3
    assert max(past["_event_time"].to_pylist()) < max(past["_known_at"].to_pylist())
    assert set(past.column_names) == {*runs.place.lake.read("customers").column_names, *history.OWN}


def test_a_run_that_is_cut_short_before_its_table_is_replaced_adds_its_versions_once(runs, monkeypatch):
    runs.run("a", "mrr")
    changed(runs, 1, mrr="12")
    replace = Lake.replace
    monkeypatch.setattr(Lake, "replace", lambda lake, name, *given: name != "customers" and replace(lake, name, *given))
    runs.run("b", "mrr")
    monkeypatch.undo()

    runs.run("c", "mrr")

    assert sorted(runs.column("customers", "mrr")) == ["12", "2"]
    assert runs.place.lake.read("customers_history").num_rows == 3


def test_records_that_validate_keeps_back_from_a_whole_pull_stay_as_they_were(runs):
    runs.run("a")

    runs.run("b", "mrr", passes=False)

    assert runs.column("raw_src_contacts", "id") == ["1", "2"]
    assert runs.column("raw_src_contacts", "_removed") == [False, False]
