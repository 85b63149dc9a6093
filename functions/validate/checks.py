"""What the kwargs of expectations have to be, each with a sentence that says so."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from validate.patterns import UnsupportedError, translated

Check = Callable[[Any, Mapping[str, Any]], str]
"""Of a value and the kwargs around it: what it should have been, or nothing."""


def _is(kinds: tuple[type, ...], sentence: str) -> Check:
    return lambda value, _: (
        "" if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)) else sentence
    )


def _one_of(*allowed: Any) -> Check:
    return lambda value, _: "" if value in allowed else f"allowed are {', '.join(map(repr, allowed))}"


def _bound(value: Any, kwargs: Mapping[str, Any]) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str | date):
        return "a bound is a number, a text or a time"
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is not None and high is not None:
        try:
            return "min_value is above max_value" if low > high else ""
        except TypeError:
            return "min_value and max_value are of different kinds"
    return ""


def _names(value: Any, _kwargs: Mapping[str, Any]) -> str:
    right = isinstance(value, list) and value and all(isinstance(name, str) for name in value)
    return "" if right else "a list of columns is needed"


def _listed(value: Any, _kwargs: Mapping[str, Any]) -> str:
    return "" if isinstance(value, list) and value else "a list with at least one value is needed"


def _pairs(value: Any, _kwargs: Mapping[str, Any]) -> str:
    right = isinstance(value, list) and value and all(isinstance(pair, list) and len(pair) == 2 for pair in value)
    return "" if right else "a list of pairs [A, B] is needed"


def _regex(value: Any, _kwargs: Mapping[str, Any]) -> str:
    try:
        translated(value)
    except UnsupportedError as error:
        return str(error)
    return ""


def _regexes(value: Any, kwargs: Mapping[str, Any]) -> str:
    if wrong := _listed(value, kwargs):
        return wrong
    return next((wrong for each in value if (wrong := _regex(each, kwargs))), "")


def _quantiles(value: Any, _kwargs: Mapping[str, Any]) -> str:
    shares = value.get("quantiles") if isinstance(value, Mapping) else None
    ranges = value.get("value_ranges") if isinstance(value, Mapping) else None
    right = (
        isinstance(shares, list) and isinstance(ranges, list) and len(shares) == len(ranges) > 0
        and all(isinstance(share, int | float) and 0 <= share <= 1 for share in shares)
        and all(isinstance(pair, list) and len(pair) == 2 for pair in ranges)
        and all(bound is None or isinstance(bound, int | float) for pair in ranges for bound in pair)
    )  # fmt: skip
    return "" if right else "quantiles (shares from 0 to 1) and as many value_ranges [low, high] are needed"


def _partition(value: Any, _kwargs: Mapping[str, Any]) -> str:
    values = value.get("values") if isinstance(value, Mapping) else None
    weights = value.get("weights") if isinstance(value, Mapping) else None
    if not isinstance(values, list) or not isinstance(weights, list) or len(values) != len(weights):
        return "values and as many weights are needed; partitions into bins are not supported"
    if not all(isinstance(weight, int | float) for weight in weights):
        return "weights are numbers"
    if len(set(map(repr, values))) < len(values) or not math.isclose(sum(weights), 1):
        return "its values have to differ, and its weights to sum to 1"
    return ""


_NUMBER = _is((int, float), "a number is needed")
_FLAG = _is((bool,), "true or false is needed")
_TEXT = _is((str,), "the name of a column is needed")
_IGNORED = ("both_values_are_missing", "either_value_is_missing", "neither",
            "all_values_are_missing", "any_value_is_missing", "never")  # fmt: skip

CHECKS: dict[str, Check] = {
    "column": _TEXT, "column_A": _TEXT, "column_B": _TEXT, "other_table": _TEXT, "other_column": _TEXT,
    "column_list": _names, "column_set": _names, "type_list": _names, "type_": _is((str,), "the name of a type is needed"),
    "min_value": _bound, "max_value": _bound, "strict_min": _FLAG, "strict_max": _FLAG, "or_equal": _FLAG,
    "exact_match": _FLAG, "value": _NUMBER, "sum_total": _NUMBER, "threshold": _NUMBER, "max_change": _NUMBER,
    "max_age_hours": _NUMBER, "tail_weight_holdout": _NUMBER, "column_index": _NUMBER, "runs": _NUMBER,
    "internal_weight_holdout": _one_of(0), "value_set": _listed, "value_pairs_set": _pairs, "regex": _regex,
    "regex_list": _regexes, "match_on": _one_of("any", "all"), "quantile_ranges": _quantiles, "partition_object": _partition,
    "ignore_row_if": _one_of(*_IGNORED), "allow_relative_error": _one_of(False, "nearest", "lower", "higher"),
}  # fmt: skip
