"""Who is looked at from a cutoff, who of them churned afterwards, and what each was worth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.attributes import numbers
from features.cells import Cells, added
from features.rows import Floats, Ints, is_number
from holdfast.errors import ConfigurationInvalid
from holdfast.settings import ContractChurn, LabelChurn, UsageChurn, Value

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Ends:
    """Ends of contracts: customer number and day number each; NaN where a contract has ended nobody knows when."""

    customer: Ints
    day: Floats


def active(events: Cells, churn: UsageChurn, created: Floats, cutoff: int) -> Bools:
    """(customers,): had an event in the `active_days` before the cutoff, known by then, and was created before it."""
    recent = (events.visible <= cutoff) & (events.day >= cutoff - churn.active_days)
    return _any(events.customer[recent], events.customers) & existing(created, cutoff)


def silent(events: Cells, churn: UsageChurn, cutoff: int) -> Floats:
    """(customers,): 1 where no event lies in the last `inactive_days` of the horizon, whenever it arrived."""
    end = cutoff + churn.horizon_days
    heard = (events.day >= end - churn.inactive_days) & (events.day < end)
    return (~_any(events.customer[heard], events.customers)).astype(np.float64)


def under_contract(ends: Ends, created: Floats, cutoff: int) -> Bools:
    """(customers,): created before the cutoff, and no end before it or at an unknown time."""
    over = ends.customer[~(ends.day >= cutoff)]
    return existing(created, cutoff) & ~_any(over, len(created))


def ended(ends: Ends, churn: ContractChurn, customers: int, cutoff: int) -> Floats:
    """(customers,): 1 where the contract ends within the horizon."""
    within = (ends.day >= cutoff) & (ends.day < cutoff + churn.horizon_days)
    return _any(ends.customer[within], customers).astype(np.float64)


def existing(created: Floats, cutoff: int | Ints) -> Bools:
    """(customers,): created before the cutoff, or at a time that nobody knows."""
    return ~(created >= cutoff)


def labelled(customers: pa.Table, churn: LabelChurn) -> Floats:
    """(customers,): 1 for the positive value of the label column, 0 for any other, NaN for null.

    Raises:
        ConfigurationInvalid: no such column or value; names those that there are.
    """
    column = column_of(customers, churn.column, "churn.column")
    texts = np.array([_folded(value) for value in column.to_pylist()], dtype=object)
    present = sorted({text for text in texts if text is not None})
    if churn.positive.casefold() not in present:
        shown = ", ".join(present[:12])
        raise ConfigurationInvalid(
            f"churn.positive: column {churn.column} has no value {churn.positive}: there are {shown}"
        )
    return np.array([np.nan if text is None else float(text == churn.positive.casefold()) for text in texts])


def value(value: Value, events: Cells | None, customers: pa.Table, cutoff: int, horizon_days: int) -> Floats:
    """(customers,): the value column, or the measure summed over the horizon; all NaN when there is no such measure.

    Raises:
        ConfigurationInvalid: the value column does not exist or does not hold numbers.
    """
    if value.column:
        column = column_of(customers, value.column, "value.column")
        if not is_number(column.type):
            raise ConfigurationInvalid(f"value.column: {value.column} holds {column.type}, not numbers")
        return numbers(column)
    if events is None or value.measure not in events.measures:
        return np.full(len(customers), np.nan)
    measure = events.measures[value.measure]
    rows = slice(None) if measure.rows is None else measure.rows
    day = events.day[rows]
    within = (day >= cutoff) & (day < cutoff + horizon_days)
    whole, billionths = added(events.customer[rows][within], measure.total[within], events.customers)
    return whole + billionths / 1e9


def column_of(customers: pa.Table, name: str, key: str) -> pa.ChunkedArray:
    """A column of the customers table that the configuration names under `key`."""
    if name not in customers.column_names:
        raise ConfigurationInvalid(
            f"{key}: the customers table has no column {name}: there are {', '.join(customers.column_names)}"
        )
    return customers[name]


def _folded(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value).strip().casefold()


def _any(customer: Ints, customers: int) -> Bools:
    return np.bincount(customer, minlength=customers) > 0
