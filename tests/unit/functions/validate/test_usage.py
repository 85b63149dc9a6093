"""Usage events on their way into the lake: each once, under pseudonyms, in files by month or day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.pseudonym import Pseudonymiser
from holdfast.settings import parse_settings
from tests.doubles.catalog import folder_lake
from validate import conform, repeats, usage
from validate.identity import unite
from validate.staging import Stage

KEY = Pseudonymiser(b"k" * 32)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
SETTINGS = parse_settings("""
[sources.app]
kind = "events"
prefix = "x/"
fields = { customer = "c", time = "t", account = "a" }
measures = { minutes = "m" }
[churn]
kind = "usage"
""")


def landed(*rows: tuple[str, str, datetime, datetime], **texts: list[str | None]) -> pa.Table:
    ids, customers, times, known = zip(*rows, strict=True)
    told = {"kind": [None] * len(rows), "module": ["m"] * len(rows)} | texts
    return pa.table({
        "_source": ["app"] * len(rows), "event_id": ids, "customer": customers,
        "event_time": pa.array(times, TIME), "known_at": pa.array(known, TIME),
        **{name: pa.array(values, pa.string()) for name, values in told.items()}, "minutes": [1.0] * len(rows),
    })  # fmt: skip


def entered(folder: Path, events: pa.Table, *known: str, email: str | None = None) -> list[dict]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("events", events)
    contact = [[value] for value in ("crm", "1", "u-1", email, None)]
    names = ["_source", "id", "external_id", "email", "company_id"]
    times = pa.array([DAY], TIME)
    connection.register("hubspot_contacts", pa.table([*contact, times], names=[*names, "createdate"]).cast(pa.schema(
        [*((name, pa.string()) for name in names), ("createdate", TIME)]
    )))  # fmt: skip
    relations = ["events", "hubspot_contacts"]
    conform.gather_contacts(connection, relations)
    unite(connection, relations, KEY)
    stage = usage.opened(folder / "part", SETTINGS)
    usage.take(stage, events, "app")
    part = stage.close()
    schema = usage.schema(part)
    written = usage.entered(connection, part, pa.chunked_array([known], pa.string()), KEY)
    tables = [pq.read_table(each.path) for each in written]
    assert all(set(table.schema.names) == set(schema.names) for table in tables)
    return [
        row | {"file": each.path.name} for each, table in zip(written, tables, strict=True) for row in table.to_pylist()
    ]


def test_an_event_that_came_twice_is_kept_as_it_was_first_known(tmp_path):
    later = DAY + timedelta(hours=1)
    events = landed(("e1", "u-1", DAY, later), ("e1", "u-1", DAY, DAY), ("e2", "u-1", DAY, later))

    rows = entered(tmp_path, events, "app:e2")

    assert [(row["event_id"], row["known_at"]) for row in rows] == [("app:e1", DAY)]
    assert rows[0]["customer_id"] == KEY.one("u-1")
    assert rows[0]["kind"] == "event"


def test_who_is_known_by_an_address_too_is_one_customer_and_an_account_is_a_pseudonym_of_its_own_kind(tmp_path):
    events = landed(("e1", "ada@x.test", DAY, DAY), ("e2", "eve", DAY, DAY), account=["acme", None])

    rows = entered(tmp_path, events, email="Ada@x.test")

    assert [row["customer_id"] for row in rows] == [KEY.one("u-1"), KEY.one("eve")]
    assert [row["account_id"] for row in rows] == [KEY.one("acme", "account"), None]


def test_every_month_has_its_file_and_rows_keep_the_order_in_which_they_came(tmp_path):
    before = DAY - timedelta(days=1)
    events = landed(("b", "u", DAY, DAY), ("c", "u", before, DAY), ("a", "u", DAY, DAY))

    rows = entered(tmp_path, events)

    assert [(row["event_id"], row["file"]) for row in rows] == [
        ("app:c", "671.parquet"), ("app:b", "672.parquet"), ("app:a", "672.parquet")
    ]  # fmt: skip


def test_nothing_new_writes_nothing(tmp_path):
    assert entered(tmp_path, landed(("e1", "u", DAY, DAY)), "app:e1") == []


def test_the_files_are_a_table_by_day(tmp_path):
    lake = folder_lake(tmp_path / "lake")
    data = Path(lake.location("events").removeprefix("file://"))
    data.mkdir(parents=True)
    times = [DAY + timedelta(days=number % 3, hours=number) for number in range(9)]
    rows = [(str(number), "u", time, time) for number, time in enumerate(times)]
    parts = [staged(tmp_path / "one", rows[:5]), staged(tmp_path / "two", rows[5:])]

    written = usage.enter(parts, None, {}, data, map)
    lake.add_files("events", usage.schema(parts[0]), [f"file://{each.path}" for each in written], day_of="event_time")

    table = lake.table("events")
    assert table is not None
    assert sorted(table.scan().to_arrow()["event_id"].to_pylist()) == [f"app:{number}" for number in range(9)]
    assert table.inspect.partitions().num_rows == len(written) == 3


def staged(path: Path, rows: list[tuple[str, str, datetime, datetime]], hashes: list[int] | None = None):
    columns = usage.landed(["customer", "event_id", "event_time", "known_at", "kind", "module"], ["minutes"])
    stage = Stage(path, columns, ("customer", "kind", "module"))
    if rows:
        usage.take(stage, landed(*rows), "app")
    part = stage.close()
    if rows and hashes is not None:
        part.hashes.write_bytes(np.array(hashes, np.uint64).tobytes())
    return part


IDS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=8)


@pytest.mark.parametrize("of", [1, 4])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(parts=st.lists(IDS, min_size=1, max_size=3), held=st.sets(st.integers(0, 6)), clash=st.booleans())
def test_what_stays_is_the_earliest_of_each_id_however_parts_and_hashes_fall(tmp_path_factory, of, parts, held, clash):
    folder = tmp_path_factory.mktemp("parts")
    told = [[(f"e{n}", "u", DAY, DAY + timedelta(hours=h)) for n, h in part] for part in parts]
    # Three hashes for seven ids, so that different ids meet, in two of the four ranges.
    forced = [[(n % 3) << 62 for n, _ in part] for part in parts] if clash else [None] * len(parts)
    staged_parts = [staged(folder / f"{k}", rows, f) for k, (rows, f) in enumerate(zip(told, forced, strict=True))]
    known = repeats.hashed_ids(pa.chunked_array([[f"app:e{n}" for n in sorted(held)]], pa.string()))
    if clash:
        hashes = pa.array([(n % 3) << 62 for n in sorted(held)], pa.uint64())
        known = known.set_column(1, "_hash", hashes)

    left_out = {
        (part, int(row))
        for which in range(of)
        for part, rows in enumerate(repeats.later(staged_parts, known, which, of))
        for row in rows
    }

    rows = [(n, h, k, r) for k, part in enumerate(parts) for r, (n, h) in enumerate(part)]
    first = {n: min((h, k, r) for m, h, k, r in rows if m == n) for n, *_ in rows}
    assert left_out == {(k, r) for n, h, k, r in rows if n in held or first[n] != (h, k, r)}
