"""Expectations that ask each row: which rows count, and which of those fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.fields import fits, kind, pointer
from holdfast.sql import literal, quoted
from validate.patterns import translated
from validate.sql import (
    Types,
    UnjudgeableError,
    among,
    column,
    comparable,
    numeric,
    one_of,
    same_kind,
    text,
)

Kwargs = Mapping[str, Any]


@dataclass(frozen=True)
class RowRule:
    """SQL of one expectation. `counts` is true for a row that counts for `mostly`, `fails` for one that fails, among those.

    With a `key`, those rows fail whose key others have too, and `fails` is not asked. With a `value`, the rows count in which
    it is not null, and `fails` is null for the others.
    """

    counts: str
    fails: str = "false"
    key: str = ""
    value: str = ""


Make = Callable[[Kwargs, Types], RowRule]


def not_null(kwargs: Kwargs, types: Types) -> RowRule:
    return RowRule("true", f"{column(kwargs['column'], types)} IS NULL")


def null(kwargs: Kwargs, types: Types) -> RowRule:
    return RowRule("true", f"{column(kwargs['column'], types)} IS NOT NULL")


def unique(kwargs: Kwargs, types: Types) -> RowRule:
    return RowRule(_there(kwargs, types), key=column(kwargs["column"], types))


def between(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, outside(kwargs, lambda bound: comparable(kwargs["column"], types, bound)))


def outside(kwargs: Kwargs, pair: Callable[[Any], tuple[str, str]]) -> str:
    """SQL that is true where something lies beyond `min_value` or `max_value`; `pair` gives it and a bound as SQL."""
    signs = (("min_value", "strict_min", "<"), ("max_value", "strict_max", ">"))
    sides = [(pair(kwargs[bound]), sign + "=" * bool(kwargs.get(strict))) for bound, strict, sign in signs
             if kwargs.get(bound) is not None]  # fmt: skip
    return " OR ".join(f"{value} {sign} {bound}" for (value, bound), sign in sides)


def in_set(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, f"NOT {one_of(kwargs['column'], types, kwargs['value_set'])}")


def not_in_set(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, one_of(kwargs["column"], types, kwargs["value_set"]))


def matches(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, f"NOT {_matches(kwargs['regex'], kwargs, types)}")


def matches_not(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, _matches(kwargs["regex"], kwargs, types))


def matches_list(kwargs: Kwargs, types: Types) -> RowRule:
    joint = " AND " if kwargs.get("match_on") == "all" else " OR "
    found = joint.join(_matches(regex, kwargs, types) for regex in kwargs["regex_list"])
    return _valued(kwargs, types, f"NOT ({found})")


def matches_none(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, " OR ".join(_matches(regex, kwargs, types) for regex in kwargs["regex_list"]))


def length_between(kwargs: Kwargs, types: Types) -> RowRule:
    length = f"length({text(kwargs['column'], types)})"
    return _valued(kwargs, types, outside(kwargs, lambda bound: (length, literal(bound))))


def length_equals(kwargs: Kwargs, types: Types) -> RowRule:
    return _valued(kwargs, types, f"length({text(kwargs['column'], types)}) <> {literal(kwargs['value'])}")


def pair_greater(kwargs: Kwargs, types: Types) -> RowRule:
    left, right = same_kind([kwargs["column_A"], kwargs["column_B"]], types)
    sign = ">=" if kwargs.get("or_equal") else ">"
    return RowRule(_pair(kwargs, types), f"NOT coalesce({left} {sign} {right}, false)")


def pair_equal(kwargs: Kwargs, types: Types) -> RowRule:
    left, right = same_kind([kwargs["column_A"], kwargs["column_B"]], types)
    return RowRule(_pair(kwargs, types), f"NOT coalesce({left} = {right}, false)")


def pair_in_set(kwargs: Kwargs, types: Types) -> RowRule:
    def is_(name: str, value: Any) -> str:
        return f"{column(name, types)} IS NULL" if value is None else among(name, types, [value])

    allowed = [f"({is_(kwargs['column_A'], a)} AND {is_(kwargs['column_B'], b)})" for a, b in kwargs["value_pairs_set"]]
    return RowRule(_pair(kwargs, types), f"NOT ({' OR '.join(allowed) or 'false'})")


def sum_equals(kwargs: Kwargs, types: Types) -> RowRule:
    whole = all("INT" in types[name] for name in kwargs["column_list"])
    total = " + ".join(f"{numeric(name, types)}::{'HUGEINT' if whole else 'DOUBLE'}" for name in kwargs["column_list"])
    return RowRule(_several(kwargs, types), f"NOT coalesce({total} = {literal(kwargs['sum_total'])}, false)")


def all_equal(kwargs: Kwargs, types: Types) -> RowRule:
    first, *rest = same_kind(kwargs["column_list"], types)
    different = " OR ".join(f"{first} IS DISTINCT FROM {each}" for each in rest) or "false"
    return RowRule(_several(kwargs, types), different)


def unique_within_row(kwargs: Kwargs, types: Types) -> RowRule:
    names, same = kwargs["column_list"], []
    for i, left in enumerate(names):
        for right in names[i + 1 :]:
            try:
                a, b = same_kind([left, right], types)
            except UnjudgeableError:
                a, b = f"{column(left, types)} IS NULL OR NULL", f"({column(right, types)} IS NULL OR NULL)"
                same.append(f"coalesce(({a}) AND {b}, false)")
                continue
            same.append(f"{a} IS NOT DISTINCT FROM {b}")
    return RowRule(_several(kwargs, types), " OR ".join(same) or "false")


def compound_unique(kwargs: Kwargs, types: Types) -> RowRule:
    parts = ", ".join(f"{quoted(name)} := {column(name, types)}" for name in kwargs["column_list"])
    return RowRule(_several(kwargs, types), key=f"struct_pack({parts})")


def in_other_table(kwargs: Kwargs, types: Types) -> RowRule:
    """The other table's keys are a relation of their own, which bears the name that `keys_of` gives."""
    value = f"{column(kwargs['column'], types)}::VARCHAR"
    return _valued(kwargs, types, f"{value} NOT IN (SELECT key FROM {keys_of(kwargs)})")


