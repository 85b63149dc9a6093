"""Usage events enter the lake: what was staged loses its repeats, gets its pseudonyms, and becomes one file a day or month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Settings
from holdfast.tables import NUMBER, TEXT, TIME
from validate import partitions, repeats
from validate.conform import columns_of, quoted
from validate.partitions import named
from validate.staging import HASH, Longs, Part, Stage

IDENTIFIERS = ("customer", "account")
TEXTS = (*IDENTIFIERS, "kind", "module")
_TABLE = {
    "customer_id": "customer", "event_id": "event_id", "event_time": "event_time", "known_at": "known_at",
    "kind": "kind", "module": "module", "account_id": "account",
}  # fmt: skip

_NO_MORE = pa.schema([])

_CUSTOMERS = """
SELECT raw, coalesce(a.customer_id, p.pseudonym) AS made
FROM pseudonyms p LEFT JOIN aliases a ON a.pseudonym = p.pseudonym"""

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function with each of some values and gives the results in their order: `map`, or the `map` of a pool."""


class Written(NamedTuple):
    """A file of one partition."""

    partition: int
    path: Path
    rows: int


def entered(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    pseudonymiser: Pseudonymiser,
    folder: Path,
    more: pa.Schema = _NO_MORE,
) -> tuple[pa.Schema, list[Written]]:
    """Files by month of the rows of `events`, each id once (the earliest that was known), without those of `known_events`.

    Customers become what `pseudonyms` and `aliases` say, accounts become pseudonyms. `more` are columns that enter as they are.
    """
    wanted = {name for source in settings.of_kind("events").values() for name in source.measures}
    columns = columns_of(connection, "events")
    measures = sorted(wanted.intersection(columns))
    others = pa.schema([each for each in more if each.name in columns])
    stage = Stage(folder / "part", tuple(name for name in TEXTS if name in columns), "M")
    for batch in connection.sql(
        f"SELECT {staged(columns, [*measures, *others.names], '_source')} FROM events"
    ).to_arrow_reader(1 << 17):
        stage.add(pa.Table.from_batches([batch]))
    parts = [stage.close()]
    made = {
        "customer": connection.sql(_CUSTOMERS).to_arrow_table(),
        "account": replacing(pseudonymiser.distinct(distinct(parts, "account"), "account")),
    }
    held = repeats.hashed(connection, "known_events", "event_id")
    return schema(columns, measures, others), enter(parts, held, made, folder, map)


def staged(columns: Sequence[str], measures: Sequence[str], source: str) -> str:
    """What to select of landed rows to stage them: an id is unique within its source, so that the source's name leads it."""
    texts = ["coalesce(kind, 'event') AS kind" if name == "kind" else name for name in TEXTS if name in columns]
    kept = ", ".join([*texts, "event_time", "known_at", *map(quoted, measures)])
    return f"{source} || ':' || event_id AS event_id, {kept}, hash({source} || ':' || event_id) AS {HASH}"


def schema(columns: Sequence[str], measures: Sequence[str], more: pa.Schema = _NO_MORE) -> pa.Schema:
    """The table's columns for staged ones."""
    times = {"event_time", "known_at"}
    base = [(name, TIME if name in times else TEXT) for name, column in _TABLE.items() if column in columns]
    return pa.schema([*base, *((name, NUMBER) for name in measures), *more])


def enter(
    parts: Sequence[Part], held: pa.Table | None, made: Mapping[str, pa.Table], folder: Path, run: Run
) -> list[Written]:
    """Write all rows but repeats (see `repeats.later`) under `folder`, identifiers replaced by what `made` has for them."""
    rows = sum(int(part.starts()[-1]) for part in parts)
    of = repeats.ranges(rows)
    dropped = list(run(_later, [(parts, held, which, of) for which in range(of)]))
    stays = [folder / f"stay-{number}" for number in range(len(parts))]
    for number, (part, stay) in enumerate(zip(parts, stays, strict=True)):
        repeats.keep(stay, [each[number] for each in dropped], int(part.starts()[-1]))
    columns = _columns(parts)
    texts = {
        name: named(folder / f"named-{name}", [part.text(name) for part in parts], made.get(name))
        for name in TEXTS
        if name in parts[0].texts
    }
    jobs = [
        (folder / f"{partition}.parquet", partition, list(zip(parts, stays, strict=True)), texts, columns)
        for partition in sorted({batch.partition for part in parts for batch in part.batches})
    ]
    counted = run(_write, jobs)
    return [Written(job[1], job[0], rows) for job, rows in zip(jobs, counted, strict=True) if rows]


def _columns(parts: Sequence[Part]) -> dict[str, str]:
    staged_ones: list[str] = next((part.open().schema.names for part in parts if part.batches), [])
    measures = sorted(set(staged_ones) - set(_TABLE.values()))
    return {name: column for name, column in _TABLE.items() if column in staged_ones} | {
        name: name for name in measures
    }


def _later(job: tuple[Sequence[Part], pa.Table | None, int, int]) -> list[Longs]:
    return repeats.later(*job)


def _write(job: tuple[Path, int, Any, Any, Any]) -> int:
    return partitions.write(*job)


def distinct(parts: Sequence[Part], column: str) -> list[str]:
    """All values of a staged text column, once."""
    texts = [part.text(column) for part in parts if column in part.texts]
    return pc.unique(pa.chunked_array(texts, pa.string())).to_pylist() if texts else []


def replacing(made: Mapping[str, str]) -> pa.Table:
    """Texts and what replaces them, as `enter` takes it."""
    return pa.table({"raw": pa.array(list(made), pa.string()), "made": pa.array(list(made.values()), pa.string())})
