"""Columns of the customer and company tables as features: numbers as they are, few-valued texts one by one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.rows import Floats, Ints, is_number
from features.wording import Column, humanised, slug
from holdfast.feature_set import Feature
from holdfast.words import FLAG

_MANY = 50
"""Rows from which whole numbers that never repeat are taken for an identifier."""

Choice = dict[str, Any]
"""What becomes of a table's columns: `numbers` and `dropped` (column -> reason), and `categories` (column -> texts)."""


def choose(table: pa.Table, rows: Ints, never: set[str], most: int) -> Choice:
    """Decide from the rows of the training examples only; `never` holds column names in lower case."""
    chosen: Choice = {"numbers": [], "categories": {}, "dropped": {}}
    seen = table.take(pa.array(np.unique(rows)))
    for name in table.column_names:
        _judge(chosen, name, seen[name], name.lower() in never, most)
    return chosen


def columns(table: pa.Table, chosen: Choice, group: str) -> Iterator[Column]:
    """The chosen columns' features, one row per row of `table`."""
    for name in chosen["numbers"]:
        unit = FLAG if pa.types.is_boolean(table[name].type) else ""
        yield Feature(f"{group}_{slug(name)}", humanised(name), unit, group, actionable=False), numbers(table[name])
    for name, texts in chosen["categories"].items():
        column = table[name].cast(pa.string())
        for text in texts:
            feature = Feature(
                f"{group}_{slug(name)}_{slug(text)}", f"{humanised(name)} is {text}", FLAG, group, actionable=False
            )
            yield feature, numbers(pc.fill_null(pc.equal(column, text), False))


def numbers(column: pa.ChunkedArray) -> Floats:
    """Any number or boolean column as float64, NaN where it is null or infinite."""
    values = np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _judge(chosen: Choice, name: str, seen: pa.ChunkedArray, never: bool, most: int) -> None:
    reason = "declared as never a feature" if never else _objection(seen.drop_null(), most)
    if reason:
        chosen["dropped"][name] = reason
    elif is_text(seen.type):
        texts = sorted(seen.drop_null().cast(pa.string()).unique().to_pylist())
        chosen["categories"][name] = texts[1:] if len(texts) == 2 and not seen.null_count else texts
    else:
        chosen["numbers"].append(name)


def _objection(seen: pa.ChunkedArray, most: int) -> str | None:
    if pa.types.is_temporal(seen.type):
        return "a date"
    if not is_text(seen.type) and not is_number(seen.type):
        return f"neither number nor text ({seen.type})"
    if is_text(seen.type):
        distinct = len(seen.unique())
        return None if distinct <= most else f"more than {most} distinct texts"
    return "looks like an identifier" if _is_identifier(numbers(seen)) else None


def _is_identifier(values: Floats) -> bool:
    return len(values) > _MANY and bool((values == np.floor(values)).all()) and len(np.unique(values)) == len(values)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, however they are stored."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))
