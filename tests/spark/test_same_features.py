"""The job that EMR runs, on real PySpark: every feature of every example comes out as from rows on one machine."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features import engine
from features.definitions import Definitions, shipped
from features.group import group
from features.held import over, tables_of
from features.remade import remade
from features.synthesis import Synthesis, synthesise
from holdfast.contracts import FeaturesWanted
from holdfast.lake import Lake
from holdfast.store import Listed
from tests.doubles.catalog import folder_lake
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings

AS_OF = at(150)
NAMES = [f"c{i:03d}" for i in range(60)]
OTHER = SMALL.replace('never = ["lifecyclestage"]', 'never = ["lifecyclestage", "agent"]').replace(
    "categories = 4", "categories = 9"
)


@dataclass
class Folder:
    """A bucket as a folder, at addresses that Spark can read and write."""

    root: Path
    bucket: str = field(default="landing")

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def write(self, key: str, body: bytes, content_type: str = "") -> None:
        (self.root / key).parent.mkdir(parents=True, exist_ok=True)
        (self.root / key).write_bytes(body)

    def list(self, prefix: str, after: str = "") -> list[Listed]:
        found = sorted(path for path in (self.root / prefix).rglob("*") if path.is_file())
        return [Listed(str(path.relative_to(self.root)), path.stat().st_size, "") for path in found]

    def uri(self, key: str) -> str:
        return f"file://{self.root}/{key}"


def rows(luck: random.Random, count: int) -> list[dict]:
    """Events of every nastiness: late, without kind, of strangers, at midnight, with numbers that are none or too large."""
    return [{
        "who": luck.choice([*NAMES, "stranger", None]), "day": luck.choice([luck.uniform(0, 150), float(luck.randint(1, 149))]),
        "kind": luck.choice(["login", "view", "Größe 🙂", "a'b`c", "", None]), "module": luck.choice(["api", "web", None]),
        "minutes": luck.choice([None, 0.1, -3.7, float("nan"), float("inf"), 1e18, 2e9, luck.uniform(0, 1e4)]),
        "amount": luck.choice([None, float(luck.randint(0, 10**6))]),
    } | {"late": luck.choice([0.0, 0.0, 0.4, 3.0])} for _ in range(count)]  # fmt: skip


def logged(luck: random.Random, count: int) -> pa.Table:
    made = [{**row, "known": row["day"] + row["late"]} for row in rows(luck, count)]
    few = pa.array([luck.choice(["ios", "web", "tv", None]) for _ in made])
    many = pa.array([f"session {i}" for i in range(count)])
    some = pa.array([luck.choice("abcdefg") for _ in made])
    return (
        activity(made, ("minutes", "amount"))
        .append_column("platform", few)
        .append_column("session `id`", many)
        .append_column("agent", some)
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Events in several files, of which the older ones lack columns, and the tables around them."""
    lake, luck = folder_lake(tmp_path / "lake"), random.Random(4)
    lake.append("events", logged(luck, 3000).drop_columns(["amount", "platform"]))
    for _ in range(3):
        lake.append("events", logged(luck, 3000))
    lake.replace("emails", activity([row | {"kind": luck.choice(["SENT", "OPEN"])} for row in rows(luck, 900)], ()))
    lake.replace("tickets", activity(rows(luck, 300), ()))
    lake.replace(
        "customers", customers(NAMES, company=[luck.choice(["x", "y", None]) for _ in NAMES], seats=pa.array(range(60)))
    )
    lake.replace(
        "companies", pa.table({"company_id": ["x", "y"], "created_at": pa.array([at(0)] * 2), "industry": ["a", "b"]})
    )
    return lake


def by_spark(spark: object, lake: Lake, folder: Path, sets: list[Definitions]) -> dict[str, pa.Table]:
    from features import cells_on_spark  # only where PySpark is: without it the fixture has skipped the test

    snapshots = {name: lake.snapshot_id(name) or 0 for name in lake.names()}
    landing = Folder(folder)
    asked = group(FeaturesWanted("night", AS_OF.isoformat(), snapshots), lake, landing, sets, settings())
    assert asked.rows == 13_200
    for _ in range(2):  # a state that is tried again finds its own files
        cells_on_spark.main(asked.request)
    grouped = engine.tables_of(landing, asked.cells)
    others = {name: held for name, held in snapshots.items() if name not in grouped}
    return over(grouped, tables_of(lake, others))


def the_same(one: Synthesis, other: Synthesis) -> None:
    assert one.feature_set.version == other.feature_set.version
    for mine, theirs in ((one.examples, other.examples), (one.features, other.features)):
        assert mine.column_names == theirs.column_names
        assert mine.num_rows == theirs.num_rows > 0
        for name in mine.column_names:
            equal(name, mine[name], theirs[name])


def equal(name: str, mine: pa.ChunkedArray, theirs: pa.ChunkedArray) -> None:
    """Whole numbers exactly, others within 1e-9 of their size."""
    if not pa.types.is_floating(mine.type):
        assert mine == theirs, name
        return
    here, there = (np.asarray(column.to_numpy(), dtype=np.float64) for column in (mine, theirs))
    whole = (here == np.floor(here)) | np.isnan(here)
    np.testing.assert_array_equal(here[whole], there[whole], err_msg=name)
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=0, err_msg=name)


@pytest.mark.parametrize("text", [None, SMALL], ids=["shipped", "small"])
def test_every_feature_is_the_same_by_spark_and_on_one_machine(
    spark: object, lake: Lake, tmp_path: Path, text: str | None
) -> None:
    wanted = definitions(text) if text else shipped()
    tables = by_spark(spark, lake, tmp_path, [wanted])

    grouped = synthesise(tables, settings(), wanted, AS_OF)
    plain = synthesise(tables_of(lake), settings(), wanted, AS_OF)

    the_same(grouped, plain)
    assert len(plain.feature_set.names) > (800 if text is None else 100)
    assert any("platform" in name for name in plain.feature_set.names) or text


def test_a_column_of_more_texts_than_are_told_apart_makes_no_groups(spark: object, lake: Lake, tmp_path: Path) -> None:
    events = by_spark(spark, lake, tmp_path, [shipped()])["events"]

    asked = json.loads((tmp_path / "cells/night/request.json").read_text())
    assert events["session `id`"].null_count == len(events)
    assert events["platform"].null_count < len(events)
    assert asked["tables"][0]["few"] == ["s2", "s3", "s4"]
    assert len(events) < 12_000


def test_what_a_champion_of_other_definitions_needs_is_grouped_too(spark: object, lake: Lake, tmp_path: Path) -> None:
    own, theirs = definitions(OTHER), definitions(SMALL)
    champion = synthesise(tables_of(lake), settings(), theirs, AS_OF)
    tables = by_spark(spark, lake, tmp_path, [own, theirs])

    the_same(remade(tables, settings(), champion.feature_set, AS_OF), champion)
    the_same(synthesise(tables, settings(), own, AS_OF), synthesise(tables_of(lake), settings(), own, AS_OF))
