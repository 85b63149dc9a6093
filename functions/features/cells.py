"""Activity tables summed into cells: what one customer did on one day, by kind and module."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.tables import ACTIVITY_BASE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY_US = 86_400_000_000
_MOMENTS = ("__us", "__day", "__visible")
_NOT_MEASURES = {*ACTIVITY_BASE.names, "module", *_MOMENTS}
_KEYS = ("customer", "day", "visible", "kind", "module")


@dataclass(frozen=True)
class Cells:
    """Columns of equal length, sorted by customer, day, visible, kind and module.

    `customer` numbers the `customers` people of a world. `day` counts midnights UTC since 1970; `visible` is the first
    midnight at which the cell may be used: the one after the event, or the one after its arrival when that is later.
    `kind` and `module` index `kinds` and `modules`, -1 is any other. `first` and `last` are days since 1970 with
    fractions. `sums` and `filled` hold, for each measure, the sum and the number of values.
    """

    customers: int
    kinds: tuple[str, ...]
    modules: tuple[str, ...]
    customer: Ints
    day: Ints
    visible: Ints
    kind: Ints
    module: Ints
    count: Floats
    first: Floats
    last: Floats
    sums: dict[str, Floats]
    filled: dict[str, Floats]

    def kind_of(self, names: Iterable[str]) -> int | None:
        """Index of the first of `names` that is a kind here, whatever its case."""
        folded = [kind.casefold() for kind in self.kinds]
        return next((folded.index(name.casefold()) for name in names if name.casefold() in folded), None)


def dated(rows: pa.Table) -> pa.Table:
    """Rows that name a customer and a time; microseconds, `day` and `visible` of `Cells` stand in for the times."""
    if rows["customer_id"].null_count or rows["event_time"].null_count:
        rows = rows.filter(pc.and_(rows["customer_id"].is_valid(), rows["event_time"].is_valid()))
    us = _microseconds(rows["event_time"])
    day = np.floor_divide(us, DAY_US)
    known = _microseconds(pc.coalesce(rows["known_at"], rows["event_time"]))
    visible = np.maximum(day + 1, -np.floor_divide(-known, DAY_US))
    rest = rows.select([name for name in rows.column_names if name not in {"event_time", "known_at", "event_id"}])
    for name, values in zip(_MOMENTS, (us, day, visible), strict=True):
        rest = rest.append_column(name, pa.array(values))
    return rest


def measures(rows: pa.Table) -> list[str]:
    """Columns of an activity table that can be added up. A boolean is a state of today, not an amount of that day."""
    numeric = (field for field in rows.schema if is_number(field.type) and not pa.types.is_boolean(field.type))
    return [field.name for field in numeric if field.name not in _NOT_MEASURES]


def met(rows: pa.Table, column: str, before: int, most: int, always: Iterable[str] = ()) -> tuple[str, ...]:
    """The most frequent texts of a column among what was visible at day `before`, and any of `always`; sorted."""
    if column not in rows.column_names:
        return ()
    seen = rows[column].filter(pc.less_equal(rows["__visible"], before)).drop_null().value_counts().to_pylist()
    counts = sorted(((str(pair["values"]), int(pair["counts"])) for pair in seen), key=lambda pair: (-pair[1], pair[0]))
    declared = [text for text, _ in counts if text.casefold() in set(always)]
    return tuple(sorted({*(text for text, _ in counts[:most]), *declared}))


def cells(
    rows: pa.Table, customers: pa.Array, kinds: Sequence[str], modules: Sequence[str], sums: Sequence[str]
) -> Cells:
    """Sum dated rows of the given customers, in decimals of nine places, so that no order of the rows changes a bit."""
    found = _grouped(rows, customers, kinds, modules, sums)
    keys = {name: found[name].to_numpy().astype(np.int64) for name in _KEYS}
    return Cells(
        customers=len(customers), kinds=tuple(kinds), modules=tuple(modules), **keys,
        count=_floats(found["count"]), first=_floats(found["first"]) / DAY_US, last=_floats(found["last"]) / DAY_US,
        sums={name: _floats(found[f"sum_{i}"]) for i, name in enumerate(sums)},
        filled={name: _floats(found[f"filled_{i}"]) for i, name in enumerate(sums)},
    )  # fmt: skip


def _grouped(
    rows: pa.Table, customers: pa.Array, kinds: Sequence[str], modules: Sequence[str], sums: Sequence[str]
) -> pa.Table:
    tables = {"people": _coded(customers), "kinds": _coded(kinds), "modules": _coded(modules)}
    with duckdb.connect() as connection:
        for name, table in ({"activity": _numbered(rows, sums)} | tables).items():
            connection.register(name, table)
        return connection.sql(_query(len(sums))).to_arrow_table()


def _numbered(rows: pa.Table, sums: Sequence[str]) -> pa.Table:
    """The columns that the query reads, under names that are safe in SQL whatever a measure is called."""
    if "module" not in rows.column_names:
        rows = rows.append_column("module", pa.nulls(len(rows), pa.string()))
    read = ["customer_id", "kind", "module", *_MOMENTS]
    return rows.select([*read, *sums]).rename_columns([*read, *(f"m{i}" for i in range(len(sums)))])


def _query(sums: int) -> str:
    decimals = [f"TRY_CAST(a.m{i} AS DECIMAL(38, 9))" for i in range(sums)]
    added = "".join(
        f", coalesce(sum({x}), 0)::DOUBLE AS sum_{i}, count({x}) AS filled_{i}" for i, x in enumerate(decimals)
    )
    return f"""
        SELECT p.code AS customer, a.__day AS day, a.__visible AS visible, coalesce(k.code, -1) AS kind,
               coalesce(m.code, -1) AS module, count(*) AS count, min(a.__us) AS first, max(a.__us) AS last{added}
        FROM activity a JOIN people p ON p.text = a.customer_id
        LEFT JOIN kinds k ON k.text = a.kind LEFT JOIN modules m ON m.text = a.module
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """


def _coded(texts: pa.Array | Sequence[str]) -> pa.Table:
    return pa.table({"text": pa.array(texts, pa.string()), "code": pa.array(np.arange(len(texts)))})


def _microseconds(times: pa.ChunkedArray) -> Ints:
    return np.asarray(times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(), dtype=np.int64)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column holds numbers or booleans."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )
