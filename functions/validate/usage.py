"""Usage events enter the lake: what was staged loses its repeats, gets its pseudonyms, and becomes one file a day or month."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.arrays import arrow_texts
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import Settings
from holdfast.tables import NUMBER, TEXT, TIME
from validate import partitions, repeats
from validate.partitions import Named, named
from validate.staging import Longs, Part, Stage

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

_IDENTIFIERS_AT_ONCE = 1 << 15

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function with each of some values and gives the results in their order: `map`, or the `map` of a pool."""


class Written(NamedTuple):
    """A file of one partition."""

    partition: int
    path: Path
    rows: int


def opened(path: Path, settings: Settings, more: pa.Schema = _NO_MORE) -> Stage:
    """A stage for what any source of usage events may land; `more` are columns that enter as they are."""
    sources = list(settings.of_kind("events").values())
    accounts = any(source.fields.account for source in sources)
    columns = [name for name in _TABLE.values() if name != "account" or accounts]
    measures = sorted({name for source in sources for name in source.measures})
    return Stage(path, pa.schema([*landed(columns, measures), *more]), TEXTS, "M")


def take(stage: Stage, rows: pa.Table, source: str) -> None:
    """Stage rows as they landed; what has no kind is just an event."""
    place = rows.schema.get_field_index("kind")
    if place >= 0 and rows["kind"].null_count:
        rows = rows.set_column(place, "kind", pc.fill_null(rows["kind"], pa.scalar("event")))
    stage.add(rows, source)


def entered(
    connection: duckdb.DuckDBPyConnection, part: Part, known: pa.ChunkedArray, pseudonymiser: Pseudonymiser
) -> list[Written]:
    """Files by month, beside the part, of its rows, each id once (the earliest that was known) and none that is `known`.

    Customers become what `pseudonyms` and `aliases` say, accounts become pseudonyms.
    """
    made = {
        "customer": connection.sql(_CUSTOMERS).to_arrow_table(),
        "account": pseudonyms([part], "account", pseudonymiser, map),
    }
    return enter([part], repeats.hashed_ids(known), made, part.rows.parent, map)


def landed(columns: Sequence[str], measures: Sequence[str]) -> pa.Schema:
    """Columns of landed rows that are staged."""
    times = {"event_time", "known_at"}
    base = [(name, TIME if name in times else TEXT) for name in _TABLE.values() if name in columns]
    return pa.schema([*base, *((name, NUMBER) for name in measures)])


def schema(part: Part) -> pa.Schema:
    """The table's columns, in the order in which they are written."""
    return pa.schema([part.schema.field(column).with_name(name) for name, column in _columns(part).items()])


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
    columns = _columns(parts[0])
    said = [name for name in TEXTS if name in parts[0].texts]
    texts = dict(
        zip(said, run(_named, [(folder / f"named-{name}", parts, name, made.get(name)) for name in said]), strict=True)
    )
    jobs = [
        (folder / f"{partition}.parquet", partition, list(zip(parts, stays, strict=True)), texts, columns)
        for partition in sorted({batch.partition for part in parts for batch in part.batches})
    ]
    counted = run(_write, jobs)
    return [Written(job[1], job[0], rows) for job, rows in zip(jobs, counted, strict=True) if rows]


def _columns(part: Part) -> dict[str, str]:
    """Columns of a part by their names in the table."""
    names = part.schema.names
    known = {name: column for name, column in _TABLE.items() if column in names}
    return known | {name: name for name in names if name not in _TABLE.values()}


def _later(job: tuple[Sequence[Part], pa.Table | None, int, int]) -> list[Longs]:
    return repeats.later(*job)


def _write(job: tuple[Path, int, Any, Any, Any]) -> int:
    return partitions.write(*job)


def _named(job: tuple[Path, Sequence[Part], str, pa.Table | None]) -> Named:
    return named(*job)


def pseudonyms(parts: Sequence[Part], column: str, pseudonymiser: Pseudonymiser, run: Run) -> pa.Table:
    """All values of a staged text column (`raw`), once, and their pseudonyms (`made`), as `enter` takes them."""
    said = [part.text(column) for part in parts if column in part.texts]
    raw = pc.unique(pa.chunked_array(said, TEXT))
    slices = [raw.slice(start, _IDENTIFIERS_AT_ONCE) for start in range(0, len(raw), _IDENTIFIERS_AT_ONCE)]
    made = run(_pseudonyms, [(pseudonymiser, column, each) for each in slices])
    return pa.table({"raw": raw, "made": pa.chunked_array(list(made), TEXT)})


def _pseudonyms(job: tuple[Pseudonymiser, str, pa.Array]) -> pa.Array:
    pseudonymiser, column, raw = job
    return arrow_texts(pseudonymiser.each(raw.to_pylist(), column))
