"""Nights of usage logs from Plan to the lake, in memory but for a real Iceberg table in a folder."""

import io
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.contracts import Extract, Reconciled
from holdfast.ledger import MemoryLedger
from holdfast.pseudonym import Pseudonymiser
from holdfast.schema import Schema, remembered
from holdfast.settings import Settings, parse_settings
from holdfast.store import MemoryStore, read_json
from ingest.landing import Landing
from ingest.logs import land_logs
from ingest.planning import planned
from ingest.reconciling import Alert, Place, reconciled
from tests.doubles.catalog import folder_lake
from validate import entry
from validate.contract import contracted
from validate.judgement import Subject, Zones, verdict
from validate.suites import suite_for

NOW = datetime(2026, 9, 22, tzinfo=UTC)
CONFIGURATION = """
[sources.usage]
kind = "events"
prefix = "usage/"
fields = {{ customer = "who", time = "at", id = "id" }}
measures = {{ minutes = "spent" }}
{more}
[churn]
kind = "usage"
"""


def configured(more: str = "") -> Settings:
    """One source of usage logs, with further lines of its section."""
    return parse_settings(CONFIGURATION.format(more=more))


class Files:
    """Parquet in a store in memory, and the lake's own files in a folder."""

    def __init__(self, landing: MemoryStore, names: Sequence[str] = ()) -> None:
        self.landing, self.names = landing, list(names)

    def read(self, paths: list[str], columns: list[str] | None = None) -> pa.Table:
        bodies = [self.landing.read(path.removeprefix("memory://")) for path in paths]
        return pa.concat_tables(
            [pq.read_table(io.BytesIO(body), columns=columns) for body in bodies], promote_options="permissive"
        )

    def put(self, files: Sequence[Path], path: str) -> list[str]:
        folder = Path(path.removeprefix("file://"))
        folder.mkdir(parents=True, exist_ok=True)
        return [f"file://{shutil.copy(file, folder)}" for file in files]

    def cataloged(self, database: str, table: str) -> bool:
        return table in self.names

    def metadata_location(self, database: str, table: str) -> str:
        self.names.append(table)
        return ""


class Logs:
    """One deployment's usage logs; what the last night said is in `answer` and `alerts`."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.settings = configured(more)
        self.uploads, self.landing, self.quarantine, self.artifacts = (MemoryStore() for _ in range(4))
        self.ledger, self.lake = MemoryLedger(), folder_lake(folder)
        self.entry = entry.Place("", self.landing, self.artifacts, self.lake, self.ledger, Files(self.landing))
        self.place = Place(self.artifacts, self.landing, self.quarantine, self.ledger, lambda bucket: self.uploads)
        self.answer: Reconciled
        self.alerts: list[Alert]

    def put(self, name: str, *lines: object) -> None:
        """Upload a file of lines."""
        said = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        self.uploads.write(f"usage/{name}", "".join(line + "\n" for line in said).encode())

    def land(self, run: str) -> None:
        """Plan and Ingest."""
        plan = planned(run, self.settings, "uploads", lambda bucket: self.uploads, self.ledger, self.artifacts)
        for batch in map(Extract.parse, read_json(self.artifacts, plan.batches)):
            self.read(batch)

    def read(self, batch: Extract) -> None:
        """Ingest one batch."""
        place = Landing(batch, self.landing, self.quarantine, self.artifacts, lambda bucket: self.uploads)
        land_logs(place, self.settings.of_kind("events")[batch.source])

    def night(self, run: str, *lines: object) -> list[dict]:
        """One run, with a file of its own if there are lines; the table afterwards, in the order of the events' ids."""
        if lines:
            self.put(run, *lines)
        self.land(run)
        self.finish(run)
        return self.rows()

    def finish(self, run: str) -> None:
        """Reconcile, Validate and Transform."""
        self.answer, self.alerts = reconciled(run, self.settings, self.place)
        zones = Zones(self.landing, self.quarantine, self.artifacts)
        subject = Subject.of(run, "usage_events", self.settings)
        suite = contracted(suite_for("usage", "events", "events"), self.artifacts, run, "usage")
        verdict(subject, suite, zones, NOW)
        entry.entered(run, self.settings, self.entry, Pseudonymiser(b"k" * 32), NOW)

    def rows(self) -> list[dict]:
        """The table `events`."""
        table = self.lake.read("events")
        return [] if table is None else sorted(table.to_pylist(), key=lambda row: row["event_id"])

    def told(self, rule: str = "") -> list[dict]:
        """What is in quarantine, by rule."""
        parts = [pq.read_table(io.BytesIO(body)).to_pylist() for _, body in sorted(self.quarantine.objects.items())]
        return [row for part in parts for row in part if row["rule"].startswith(rule)]

    @property
    def schema(self) -> Schema:
        """What is remembered."""
        return remembered(self.artifacts, "usage")

    def columns(self) -> dict[str, str]:
        """Column by field."""
        return {each.field: each.column for each in self.schema.columns}


def line(number: int, **fields: object) -> dict[str, object]:
    """A good line."""
    return {"id": f"e{number:04}", "who": f"u{number % 7}", "at": "2026-01-02T03:04:05Z", **fields}
