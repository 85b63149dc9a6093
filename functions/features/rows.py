"""Rows of activity tables, dated: which day, seen from which midnight on, and which columns split or are added up."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.tables import ACTIVITY_BASE

Ints = npt.NDArray[np.signedinteger]
Floats = npt.NDArray[np.float64]

DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000
DAY, VISIBLE, FIRST, LAST, COUNT = "__day", "__visible", "__first", "__last", "__count"
_NOT_SPLITS = {*ACTIVITY_BASE.names} - {"kind"}


def part(name: str) -> str:
    """Column of how many rows fell into a part of the day."""
    return f"__part_{name}"


def filled(name: str) -> str:
    """Column of how many values a measure had. Where rows are not grouped there is none, nor any of the next three."""
    return f"__filled_{name}"


def low(name: str) -> str:
    """Column of a measure's smallest value."""
    return f"__low_{name}"


def high(name: str) -> str:
    """Column of a measure's largest value."""
    return f"__high_{name}"


def squares(name: str) -> str:
    """Column of the sum of a measure's squares."""
    return f"__squares_{name}"


def dated(rows: pa.Table, dayparts: Mapping[str, tuple[int, int]]) -> pa.Table:
    """Rows that name a customer and a time. Moments in microseconds, days counted since 1970 and parts of the day stand in for the times.

    A row is seen from the first midnight UTC at which it may be used: the one after it happened, or the one after its
    arrival when that is later.
    """
    if rows["customer_id"].null_count or rows["event_time"].null_count:
        rows = rows.filter(pc.and_(rows["customer_id"].is_valid(), rows["event_time"].is_valid()))
    rows = rows.unify_dictionaries()
    us, known = _microseconds(rows["event_time"]), _microseconds(pc.coalesce(rows["known_at"], rows["event_time"]))
    day = us // DAY_US
    made = {FIRST: us, DAY: day.astype(np.int32), VISIBLE: np.maximum(day + 1, -(-known // DAY_US)).astype(np.int32)}
    hour = ((us - day * DAY_US) // _HOUR_US).astype(np.int8)
    made |= {part(name): (hour >= start) & (hour < end) for name, (start, end) in dayparts.items()}
    kept = ["customer_id", *splits(rows.schema), *measures(rows.schema)]
    columns = {name: rows[name] for name in kept} | {name: pa.array(values) for name, values in made.items()}
    return pa.table(columns | {LAST: columns[FIRST]})


def measures(schema: pa.Schema) -> list[str]:
    """Columns of an activity table that can be added up. A boolean is a state of today, not an amount of that day."""
    numeric = (field for field in schema if is_number(field.type) and not pa.types.is_boolean(field.type))
    return [field.name for field in numeric if not field.name.startswith("__")]


def splits(schema: pa.Schema) -> list[str]:
    """Columns of texts that rows can be told apart by; which of them have few values enough is seen later."""
    return [field.name for field in schema if is_text(field.type) and field.name not in _NOT_SPLITS]


def met(rows: pa.Table, column: str, before: int, most: int, always: Iterable[str] = ()) -> tuple[str, ...]:
    """The most frequent texts of a column among what was visible at day `before`, and any of `always`; sorted."""
    wanted = {text.casefold() for text in always}
    counts = sorted(_counts(rows, column, before).items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(
        sorted({*(text for text, _ in counts[:most]), *(text for text, _ in counts if text.casefold() in wanted)})
    )


def texts_before(rows: pa.Table, column: str, before: int) -> int:
    """How many different texts a column had among what was visible at day `before`."""
    return len(_counts(rows, column, before))


def _counts(rows: pa.Table, column: str, before: int) -> dict[str, int]:
    seen = rows.select([column, *([COUNT] if COUNT in rows.column_names else [])])
    seen = seen.filter(pc.less_equal(rows[VISIBLE], before))
    if COUNT in seen.column_names:
        counts = seen.group_by(column).aggregate([(COUNT, "sum")]).rename_columns(["values", "counts"]).to_pylist()
    else:
        counts = seen[column].value_counts().to_pylist()
    return {str(each["values"]): int(each["counts"]) for each in counts if each["values"] is not None}


def _microseconds(times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(), dtype=np.int64)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column holds numbers or booleans."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, however they are stored."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))
