"""What another engine is asked to group, and what is made of its answer. Spark itself answers in tests/spark."""

import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import engine
from features.definitions import shipped
from features.group import definitions_of, group
from features.grouping import MADE_BY
from features.synthesis import synthesise
from features.world import activities
from holdfast.bundle import Bundle, canonical, save
from holdfast.contracts import FeaturesWanted
from holdfast.errors import ConfigurationInvalid
from holdfast.feature_set import FeatureSet, key_of
from holdfast.registry import Champion
from holdfast.store import MemoryStore, read_json, write_json
from tests.doubles.catalog import folder_lake
from tests.doubles.models import bundle
from tests.unit.functions.features.builders import SMALL, activity, at, customers, definitions, settings

AS_OF = at(120)
ROWS = [{"who": "a", "day": 90.0, "kind": "login", "module": "api", "minutes": 1.5}]
OTHER = (
    SMALL.replace("night = [0, 6]", "night = [0, 5]")
    .replace("categories = 4", "categories = 9")
    .replace('never = ["lifecyclestage"]', "never = []")
)


def asked_of(rows: pa.Table, *texts: str) -> dict:
    asked = engine.request(
        {"events": engine.Activity(rows.schema, ["f1"])},
        [definitions(t) for t in texts],
        settings(),
        120,
        "s3://landing/cells/r/",
    )
    return asked["tables"][0]


def test_a_request_names_the_files_of_the_runs_own_snapshot_and_is_the_same_when_asked_again(tmp_path) -> None:
    lake, landing = folder_lake(tmp_path), MemoryStore()
    lake.append("events", activity(ROWS))
    lake.replace("customers", customers(["a"]))
    wanted = FeaturesWanted(
        "r1", AS_OF.isoformat(), {name: lake.snapshot_id(name) or 0 for name in ("events", "customers")}
    )
    lake.append("events", activity(ROWS))

    answer = group(wanted, lake, landing, [definitions()], settings())
    objects = dict(landing.objects)

    asked = read_json(landing, "cells/r1/request.json")
    assert (answer.rows, answer.cells, answer.request) == (1, "cells/r1/", "memory://cells/r1/request.json")
    assert [table["name"] for table in asked["tables"]] == ["events"]
    assert len(asked["tables"][0]["files"]) == 1
    assert group(wanted, lake, landing, [definitions()], settings()) == answer
    assert landing.objects == objects


def test_texts_have_to_be_met_before_the_last_cutoff_that_trains() -> None:
    days = settings().churn.horizon_days
    asked = engine.request({}, [definitions()], settings(), 120, "")
    folds = engine.request({}, [definitions()], settings(rest='[training]\nvalidation = "folds"'), 120, "")

    assert asked["before_us"] == (120 - 2 * days) * 86_400_000_000
    assert folds["before_us"] == (120 - days) * 86_400_000_000


def test_columns_are_told_to_the_engine_as_files_may_call_them() -> None:
    rows = activity(ROWS).append_column("session `id`", pa.array(["x"])).append_column("seats", pa.array([2]))

    asked = asked_of(rows, SMALL)

    assert asked["columns"]["s2"] == {"names": ["session `id`", "session_x20_x60id_x60"], "kind": "string"}
    assert asked["columns"]["m1"] == {"names": ["seats"], "kind": "double"}
    assert asked["few"] == ["s2"]
    assert "session" not in asked["statement"]


def test_what_any_of_two_sets_wants_is_grouped_by() -> None:
    rows = activity(ROWS).append_column("agent", pa.array(["x"]))
    without = SMALL.replace('table = "events"\nmany', 'table = "events"\nnever = ["agent", "minutes"]\nmany')

    alone, both = asked_of(rows, without), asked_of(rows, without, OTHER)

    assert (alone["shape"]["splits"], alone["shape"]["measures"], alone["most"]) == (("kind", "module"), (), 4)
    assert (both["shape"]["splits"], both["shape"]["measures"], both["most"]) == (
        ("kind", "module", "agent"),
        ("minutes",),
        9,
    )
    assert both["shape"]["dayparts"]["night"] == (0, 6)


def test_groups_of_other_hours_are_refused() -> None:
    events = pa.table({"customer_id": ["a"], "__day": [90]}, metadata={MADE_BY: json.dumps({"night": [0, 6]})})

    assert activities({"events": events}, definitions())["events"].equals(events)
    with pytest.raises(ConfigurationInvalid, match="grouped without these hours of the day: night"):
        activities({"events": events}, definitions(OTHER))


def test_parts_of_an_answer_are_one_table_and_what_is_no_answer_is_left_alone() -> None:
    landing = MemoryStore()
    asked = asked_of(activity(ROWS), SMALL)
    write_json(landing, engine.request_key("cells/r/"), {"tables": [asked]})
    cell = {"customer_id": "a", "day": 90, "visible": 91, "s0": "login", "s1": None, "__count": 2, "__first": 1, "__last": 2, "part0": 0,
            "filled0": 2, "low0": 1.0, "high0": 2.0, "sum0_whole": 3.0, "sum0_billionths": 5e8, "squares0_whole": 5.0, "squares0_billionths": 0.0}  # fmt: skip
    for number in range(2):
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([cell | {"customer_id": f"c{number}"}]), sink)
        landing.write(f"cells/r/events/part-{number}.parquet", sink.getvalue())
    landing.write("cells/r/events/_SUCCESS", b"")

    events = engine.tables_of(landing, "cells/r/")["events"]

    assert events["customer_id"].to_pylist() == ["c0", "c1"]
    assert events["minutes"].to_pylist() == [3.5, 3.5]
    assert events["__count"].to_pylist() == [2, 2]


def test_a_run_is_grouped_for_its_own_definitions_and_the_champions(tmp_path) -> None:
    store = MemoryStore()
    held = {
        "customers": customers(["a", "b"]),
        "events": activity(
            [row | {"who": who, "day": float(day)} for row in ROWS for who in "ab" for day in range(20, 118, 3)]
        ),
    }
    pinned = synthesise(held, settings(), definitions(), AS_OF).feature_set
    write_json(store, key_of(pinned.version), pinned.to_json())
    model = Bundle({**bundle().files, "features.json": canonical(pinned.to_json())})
    champion = Champion(save(store, model), "run", AS_OF.isoformat())
    unreadable = FeatureSet(pinned.features, {"definitions": {"windows": 7}})
    gone = Bundle({**bundle().files, "features.json": canonical(unreadable.to_json())})

    assert definitions_of(store, "", None) == [shipped()]
    assert definitions_of(store, "", champion) == [shipped(), definitions()]
    assert definitions_of(store, pinned.version, None) == [definitions()]
    assert definitions_of(store, "", replace(champion, version=save(store, gone))) == [shipped()]


def test_where_spark_begins_is_configured() -> None:
    assert settings().features.spark_from_rows == 20_000_000
    with pytest.raises(ConfigurationInvalid, match="spark_from_rows"):
        settings(rest="[features]\nspark_from_rows = 0")
