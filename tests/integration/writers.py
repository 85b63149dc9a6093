"""Writers of the lake as processes of their own, which can be killed, and what they write."""

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.lake import Lake, glue_lake
from holdfast.ledger import DynamoLedger
from holdfast.locks import Locks, Terms
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import LakeUpkeep, load_settings
from holdfast.store import S3Store
from tests.integration.door import NEVER, Door
from tests.integration.dynamodb import new_table
from validate import parquet, upkeep
from validate.entry import Place, entered

SHORT = Terms(lease=0.5, patience=60.0, pause=0.05)
"""A dead writer's lock is free after half a second."""
USUAL = Terms(lease=20.0, patience=120.0, pause=0.05)
NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
MONTHS = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
FORKED = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Scene:
    """One lake, and the landed rows of runs that may enter it."""

    endpoint: str
    bucket: str
    database: str
    state: str
    landing: str = ""
    artifacts: str = ""
    config: str = ""
    terms: Terms = SHORT

    def lake(self, who: str = "test") -> Lake:
        return glue_lake(self.database, self.bucket, "us-east-1", Locks(self.ledger, who, self.terms), self.endpoint)

    @property
    def ledger(self) -> DynamoLedger:
        return DynamoLedger(self.state, boto3.client("dynamodb", "us-east-1", endpoint_url=self.endpoint))

    def made(self) -> "Scene":
        """Make its database and state table."""
        boto3.client("glue").create_database(DatabaseInput={"Name": self.database})
        new_table(self.state)
        return self


@dataclass(frozen=True)
class Work:
    """What a writer does: `how` is the name of a function here."""

    how: str
    table: str = "events"
    run: str = ""

    def do(self, scene: Scene) -> Any:
        return globals()[f"_{self.how}"](scene, self)


def start(scene: Scene, work: Work) -> BaseProcess:
    """Begin the work in a process of its own."""
    _prepare()
    process = FORKED.Process(target=_in_its_own_process, args=(scene, work), daemon=True)
    process.start()
    return process


@lru_cache
def _prepare() -> None:
    """Let the server of forks import what they need, once; it looks for modules where this process does."""
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if each)
    FORKED.set_forkserver_preload(["tests.integration.writers"])
    forkserver.ensure_running()
    os.environ["PYTHONPATH"] = before


def killed(scene: Scene, work: Work, at: int | str = NEVER, swallow: str = "") -> tuple[int, list[str]]:
    """Do the work, and kill it as its n-th request is made; how it ended, and what it asked for."""
    with Door(scene.endpoint, at, swallow) as door:
        process = start(replace(scene, endpoint=door.url), work)
        door.let_in(process.pid or 0)
        process.join(120)
        return process.exitcode or 0, list(door.asked)


def _in_its_own_process(scene: Scene, work: Work) -> None:
    os.environ |= {
        "AWS_ENDPOINT_URL": scene.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    work.do(scene)


def first(rows: int = 4) -> pa.Table:
    """What a table holds before."""
    return pa.table({"event_id": [f"a{n}" for n in range(rows)], "event_time": [MONTHS[0]] * rows})


def wide() -> list[pa.Table]:
    """What is added: a file a month, with a column that is new."""
    return [
        pa.table({"event_id": [f"b{month}-{n}" for n in range(3)], "event_time": [at] * 3, "module": ["m"] * 3})
        for month, at in enumerate(MONTHS)
    ]


def reshaped() -> pa.Table:
    """What stands in place of it: columns that are new, gone, and of another type."""
    return pa.table({"module": [7, 8, 9], "event_id": ["x", "y", "z"]})


def _files(scene: Scene, work: Work) -> None:
    """As usage events enter: what is there already is not added once more."""
    lake = scene.lake("files")
    with lake.alone(work.table):
        held = lake.read(work.table, ("event_id",))
        if held is not None and "b0-0" in held["event_id"].to_pylist():
            return
        with tempfile.TemporaryDirectory() as folder:
            for number, rows in enumerate(wide()):
                pq.write_table(rows, Path(folder, f"{number}.parquet"), store_schema=False)
            path = f"{lake.location(work.table)}/run=two-{os.urandom(8).hex()}/"
            put = parquet.put(sorted(Path(folder).iterdir()), path)
        lake.add_files(work.table, wide()[0].schema, put, month_of="event_time")


def _replaced(scene: Scene, work: Work) -> None:
    scene.lake("replaced").replace(work.table, reshaped())


def _kept_up(scene: Scene, work: Work) -> None:
    """The upkeep of a day when everything there is has become old."""
    later = datetime.now(UTC) + timedelta(days=40)
    upkeep.kept_up(scene.lake("kept_up"), parquet, LakeUpkeep(small_files=2), later, lambda: True)


def _entered(scene: Scene, work: Work) -> None:
    place = Place(
        scene.database, S3Store(scene.landing), S3Store(scene.artifacts), scene.lake("entered"), scene.ledger, parquet
    )
    entered(work.run, load_settings(scene.config), place, Pseudonymiser(b"k" * 32), NOW)


def contents(lake: Lake) -> dict[str, list[str] | None]:
    """Of every table."""
    return {name: content(lake, name) for name in lake.names()}


def content(lake: Lake, table: str) -> list[str] | None:
    """All rows as text in a fixed order: equal contents are equal lists. None while there is no table."""
    rows = lake.read(table)
    return None if rows is None else sorted(repr(sorted(row.items())) for row in rows.to_pylist())
