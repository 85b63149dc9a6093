"""Expectations that ask a table or a column as a whole: what is measured in the scan, and what that has to be."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from holdfast.sql import literal
from validate.sql import Types, UnjudgeableError, column, comparable, kind_of, numeric

Kwargs = Mapping[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Around:
    """What an expectation may know beside the table. `counts` are the row counts of earlier runs, newest first."""

    now: datetime
    counts: Sequence[int] = ()


@dataclass(frozen=True)
class WholeRule:
    """Aggregates to measure, by name, and the judgement over their values: whether it holds, and what was observed."""

    measures: Mapping[str, str]
    judge: Callable[[Values], tuple[bool, Any]]


Make = Callable[[Kwargs, Types, Around, str], WholeRule]
"""Of the expectation's kwargs, the table's columns, what is around, and SQL that is true for a row that is asked."""


def of(aggregate: str, where: str) -> str:
    """An aggregate over the rows that are asked."""
    return aggregate if where == "true" else f"{aggregate} FILTER (WHERE {where})"


def column_exists(kwargs: Kwargs, types: Types, _around: Around, _where: str) -> WholeRule:
    index, names = kwargs.get("column_index"), list(types)
    there = kwargs["column"] in names and (index is None or names.index(kwargs["column"]) == index)
    return WholeRule({}, lambda _: (there, None))


def columns_match_set(kwargs: Kwargs, types: Types, _around: Around, _where: str) -> WholeRule:
    wanted, there = set(kwargs["column_set"]), set(types)
    holds = wanted == there if kwargs.get("exact_match", True) else wanted <= there
    return WholeRule({}, lambda _: (holds, list(types)))


def columns_match_list(kwargs: Kwargs, types: Types, _around: Around, _where: str) -> WholeRule:
    return WholeRule({}, lambda _: (list(kwargs["column_list"]) == list(types), list(types)))


def column_count(kwargs: Kwargs, types: Types, _around: Around, _where: str) -> WholeRule:
    return WholeRule({}, lambda _: (_within(len(types), kwargs), len(types)))


def row_count(kwargs: Kwargs, _types: Types, _around: Around, where: str) -> WholeRule:
    return WholeRule({"rows": of("count(*)", where)}, lambda found: (_within(found["rows"], kwargs), found["rows"]))


def row_count_near_last(kwargs: Kwargs, _types: Types, around: Around, where: str) -> WholeRule:
    """Not judged before there is a run to compare with."""
    counts = list(around.counts)[: kwargs.get("runs", 7)]

    def judge(found: Values) -> tuple[bool, Any]:
        usual = median(counts) if counts else None
        holds = usual is None or abs(found["rows"] - usual) <= kwargs["max_change"] * usual
        return holds, {"rows": found["rows"], "usual": usual}

    return WholeRule({"rows": of("count(*)", where)}, judge)


def of_type(kwargs: Kwargs, types: Types, _around: Around, _where: str) -> WholeRule:
    wanted = kwargs.get("type_list", [kwargs.get("type_")])
    declared = types[kwargs["column"]]
    return WholeRule({}, lambda _: (any(declared in _typed(each) for each in wanted), declared))


def aggregate(function: str, empty: Any = None) -> Make:
    """A number made of a column's numbers."""

    def make(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
        measure = of(f"{function}({numeric(kwargs['column'], types)}::DOUBLE)", where)
        return WholeRule({"value": measure}, lambda found: _judged(found["value"], kwargs, empty))

    return make


def extreme(function: str) -> Make:
    """The smallest or the largest value."""

    def make(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
        name = kwargs["column"]
        bounds = {bound: comparable(name, types, kwargs[bound]) for bound in ("min_value", "max_value")
                  if kwargs.get(bound) is not None}  # fmt: skip
        sql = next(iter(bounds.values()))[0] if bounds else column(name, types)
        signs = {
            "min_value": ">" + "=" * (not kwargs.get("strict_min")),
            "max_value": "<" + "=" * (not kwargs.get("strict_max")),
        }
        held = " AND ".join(
            f"{of(f'{function}({sql})', where)} {signs[bound]} {value}" for bound, (_, value) in bounds.items()
        )
        value = of(f"{function}({column(name, types)})", where)
        return WholeRule({"value": value, "holds": held or f"({value}) IS NOT NULL"},
                         lambda found: (bool(found["holds"]), found["value"]))  # fmt: skip

    return make


def fresh(kwargs: Kwargs, types: Types, around: Around, where: str) -> WholeRule:
    if kind_of(types[kwargs["column"]]) != "moment":
        raise UnjudgeableError(f"column {kwargs['column']} is {types[kwargs['column']]}, not a time")
    oldest = around.now - timedelta(hours=kwargs["max_age_hours"])
    newest = of(f"max({column(kwargs['column'], types)}::TIMESTAMPTZ)", where)
    return WholeRule({"value": newest},
                     lambda found: (found["value"] is not None and found["value"] >= oldest, found["value"]))  # fmt: skip


def quantiles(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    """Decided by counting: the value of rank k is at least a bound when no more than k values are below it.

    A bound is met within one part in ten thousand, as Great Expectations' `isclose` has it.
    """
    sql, ranges = numeric(kwargs["column"], types), kwargs["quantile_ranges"]
    rank = {"lower": math.floor, "higher": math.ceil}.get(kwargs.get("allow_relative_error") or "", round)
    measures = {"there": of(f"count({sql})", where)}
    for i, (low, high) in enumerate(ranges["value_ranges"]):
        if low is not None:
            measures[f"below {i}"] = f"count(*) FILTER (WHERE {sql} < {literal(low - _slack(low))} AND {where})"
        if high is not None:
            measures[f"up to {i}"] = f"count(*) FILTER (WHERE {sql} <= {literal(high + _slack(high))} AND {where})"

    def judge(found: Values) -> tuple[bool, Any]:
        ranks = [rank(share * (found["there"] - 1)) for share in ranges["quantiles"]]
        holds = [found.get(f"below {i}", 0) <= k < found.get(f"up to {i}", math.inf) for i, k in enumerate(ranks)]
        return bool(found["there"]) and all(holds), {"quantiles": list(ranges["quantiles"]), "hold": holds}

    return WholeRule(measures, judge)


def unique_count(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    measure = of(f"count(DISTINCT {column(kwargs['column'], types)})", where)
    return WholeRule({"distinct": measure}, lambda found: _judged(found["distinct"], kwargs))


def unique_share(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    sql = column(kwargs["column"], types)
    measures = {"distinct": of(f"count(DISTINCT {sql})", where), "there": of(f"count({sql})", where)}
    return WholeRule(measures, lambda found: _judged(_share(found["distinct"], found["there"]), kwargs))


def there_share(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    measures = {"there": of(f"count({column(kwargs['column'], types)})", where), "rows": of("count(*)", where)}
    return WholeRule(measures, lambda found: _judged(_share(found["there"], found["rows"]), kwargs))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _slack(bound: float) -> float:
    return 1e-8 + 1e-4 * abs(bound)


def _judged(value: Any, kwargs: Kwargs, empty: Any = None) -> tuple[bool, Any]:
    """Of a number within bounds; what cannot be computed meets none."""
    value = empty if value is None else value
    if value is None or math.isnan(value):
        return False, None
    return _within(value, kwargs), value


def _within(value: float, kwargs: Kwargs) -> bool:
    if "value" in kwargs:
        return bool(value == kwargs["value"])
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above = low is None or (value > low if kwargs.get("strict_min") else value >= low)
    return above and (high is None or (value < high if kwargs.get("strict_max") else value <= high))


_TYPES = {
    "BIGINT": ("int", "int64", "integer", "bigint", "long"),
    "INTEGER": ("int32", "integer", "int"),
    "DOUBLE": ("float", "float64", "double", "float_"),
    "FLOAT": ("float32", "real"),
    "VARCHAR": ("str", "string", "object", "object_", "text", "varchar", "o"),
    "BOOLEAN": ("bool", "bool_", "boolean"),
    "TIMESTAMP": ("datetime", "datetime64", "datetime64[ns]", "timestamp"),
    "TIMESTAMP WITH TIME ZONE": ("datetimetzdtype", "timestamptz", "timestamp with time zone"),
    "DATE": ("date",),
}


def _typed(name: str) -> set[str]:
    """DuckDB's types that a type's name in any of the usual spellings means."""
    return {declared for declared, names in _TYPES.items() if name.lower() in names} | {name.upper()}


ASKED: dict[str, Make] = {
    "expect_column_to_exist": column_exists,
    "expect_table_columns_to_match_set": columns_match_set,
    "expect_table_columns_to_match_ordered_list": columns_match_list,
    "expect_table_column_count_to_be_between": column_count,
    "expect_table_column_count_to_equal": column_count,
    "expect_table_row_count_to_be_between": row_count,
    "expect_table_row_count_to_equal": row_count,
    "expect_column_values_to_be_of_type": of_type,
    "expect_column_values_to_be_in_type_list": of_type,
    "expect_column_min_to_be_between": extreme("min"),
    "expect_column_max_to_be_between": extreme("max"),
    "expect_column_sum_to_be_between": aggregate("sum", empty=0.0),
    "expect_column_mean_to_be_between": aggregate("avg"),
    "expect_column_median_to_be_between": aggregate("median"),
    "expect_column_stdev_to_be_between": aggregate("stddev_samp"),
    "expect_column_quantile_values_to_be_between": quantiles,
    "expect_column_unique_value_count_to_be_between": unique_count,
    "expect_column_proportion_of_unique_values_to_be_between": unique_share,
    "expect_column_proportion_of_non_null_values_to_be_between": there_share,
    "expect_table_row_count_to_be_near_last_runs": row_count_near_last,
    "expect_column_to_be_fresh": fresh,
}
"""The rules there are, but for those of `validate.distributions`; the last two are ours, the others are Great Expectations'."""
