"""Activity that another engine groups: what it is asked for, in its own SQL, and its answer as the tables that features are made from."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.cutoffs import plan
from features.definitions import Definitions
from features.grouping import Shape, grouped, shape_of, statement
from features.rows import DAY_US
from holdfast.lake import in_files
from holdfast.settings import Settings
from holdfast.store import Store, read_json


@dataclass(frozen=True)
class Activity:
    """One activity table at a snapshot: its columns, and the addresses of its Parquet files."""

    schema: pa.Schema
    files: list[str]


def request(
    tables: Mapping[str, Activity], sets: Sequence[Definitions], settings: Settings, as_of: int, place: str
) -> dict[str, Any]:
    """What Spark is to read and to run, and where it is to write, for whoever of `sets` makes features of it (the run's own first).

    `place` is an address that ends in a slash; `as_of` a day number.
    """
    return {
        "tables": [_table(name, activity, sets, place) for name, activity in tables.items()],
        "before_us": _before(settings, as_of) * DAY_US,
    }


def request_key(cells: str) -> str:
    """Where a request lies, beside what comes of it."""
    return f"{cells}request.json"


def tables_of(store: Store, cells: str) -> dict[str, pa.Table]:
    """What was grouped, in the form that `features.rows.dated` gives to rows."""
    asked = read_json(store, request_key(cells))["tables"]
    return {each["name"]: _answer(store, f"{cells}{each['name']}/", each["shape"]) for each in asked}


def _table(name: str, activity: Activity, sets: Sequence[Definitions], place: str) -> dict[str, Any]:
    shape = _shape(name, activity.schema, sets)
    named = {alias: {"names": in_files(column), "kind": "double" if column in shape.measures else "string"}
             for column, alias in shape.read.items()}  # fmt: skip
    few = [shape.read[column] for column in shape.splits if all(each.most(column) is None for each in sets)]
    return {
        "name": name,
        "files": activity.files,
        "columns": named,
        "few": few,
        "most": max(each.categories for each in sets),
        "statement": statement(shape),
        "cells": f"{place}{name}/",
        "shape": {"splits": shape.splits, "measures": shape.measures, "dayparts": shape.dayparts},
    }


def _shape(name: str, schema: pa.Schema, sets: Sequence[Definitions]) -> Shape:
    """Everything that any of the sets wants; of the parts of the day those of the first where they are called the same."""
    never = set.intersection(*(each.never(name) for each in sets))
    wanted = pa.schema([field for field in schema if field.name.lower() not in never])
    dayparts = {part: hours for each in reversed(sets) for part, hours in each.dayparts.items()}
    return shape_of(wanted, dayparts)


def _before(settings: Settings, as_of: int) -> int:
    """The day before which texts have to have been met: the last cutoff that trains. No history is too short for that."""
    return max(cutoff.day for cutoff in plan(settings.churn, settings.training, 0, as_of) if cutoff.split != "holdout")


def _answer(store: Store, prefix: str, said: Mapping[str, Any]) -> pa.Table:
    dayparts = {name: (hours[0], hours[1]) for name, hours in said["dayparts"].items()}
    shape = Shape(tuple(said["splits"]), tuple(said["measures"]), dayparts)
    keys = [item.key for item in store.list(prefix) if item.key.endswith(".parquet")]
    coded = ["customer_id", *(f"s{i}" for i in range(len(shape.splits)))]
    parts = [pq.read_table(io.BytesIO(store.read(key)), read_dictionary=coded) for key in keys]
    return grouped(pa.concat_tables(parts, promote_options="permissive"), shape)