def keys_of(kwargs: Kwargs) -> str:
    """Name of the relation (one column `key`, text, never null) that holds another table's keys."""
    return quoted(f"keys {kwargs['other_table']} {kwargs['other_column']}")


def _matches(regex: str, kwargs: Kwargs, types: Types) -> str:
    return f"regexp_matches({text(kwargs['column'], types)}, {literal(translated(regex))})"


def _valued(kwargs: Kwargs, types: Types, fails: str) -> RowRule:
    return RowRule(_there(kwargs, types), fails, value=column(kwargs["column"], types))


def _there(kwargs: Kwargs, types: Types) -> str:
    return f"{column(kwargs['column'], types)} IS NOT NULL"


def _pair(kwargs: Kwargs, types: Types) -> str:
    ignored = kwargs.get("ignore_row_if", "both_values_are_missing")
    return _counting([kwargs["column_A"], kwargs["column_B"]], types, all_=ignored == "both_values_are_missing",
                     any_=ignored == "either_value_is_missing")  # fmt: skip


def _several(kwargs: Kwargs, types: Types) -> str:
    ignored = kwargs.get("ignore_row_if", "all_values_are_missing")
    return _counting(kwargs["column_list"], types, all_=ignored == "all_values_are_missing",
                     any_=ignored == "any_value_is_missing")  # fmt: skip


def _counting(names: list[str], types: Types, *, all_: bool, any_: bool) -> str:
    there = [f"{column(name, types)} IS NOT NULL" for name in names]
    return f"({' OR '.join(there)})" if all_ else " AND ".join(there) if any_ else "true"


def field_fits(kwargs: Kwargs, types: Types) -> RowRule:
    value = f"json_extract({column(kwargs['column'], types)}, {pointer(kwargs['field'])})"
    return RowRule(f"({kind(value)}) IS NOT NULL", f"NOT ({fits(value, kwargs['type'])})")


def fields_absent(kwargs: Kwargs, types: Types) -> RowRule:
    asked = column(kwargs["column"], types)
    there = [f"({kind(f'json_extract({asked}, {pointer(field)})')}) IS NOT NULL" for field in kwargs["fields"]]
    return RowRule("true", f"({' OR '.join(there)})")


ASKED: dict[str, Make] = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_unique": unique,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_values_to_match_regex": matches,
    "expect_column_values_to_not_match_regex": matches_not,
    "expect_column_values_to_match_regex_list": matches_list,
    "expect_column_values_to_not_match_regex_list": matches_none,
    "expect_column_value_lengths_to_be_between": length_between,
    "expect_column_value_lengths_to_equal": length_equals,
    "expect_column_pair_values_a_to_be_greater_than_b": pair_greater,
    "expect_column_pair_values_to_be_equal": pair_equal,
    "expect_column_pair_values_to_be_in_set": pair_in_set,
    "expect_multicolumn_sum_to_equal": sum_equals,
    "expect_multicolumn_values_to_be_equal": all_equal,
    "expect_select_column_values_to_be_unique_within_record": unique_within_row,
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_column_values_to_be_in_other_table": in_other_table,
    "expect_field_to_fit": field_fits,
    "expect_field_to_be_declared": fields_absent,
}
"""The rules there are; the last three are ours, the others are Great Expectations'."""
