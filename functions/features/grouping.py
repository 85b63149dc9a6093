"""Cells by GROUP BY: what a customer did on a day, said once, in SQL that DuckDB and Spark both run.

One machine does without: there a row is a cell (`features.cells`), which is faster than grouping rows that hardly repeat.
Where another engine groups, what it answers stands in for the rows, and every feature comes out the same.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.rows import COUNT, DAY, FIRST, LAST, VISIBLE, filled, high, low, measures, part, splits, squares

MADE_BY = b"holdfast.dayparts"
"""What a grouped table says of itself in its schema: the parts of the day that its groups tell apart."""
_DAY_US = "CAST(86400000000 AS DOUBLE)"
_LARGEST = "1e15"


@dataclass(frozen=True)
class Shape:
    """What an activity table is grouped by and what is added up: names of columns, and hours of UTC by part of the day."""

    splits: tuple[str, ...]
    measures: tuple[str, ...]
    dayparts: Mapping[str, tuple[int, int]]

    @property
    def read(self) -> dict[str, str]:
        """The columns that the statement reads, and what it calls them, whatever they are called."""
        texts = {name: f"s{i}" for i, name in enumerate(self.splits)}
        return {"customer_id": "customer_id"} | texts | {name: f"m{i}" for i, name in enumerate(self.measures)}


def shape_of(schema: pa.Schema, dayparts: Mapping[str, tuple[int, int]]) -> Shape:
    """The shape of an activity table of the lake."""
    return Shape(tuple(splits(schema)), tuple(measures(schema)), dayparts)


def statement(shape: Shape) -> str:
    """SELECT from `activity`: the columns of `Shape.read`, and `us` and `known_us` in microseconds since 1970 UTC."""
    keys = ["customer_id", "day", "visible", *(f"s{i}" for i in range(len(shape.splits)))]
    hours = [
        f"sum(CASE WHEN hour >= {start} AND hour < {end} THEN 1 ELSE 0 END) AS part{i}"
        for i, (start, end) in enumerate(shape.dayparts.values())
    ]
    sums = [f"count(*) AS {COUNT}", f"min(us) AS {FIRST}", f"max(us) AS {LAST}", *hours]
    sums += [text for i in range(len(shape.measures)) for text in _added(i)]
    return f"SELECT {', '.join([*keys, *sums])} FROM ({_dated(shape)}) AS dated GROUP BY {', '.join(keys)}"


def grouped(answer: pa.Table, shape: Shape) -> pa.Table:
    """What an engine answered, in the form that `features.rows.dated` gives to rows."""
    made = {"customer_id": answer["customer_id"], DAY: answer["day"], VISIBLE: answer["visible"]}
    made |= {name: answer[name] for name in (FIRST, LAST, COUNT)}
    made |= {name: answer[f"s{i}"] for i, name in enumerate(shape.splits)}
    made |= {part(name): answer[f"part{i}"] for i, name in enumerate(shape.dayparts)}
    for i, name in enumerate(shape.measures):
        made |= {name: _whole(answer, f"sum{i}"), squares(name): _whole(answer, f"squares{i}")}
        made |= {filled(name): answer[f"filled{i}"], low(name): answer[f"low{i}"], high(name): answer[f"high{i}"]}
    return pa.table(made, metadata={MADE_BY: json.dumps(shape.dayparts)})


def _dated(shape: Shape) -> str:
    numbers = [
        f"CASE WHEN abs(m{i}) < {_LARGEST} THEN CAST(m{i} AS DOUBLE) END AS m{i}" for i in range(len(shape.measures))
    ]
    texts = [f"s{i}" for i in range(len(shape.splits))]
    day = f"floor(CAST(us AS DOUBLE) / {_DAY_US})"
    arrived = f"ceil(CAST(coalesce(known_us, us) AS DOUBLE) / {_DAY_US})"
    inner = ", ".join(
        ["customer_id", "us", f"{day} AS day", f"greatest({day} + 1, {arrived}) AS visible", *texts, *numbers]
    )
    hour = f"floor((CAST(us AS DOUBLE) - day * {_DAY_US}) / CAST(3600000000 AS DOUBLE)) AS hour"
    outer = ", ".join(["customer_id", "us", "CAST(day AS INT) AS day", "CAST(visible AS INT) AS visible", hour, *texts,
                       *(f"m{i}" for i in range(len(shape.measures)))])  # fmt: skip
    known = "customer_id IS NOT NULL AND us IS NOT NULL"
    return f"SELECT {outer} FROM (SELECT {inner} FROM activity WHERE {known}) AS numbered"


def _added(i: int) -> Sequence[str]:
    """Sums in whole numbers and billionths apart, which no order of the rows changes."""
    x = f"m{i}"
    return [f"count({x}) AS filled{i}", f"min({x}) AS low{i}", f"max({x}) AS high{i}",
            *_exact(x, f"sum{i}"), *_exact(f"({x} * {x})", f"squares{i}")]  # fmt: skip


def _exact(x: str, name: str) -> Sequence[str]:
    """Spark's floor is a BIGINT, which ends where doubles have had no fractions for long."""
    whole = f"CASE WHEN abs({x}) < 9e15 THEN CAST(floor({x}) AS DOUBLE) ELSE {x} END"
    rest = f"CAST(floor(({x} - ({whole})) * 1e9 + 5e-1) AS DOUBLE)"
    return [f"sum({whole}) AS {name}_whole", f"sum({rest}) AS {name}_billionths"]


def _whole(answer: pa.Table, name: str) -> pa.Array:
    whole, rest = (
        np.asarray(answer[f"{name}_{half}"].to_numpy(), dtype=np.float64) for half in ("whole", "billionths")
    )
    return pc.if_else(np.isnan(whole), None, pa.array(whole + rest / 1e9))
