"""Holdfast's own ingest on one machine: the functions that the states Ingest and Transform call, on two workers."""

import multiprocessing
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.events import SOURCE
from holdfast import memory
from holdfast.pseudonym import Pseudonymiser
from holdfast.sql import connect
from ingest.inflate import blocks
from ingest.lines import Reader, Taken
from ingest.statements import names
from validate import usage
from validate.staging import Part, Stage

WORKERS = os.cpu_count() or 1
# The workers begin before anything here has a thread, so that they need not import everything again.
START = "fork" if sys.platform == "linux" else "spawn"
STAGES = {
    "_later": "find repeats",
    "_pseudonyms": "hash identifiers",
    "_named": "number texts",
    "_write": "write Parquet",
}

Seconds = dict[str, float]


@dataclass
class Clock:
    """CPU seconds by stage."""

    spent: Seconds = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[stage] += time.process_time() - began


class Staged:
    """Rows go to a stage without touching a table. See `ingest.lines.Rows`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stage: Stage, clock: Clock) -> None:
        self._connection = connection
        self._stage = stage
        self._clock = clock
        self.rejected = 0

    def plain(self, rows: pa.Table, name: str) -> None:
        with self._clock.of("stage"):
            usage.take(self._stage, rows, "usage")

    def quick(self, query: str, lines: int) -> Taken | None:
        rows = self._connection.sql(query).to_arrow_table()
        if len(rows) != lines:
            return None
        fields, doubtful = pc.sum(rows["fields"]).as_py() or 0, []
        if pc.any(rows["doubtful"]).as_py():
            doubtful = rows["line"].filter(rows["doubtful"]).to_pylist()
            rows = rows.filter(pc.invert(rows["doubtful"]))
        self.plain(rows, "")
        return Taken(fields, doubtful)

    def exact(self, query: str) -> None:
        told = self._connection.sql(query).to_arrow_table()
        good = pc.is_null(told["reason"])
        self.rejected += len(told) - (pc.sum(good).as_py() or 0)
        self.plain(told.filter(good), "")


@dataclass(frozen=True)
class Outcome:
    """What the whole made: rows in the table, CPU seconds by stage, wall seconds by phase."""

    rows: int
    files: list[Path]
    cpu: Seconds
    wall: dict[str, float]


def ingested(files: Sequence[Path], folder: Path, key: Pseudonymiser) -> Outcome:
    """From log files to one committed table `events`."""
    wall: dict[str, float] = {}
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context(START)) as pool:
        began = time.monotonic()
        shares = [(files[number::WORKERS], folder / f"part-{number}") for number in range(WORKERS)]
        staged = pool.map(stage, [share for share in shares if share[0]])
        # While the workers read: importing Iceberg takes a third of a second.
        from tests.doubles.catalog import folder_lake

        parts, clocks = zip(*staged, strict=True)
        wall["read"] = time.monotonic() - began
        own = time.process_time()
        lake = folder_lake((folder / "lake").resolve())
        data = Path(lake.location("events").removeprefix("file://"))
        data.mkdir(parents=True)
        timed: Seconds = defaultdict(float)

        def run(function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]:
            for result, seconds in pool.map(_timed, [(function, job) for job in jobs]):
                timed[STAGES[function.__name__]] += seconds
                yield result

        made = {name: usage.pseudonyms(parts, name, key, run) for name in usage.IDENTIFIERS}
        written = usage.enter(parts, None, made, data, run)
        wall["write"] = time.monotonic() - began - wall["read"]
    lake.add_files(
        "events", usage.schema(parts[0]), [f"file://{each.path}" for each in written],
        day_of="event_time",
    )  # fmt: skip
    wall["commit"] = time.monotonic() - began - wall["read"] - wall["write"]
    cpu = {name: sum(each.get(name, 0.0) for each in [*clocks, timed]) for name in {*timed, *chain(*clocks)}}
    cpu["lead and commit"] = time.process_time() - own
    return Outcome(sum(each.rows for each in written), [each.path for each in written], cpu, wall)


def stage(job: tuple[Sequence[Path], Path]) -> tuple[Part, Seconds]:
    """One worker's share of the files."""
    files, path = job
    pa.set_cpu_count(1)
    memory.keep()
    clock = Clock()
    connection = connect()
    connection.execute("SET threads = 1")
    began = time.process_time()
    columns = [name.strip('"') for name in names(SOURCE)]
    staged = Stage(path, usage.landed(columns, sorted(SOURCE.measures)), usage.TEXTS, "D")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        reader = Reader(SOURCE, Staged(connection, staged, clock), Path(folder))
        for file in files:
            with file.open("rb") as source:
                reader.read(_timed_blocks(source, clock), file.name)
    with clock.of("stage"):
        part = staged.close()
    clock.spent["parse"] = time.process_time() - began - sum(clock.spent.values())
    return part, dict(clock.spent)


def _timed_blocks(source: BinaryIO, clock: Clock) -> Iterator[bytes]:
    pieces = blocks(source)
    while True:
        with clock.of("inflate"):
            block = next(pieces, None)
        if block is None:
            return
        yield block


def _timed(job: tuple[Callable[[Any], Any], Any]) -> tuple[Any, float]:
    function, argument = job
    pa.set_cpu_count(1)
    began = time.process_time()
    result = function(argument)
    return result, time.process_time() - began
