"""How a table's columns follow those of the rows that are written to it."""

from itertools import pairwise

import pyarrow as pa
from pyiceberg.table import Table, Transaction
from pyiceberg.transforms import DayTransform, MonthTransform


def reshape(table: Table, transaction: Transaction, schema: pa.Schema) -> None:
    """Give a table the columns of a schema; one that is of another kind now is another column under the same name."""
    held = [field.name for field in table.schema().fields]  # column_names would list nested fields as well
    there = {field.name: field.type for field in table.schema().as_arrow()}
    wanted = {field.name: field.type for field in schema}
    same = {name for name, type_ in wanted.items() if name in there and kind(there[name]) == kind(type_)}
    if held == list(wanted) and same == wanted.keys():
        return
    if gone := [name for name in held if name not in same]:
        with transaction.update_schema(allow_incompatible_changes=True) as update:
            for name in gone:
                update.delete_column(name)
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        # Of thousands of columns only those that change: PyIceberg looks at the whole table for each that it is given.
        update.union_by_name(pa.schema([field for field in schema if there.get(field.name) != field.type]))
        in_order = [name for name in held if name in same] == [name for name in wanted if name in same]
        for before, name in pairwise(["", *wanted]):
            if not in_order or name not in same:
                update.move_after(name, before) if before else update.move_first(name)


def partition(transaction: Transaction, month_of: str | None, day_of: str | None) -> None:
    """Partition a new table by the month or the day of a column, if one is named."""
    column = month_of or day_of
    if column:
        with transaction.update_spec() as update:
            update.add_field(column, MonthTransform() if month_of else DayTransform())


def kind(type_: pa.DataType) -> str:
    """What a type is, whatever its width: within a kind a table's column takes what comes."""
    kinds = {
        "text": _is_text,
        "whole": pa.types.is_integer,
        "number": pa.types.is_floating,
        "nested": pa.types.is_nested,
    }
    return next((kind for kind, holds in kinds.items() if holds(type_)), str(type_))


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_))
