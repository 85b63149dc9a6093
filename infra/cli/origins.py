"""Where a feature comes from and what it does, as lines for people: table, spans, importance, distribution, one customer's value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast.bundle import IMPORTANCE, REFERENCE, Bundle
from holdfast.feature_set import Feature, FeatureSet
from holdfast.words import quantity

_SPAN = re.compile(r"(?:^|_)(?:(\d+)([dw])|(ever))(?=_|$)")
_UNITS = {"d": "days", "w": "weeks"}
_SOURCES = {
    "customer": "customers",
    "company": "companies, and what all customers of the company did",
    "deals": "deals",
}


def explanation(feature: Feature, feature_set: FeatureSet, model: Bundle | None) -> Iterator[tuple[str, str]]:
    """A heading and what it says, in order; without a model that was trained on the set nothing is said of what it does."""
    yield "says", feature.sentence
    yield (
        "is",
        f"{feature.type}, group {feature.group}"
        + (f", in {feature.unit}" if feature.unit else "")
        + ("" if feature.actionable else "; nobody can act on it"),
    )
    yield "made of", f"table {_SOURCES.get(feature.group, feature.group)}, before the cutoff{_spans(feature.name)}"
    yield "set", f"{feature_set.version}, {feature_set.names.index(feature.name) + 1} of {len(feature_set.names)}"
    if model:
        yield "importance", _importance(feature.name, model.json(IMPORTANCE)) + f" (model {model.version})"
        yield from _distribution(feature, model.json(REFERENCE))


def valued(feature: Feature, value: float | None, reference: Mapping[str, Any]) -> str:
    """One customer's value, and where it lies among those that the model was judged on."""
    said = quantity(value, feature.unit)
    if value is None or value != value or feature.name not in reference["features"]:
        return said
    held = reference["features"][feature.name]
    below = sum(share for edge, share in zip(held["edges"], held["shares"], strict=False) if edge <= value)
    return f"{said}; at least {below:.0%} of customers have less".replace("%", " %")


def spans(name: str) -> list[str]:
    """Spans of time in a feature's name, in words: "30 days" of `events_30d`."""
    return ["all time" if ever else f"{size} {_UNITS[unit]}" for size, unit, ever in _SPAN.findall(name)]


def _spans(name: str) -> str:
    found = spans(name)
    return f"; spans: {', '.join(found)}" if found else ""


def _importance(name: str, importance: Sequence[Mapping[str, Any]]) -> str:
    for rank, entry in enumerate(importance, 1):
        if entry["feature"] == name:
            return f"{entry['importance']:.1%} of all contributions, rank {rank}: a higher value {entry['higher']}".replace(
                "%", " %"
            )
    return "the model does not use it"


def _distribution(feature: Feature, reference: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    held = reference["features"].get(feature.name)
    if held is None:
        return
    mean = f", mean {quantity(held['mean'], feature.unit)}" if held["mean"] is not None else ""
    yield (
        "values",
        f"of {reference['rows']:,} customers that it was judged on: unknown {held['shares'][-1]:.0%}{mean}".replace(
            "%", " %"
        ),
    )
    edges = [*held["edges"], None]
    for share, (low, high) in zip(held["shares"], zip([None, *held["edges"]], edges, strict=True), strict=False):
        if share:
            yield "", f"{share:>6.1%}  {_between(low, high, feature.unit)}".replace("%", " %")


def _between(low: float | None, high: float | None, unit: str) -> str:
    if low is None:
        return "any" if high is None else f"below {quantity(high, unit)}"
    return (
        f"{quantity(low, unit)} or more" if high is None else f"{quantity(low, unit)} to under {quantity(high, unit)}"
    )
