"""Expectations that ask which values a column has, and how often."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from validate.sql import Types, among, column
from validate.wholes import Around, Kwargs, Make, Values, WholeRule, of


def distinct_in_set(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    return WholeRule(
        _others(kwargs["column"], types, kwargs["value_set"], where),
        lambda found: (not found["others"], found["others"]),
    )


def distinct_contain_set(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    return WholeRule(
        _each(kwargs["column"], types, kwargs["value_set"], where), lambda found: (all(found.values()), None)
    )


def distinct_equal_set(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    name, values = kwargs["column"], kwargs["value_set"]
    measures = {**_each(name, types, values, where), **_others(name, types, values, where)}
    return WholeRule(
        measures, lambda found: (not found["others"] and all(n for k, n in found.items() if k != "others"), None)
    )


def kl_divergence(kwargs: Kwargs, types: Types, _around: Around, where: str) -> WholeRule:
    """Relative entropy in nats of the observed shares against the expected ones.

    Values that were not expected share `tail_weight_holdout`; without it one of them makes the divergence infinite.
    """
    name, partition = kwargs["column"], kwargs["partition_object"]
    holdout, values = float(kwargs.get("tail_weight_holdout", 0)), list(partition["values"])
    measures = {**_each(name, types, values, where), **_others(name, types, values, where)}
    if holdout:
        unexpected = f"NOT {among(name, types, values)} AND {column(name, types)} IS NOT NULL AND {where}"
        measures["which"] = f"histogram({column(name, types)}::VARCHAR) FILTER (WHERE {unexpected})"

    def judge(found: Values) -> tuple[bool, Any]:
        unexpected = list((found.get("which") or {}).values()) if holdout else [found["others"]] * bool(found["others"])
        counts = [found[f"value {i}"] for i in range(len(values))]
        distance = divergence(counts, unexpected, partition["weights"], holdout)
        return distance <= kwargs["threshold"], distance if math.isfinite(distance) else None

    return WholeRule(measures, judge)


def divergence(counts: Sequence[int], unexpected: Sequence[int], weights: Sequence[float], holdout: float) -> float:
    """Kullback and Leibler's, of counts against expected shares; not a number where nothing was observed."""
    total = sum(counts) + sum(unexpected)
    if not total:
        return math.nan
    shares = [weight * (1 - holdout) if unexpected else weight for weight in weights]
    shares += [holdout / len(unexpected) for _ in unexpected]
    whole = sum(shares)
    pairs = [(n / total, share / whole) for n, share in zip([*counts, *unexpected], shares, strict=True) if n]
    return math.inf if any(not q for _, q in pairs) else sum(p * math.log(p / q) for p, q in pairs)


def _each(name: str, types: Types, values: Sequence[Any], where: str) -> Mapping[str, str]:
    return {
        f"value {i}": f"count(*) FILTER (WHERE {among(name, types, [value])} AND {where})"
        for i, value in enumerate(values)
    }


def _others(name: str, types: Types, values: Sequence[Any], where: str) -> Mapping[str, str]:
    sql = column(name, types)
    return {"others": of(f"count({sql})", f"NOT {among(name, types, values)} AND {where}")}


ASKED: dict[str, Make] = {
    "expect_column_distinct_values_to_be_in_set": distinct_in_set,
    "expect_column_distinct_values_to_contain_set": distinct_contain_set,
    "expect_column_distinct_values_to_equal_set": distinct_equal_set,
    "expect_column_kl_divergence_to_be_less_than": kl_divergence,
}
