"""How a table's columns follow those of the rows that are written to it."""

from itertools import pairwise

import pyarrow as pa
from pyiceberg.table import Table, Transaction
from pyiceberg.transforms import DayTransform, MonthTransform


def reshape(table: Table, transaction: Transaction, schema: pa.Schema) -> None:
    """Give a table the columns of a schema; one that is of another kind now is another column under the same name."""
    fields = table.schema().fields  # column_names would list nested fields as well
    held = table.schema().as_arrow()
    same = [
        name
        for name in schema.names
        if name in held.names and kind(held.field(name).type) == kind(schema.field(name).type)
    ]
    if [field.name for field in fields] == schema.names == same:
        return
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        for field in fields:
            if field.name not in same:
                update.delete_column(field.name)
    with transaction.update_schema(allow_incompatible_changes=True) as update:
        update.union_by_name(schema).move_first(schema.names[0])
        for before, name in pairwise(schema.names):
            update.move_after(name, before)


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
