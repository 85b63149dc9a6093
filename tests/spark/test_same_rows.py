"""The data files of a snapshot as PySpark reads them, and as DuckDB does: the same rows. Spark's Iceberg and S3 jars are not from PyPI,
so that Spark is given local copies of the files that the snapshot's metadata names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from holdfast.lake import Lake
from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import LakeUpkeep, parse_settings
from tests.doubles.catalog import folder_lake
from tests.unit.functions.validate.test_upkeep import Folder
from validate import upkeep, usage

KEY = Pseudonymiser(b"k" * 32)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
NASTY = ["", "Größe 🙂", "a|b", "'quoted\"", None, "tab\tand\nline", "x" * 300]
CONFIGURED = """
[sources.app]
kind = "events"
prefix = "x/"
fields = {{ customer = "c", time = "t" }}
measures = {{ {measures} }}
[churn]
kind = "usage"
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return folder_lake(tmp_path)


def night(lake: Lake, number: int, **measures: list[float | None]) -> None:
    """Usage events of a night enter as Transform lets them, with the measures that are configured by then."""
    rows, ids = 200, range(200)
    events = pa.table({
        "_source": ["app"] * rows, "event_id": [f"{number}-{n}" for n in ids], "customer": [f"u-{n % 17}" for n in ids],
        "event_time": pa.array([DAY + timedelta(hours=7 * n, microseconds=n) for n in ids], TIME),
        "known_at": pa.array([DAY + timedelta(days=60 + number)] * rows, TIME),
        "kind": pa.array([NASTY[n % len(NASTY)] for n in ids], pa.string()), "module": ["m"] * rows,
        **{name: pa.array(values * (rows // len(values)), pa.float64()) for name, values in measures.items()},
    })  # fmt: skip
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    made = KEY.distinct(events["customer"].unique().to_pylist())
    connection.register("pseudonyms", pa.table({"raw": list(made), "pseudonym": list(made.values())}))
    connection.register(
        "aliases", pa.table({"pseudonym": pa.array([], pa.string()), "customer_id": pa.array([], pa.string())})
    )
    configured = parse_settings(CONFIGURED.format(measures=", ".join(f'{name} = "{name}"' for name in measures)))
    folder = Path(lake.location("events").removeprefix("file://")) / f"run={number}"
    folder.mkdir(parents=True)
    stage = usage.opened(folder / "part", configured)
    usage.take(stage, events, "app")
    part = stage.close()
    written = usage.entered(connection, part, pa.chunked_array([], pa.string()), KEY)
    lake.add_files("events", usage.schema(part), [f"file://{each.path}" for each in written], month_of="event_time")


def files(lake: Lake, table: str, snapshot: int | None = None) -> list[str]:
    found = lake.table(table).scan(snapshot_id=snapshot).plan_files()
    return [task.file.file_path.removeprefix("file://") for task in found]


def by_spark(spark: object, paths: list[str], schema: pa.Schema) -> tuple[list, int]:
    frame = spark.read.option("mergeSchema", "true").parquet(*paths)
    row = digest(schema, "unix_micros({0})", "hex(encode({0}, 'UTF-8'))", "cast(cast({0} * 1000 as bigint) as string)")
    said = frame.selectExpr(f"md5({row}) AS d").selectExpr("d", "cast(conv(substr(d, 1, 8), 16, 10) as bigint) AS n")
    return sorted(one.d for one in said.collect()), said.groupBy().sum("n").collect()[0][0]


def by_duckdb(paths: list[str], schema: pa.Schema) -> tuple[list, int]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    row = digest(schema, "epoch_us({0})", "hex(encode({0}))", "cast(cast({0} * 1000 as bigint) as varchar)")
    said = connection.sql(
        f"SELECT d, ('0x' || substr(d, 1, 8))::UBIGINT AS n FROM (SELECT md5({row}) AS d FROM read_parquet({paths}, union_by_name = true))"
    )
    return sorted(d for d, _ in said.fetchall()), int(said.sum("n").fetchall()[0][0])


def digest(schema: pa.Schema, time: str, text: str, number: str) -> str:
    """One text of a row in an engine's SQL, the same in both: names of functions differ."""
    forms = {"t": time, "s": text, "n": number}
    kinds = {
        f.name: "t" if pa.types.is_timestamp(f.type) else "n" if pa.types.is_floating(f.type) else "s" for f in schema
    }
    parts = [f"coalesce(cast({forms[kind].format(name)} as {{0}}), 'null')" for name, kind in sorted(kinds.items())]
    return f"concat_ws('|', {', '.join(parts)})".replace("{0}", "string" if "unix" in time else "varchar")


def the_same(spark: object, lake: Lake, table: str, snapshot: int | None = None) -> tuple[list, int]:
    rows = lake.read(table, snapshot_id=snapshot)
    paths = files(lake, table, snapshot)
    spark_rows, duckdb_rows = by_spark(spark, paths, rows.schema), by_duckdb(paths, rows.schema)
    assert spark_rows == duckdb_rows
    assert len(spark_rows[0]) == rows.num_rows > 0
    return spark_rows


def test_events_after_evolution_and_compaction_are_the_same_rows_to_both(spark: object, lake: Lake) -> None:
    night(lake, 1, minutes=[1.5, None])
    first = the_same(spark, lake, "events")
    narrow = lake.snapshot_id("events")
    for number in (2, 3, 4):
        night(lake, number, minutes=[2.25], amount=[None, 9.125])
    wide = the_same(spark, lake, "events")

    done = upkeep.kept_up(lake, Folder(), LakeUpkeep(small_files=3), DAY, lambda: True)

    assert done.compacted >= 8
    assert the_same(spark, lake, "events") == wide
    assert the_same(spark, lake, "events", narrow) == first


@pytest.mark.parametrize("reshaped", [{"plan": ["a", None, "ü"]}, {"mrr": [1.5, None, 3.25], "plan": ["x", "y", None]}])
def test_a_table_that_was_replaced_with_other_columns_is_the_same_rows_to_both(
    spark: object, lake: Lake, reshaped: dict[str, list]
) -> None:
    lake.replace("customers", pa.table({"customer_id": ["a"], "mrr": ["twelve"], "seen": pa.array([DAY], TIME)}))
    older = lake.snapshot_id("customers")
    before = the_same(spark, lake, "customers")

    lake.replace("customers", pa.table({"customer_id": ["a", "b", "c"], **reshaped}))

    the_same(spark, lake, "customers")
    assert the_same(spark, lake, "customers", older) == before


def test_versions_of_a_history_are_the_same_rows_to_both(spark: object, lake: Lake) -> None:
    steps: list[Callable[[], None]] = [
        lambda: lake.append("customers_history", pa.table({"customer_id": ["a"], "plan": ["x"]})),
        lambda: lake.append("customers_history", pa.table({"customer_id": ["a"], "mrr": [2.5]})),
    ]
    for step in steps:
        step()

    assert len(the_same(spark, lake, "customers_history")[0]) == 2
