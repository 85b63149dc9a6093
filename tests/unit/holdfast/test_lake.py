"""Tables of the lake are replaced or extended in one commit, columns included, by one writer at a time."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.expressions import EqualTo

from holdfast.content import content_digest
from holdfast.errors import TableBusy
from holdfast.evolution import kind
from holdfast.lake import Lake
from holdfast.ledger import MemoryLedger
from holdfast.locks import Locks, Terms
from tests.doubles.catalog import FolderCatalog, folder_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return folder_lake(tmp_path)


def rows(**columns: list) -> pa.Table:
    return pa.table(columns)


def test_replacing_with_the_same_rows_commits_nothing(lake):
    lake.replace("features", rows(a=[1, 2], b=[1.0, None]))
    before = lake.snapshot_id("features")

    changed = lake.replace("features", rows(a=[1, 2], b=[1.0, None]))

    assert not changed
    assert lake.snapshot_id("features") == before


def test_the_same_rows_under_other_properties_are_a_change(lake):
    lake.replace("features", rows(a=[1]), {"set": "one"})

    assert lake.replace("features", rows(a=[1]), {"set": "two"})
    assert lake.table("features").current_snapshot().summary["set"] == "two"


def test_replacing_gives_the_table_the_new_columns_in_their_order(lake):
    lake.replace("features", rows(id=["x"], a=[1.0], b=[2.0], c=[3.0]))

    lake.replace("features", rows(id=["y"], d=[4.0], c=[3.0], a=[1.0]))

    assert lake.read("features").to_pydict() == {"id": ["y"], "d": [4.0], "c": [3.0], "a": [1.0]}
    assert lake.read("features").column_names == ["id", "d", "c", "a"]


KINDS = {"whole": pa.int64(), "number": pa.float64(), "text": pa.string(), "flag": pa.bool_()}
COLUMNS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(sorted(KINDS)), min_size=1).flatmap(
    lambda chosen: st.permutations(list(chosen.items()))
)


@settings(max_examples=30, deadline=None)
@given(st.lists(COLUMNS, min_size=2, max_size=4))
def test_whatever_columns_follow_each_other_the_table_has_those_of_its_rows(tmp_path_factory, nights):
    lake = folder_lake(tmp_path_factory.mktemp("lake"))
    held = {}
    for columns in nights:
        lake.replace("features", pa.table({name: pa.nulls(2, KINDS[each]) for name, each in columns}))
        held[lake.snapshot_id("features")] = columns

    for snapshot, columns in held.items():
        read = lake.schema("features", snapshot)
        assert read.names == [name for name, _ in columns]
        assert [kind(read.field(name).type) for name, _ in columns] == [kind(KINDS[each]) for _, each in columns]


def test_a_transaction_works_its_table_out_once_after_each_change(lake):
    lake.replace("features", rows(a=[1]))
    looks = []

    with lake.changed("features") as transaction:
        plain = lake.table("features").transaction()
        for name in ("one", "two"):
            for each in (transaction, plain):
                each.set_properties({name: "said"})
            assert transaction.table_metadata.properties == plain.table_metadata.properties
            looks += [transaction.table_metadata, transaction.table_metadata]

    assert looks[0] is looks[1]
    assert looks[1] is not looks[2]
    assert lake.table("features").properties.items() >= {"one": "said", "two": "said"}.items()


def test_schemas_that_no_snapshot_has_are_forgotten_and_every_snapshot_stays_readable(lake):
    lake.replace("features", rows(id=["x"], a=[1.0], b=[2.0]))
    lake.tag("features", "first")
    for columns in ({"id": ["x"], "a": [1.5]}, {"id": ["x"], "a": ["text"]}):
        lake.replace("features", rows(**columns))
    before = {
        one.snapshot_id: lake.read("features", snapshot_id=one.snapshot_id)
        for one in lake.table("features").snapshots()
    }
    table = lake.table("features")
    unused = set(table.schemas()) - {one.schema_id for one in table.snapshots()}

    assert unused
    assert lake.forget_schemas("features") == len(unused)
    assert lake.forget_schemas("features") == 0
    assert not unused & set(lake.table("features").schemas())
    assert {one: lake.read("features", snapshot_id=one) for one in before} == before
    lake.replace("features", rows(id=["y"], b=[3.0], c=[True]))
    assert lake.read("features").to_pydict() == {"id": ["y"], "b": [3.0], "c": [True]}


def test_an_older_snapshot_keeps_its_own_columns(lake):
    lake.replace("features", rows(id=["x"], a=[1.0], b=[2.0]))
    older = lake.snapshot_id("features")

    lake.replace("features", rows(id=["y"], a=[5.0]))

    assert lake.read("features", snapshot_id=older).to_pydict() == {"id": ["x"], "a": [1.0], "b": [2.0]}


def test_a_column_that_was_gone_may_come_back(lake):
    for columns in ({"a": [1.0], "b": [2.0]}, {"a": [1.0]}, {"b": [7.0], "a": [1.0]}):
        lake.replace("features", rows(**columns))

    assert lake.read("features").to_pydict() == {"b": [7.0], "a": [1.0]}


@pytest.mark.parametrize(
    ("before", "now"),
    [(["1"], [1.5]), ([1.5], ["x"]), ([1], [1.5]), ([True], ["x"]), ([1.5], [datetime(2026, 1, 1, tzinfo=UTC)])],
)
def test_a_column_of_another_type_takes_that_type_and_older_snapshots_keep_theirs(lake, before, now):
    lake.replace("raw", rows(id=["x"], a=before, b=[1]))
    older = lake.snapshot_id("raw")

    lake.replace("raw", rows(id=["x"], a=now, b=[1]))

    assert lake.read("raw").to_pydict() == {"id": ["x"], "a": now, "b": [1]}
    assert lake.read("raw", snapshot_id=older).to_pydict() == {"id": ["x"], "a": before, "b": [1]}


def test_columns_and_rows_change_in_one_commit_or_not_at_all(lake):
    lake.replace("raw", rows(id=["x"], a=["1"]))
    impossible = pa.table({"id": ["x"], "a": [1.0], "c": pa.array([None], pa.null())})

    with pytest.raises(Exception, match="null"):
        lake.replace("raw", impossible)

    assert lake.read("raw").to_pydict() == {"id": ["x"], "a": ["1"]}


def parquet(folder: Path, name: str, **columns: list) -> str:
    pq.write_table(pa.table(columns), folder / name)
    return f"file://{folder / name}"


def test_a_table_is_not_there_before_its_first_rows_are(lake, tmp_path):
    with pytest.raises(FileNotFoundError):
        lake.add_files("events", pa.schema([("a", pa.int64())]), ["file:///nowhere.parquet"], month_of=None)

    assert lake.table("events") is None


def test_files_and_their_new_columns_enter_in_one_commit_or_not_at_all(lake, tmp_path):
    first, wide = parquet(tmp_path, "1.parquet", a=[1]), parquet(tmp_path, "2.parquet", a=[2], b=["x"])
    schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
    lake.add_files("events", pa.schema([("a", pa.int64())]), [first])

    with pytest.raises(FileNotFoundError):
        lake.add_files("events", schema, ["file:///nowhere.parquet"])
    assert lake.read("events").to_pydict() == {"a": [1]}

    lake.add_files("events", schema, [wide])
    assert sorted(lake.read("events").to_pylist(), key=str) == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_a_new_table_of_files_is_partitioned_from_its_first_commit_on(lake, tmp_path):
    file = parquet(tmp_path, "1.parquet", at=[datetime(2026, 1, 5, tzinfo=UTC)])

    lake.add_files("events", pa.schema([("at", pa.timestamp("us", tz="UTC"))]), [file], month_of="at")

    assert [field.name for field in lake.table("events").spec().fields] == ["at_month"]


def test_appending_adds_rows_and_the_columns_that_they_bring(lake):
    lake.append("log", rows(a=[1]), {"of": "one"})
    lake.append("log", rows(a=[2], b=["x"]), {"of": "two"})

    assert sorted(lake.read("log").to_pylist(), key=str) == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]
    assert lake.said_of("log")["of"] == "two"


def test_what_is_put_takes_the_place_of_what_was_there_under_the_same_condition(lake):
    def put(night: int, *values: int) -> None:
        lake.put("scores", rows(night=[night] * len(values), a=list(values)), EqualTo("night", night))

    put(1, 10, 11)
    put(2, 20)
    put(1, 12)
    before = lake.snapshot_id("scores")
    put(1, 12)

    assert sorted(lake.read("scores").to_pylist(), key=lambda row: row["night"]) == [
        {"night": 1, "a": 12}, {"night": 2, "a": 20}]  # fmt: skip
    assert lake.snapshot_id("scores") == before


def test_a_tag_moves_in_one_commit_and_may_name_an_older_snapshot(lake):
    lake.replace("features", rows(a=[1]))
    older = lake.snapshot_id("features")
    lake.tag("features", "chosen")
    lake.replace("features", rows(a=[2]))
    commits = len(lake.table("features").metadata.metadata_log)

    lake.tag("features", "chosen")
    assert lake.table("features").refs()["chosen"].snapshot_id == lake.snapshot_id("features")
    assert len(lake.table("features").metadata.metadata_log) == commits + 1

    lake.tag("features", "chosen", older)
    assert lake.table("features").refs()["chosen"].snapshot_id == older


@pytest.mark.parametrize("write", ["replace", "append", "tag"])
def test_nobody_writes_to_a_table_that_another_writer_holds(tmp_path, write):
    ledger, catalog = MemoryLedger(), FolderCatalog()
    ours, theirs = (Lake(catalog, "lake", f"file://{tmp_path}", Locks(ledger, who, Terms(patience=0))) for who in "ab")
    ours.replace("features", rows(a=[1]))
    before = ours.table("features").metadata_location

    with ours.alone("features"), pytest.raises(TableBusy):
        {"replace": lambda: theirs.replace("features", rows(a=[2])),
         "append": lambda: theirs.append("features", rows(a=[2])),
         "tag": lambda: theirs.tag("features", "x")}[write]()  # fmt: skip

    assert theirs.table("features").metadata_location == before


def test_a_writer_that_was_held_up_while_another_wrote_commits_nothing(tmp_path):
    ledger, catalog = MemoryLedger(), FolderCatalog()
    slow, quick = (Lake(catalog, "lake", f"file://{tmp_path}", Locks(ledger, who)) for who in ("slow", "quick"))
    slow.replace("features", rows(a=[1]))

    def held_up() -> None:
        with slow.changed("features") as transaction:
            transaction.append(rows(a=[2]))
            ledger.locks.clear()  # its lease ran out
            quick.append("features", rows(a=[3]))

    with pytest.raises(TableBusy, match="taken over"):
        held_up()

    assert sorted(quick.read("features")["a"].to_pylist()) == [1, 3]
    slow.append("features", rows(a=[2]))
    assert sorted(quick.read("features")["a"].to_pylist()) == [1, 2, 3]


def test_older_metadata_than_the_last_twenty_commits_goes(lake, tmp_path):
    for turn in range(25):
        lake.replace("features", rows(a=[turn]))

    assert len(list((tmp_path / "features/metadata").glob("*.metadata.json"))) == 21


def test_texts_come_coded_where_every_file_has_the_column_and_plain_where_one_was_added_later(tmp_path):
    lake = folder_lake(tmp_path)
    lake.append("events", pa.table({"kind": ["a", "b"]}))
    lake.append("events", pa.table({"kind": ["a", None], "platform": ["ios", "web"]}))

    rows = lake.read("events", ("kind", "platform"), coded=("kind", "platform"))

    assert pa.types.is_dictionary(rows["kind"].type)
    assert sorted(map(str, rows["kind"].to_pylist())) == ["None", "a", "a", "b"]
    assert sorted(map(str, rows["platform"].to_pylist())) == ["None", "None", "ios", "web"]


def test_a_digest_is_of_the_rows_in_their_order_however_they_are_chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.content._HASHED_ROWS", 4)
    rows = pa.table({"a": list(range(10)), "b": [[{"x": str(number)}] * (number % 3) for number in range(10)]})
    chunked = pa.concat_tables([rows.slice(0, 3), rows.slice(3, 5), rows.slice(8)])

    assert content_digest(chunked) == content_digest(rows)
    assert content_digest(rows.slice(0, 9)) != content_digest(rows)
    assert content_digest(rows.take(list(reversed(range(10))))) != content_digest(rows)
    assert content_digest(rows.slice(0, 0)) != content_digest(rows.slice(0, 0).select(["a"]))
