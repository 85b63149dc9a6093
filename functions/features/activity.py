"""Features of all rows of one activity table: each primitive crossed with the windows, measures and parts of the day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.definitions import Definitions, Entity, Whole
from features.marks import Days
from features.rows import Floats
from features.view import Sums, View
from features.wording import Column, capital, humanised, over, share, slug, spans
from holdfast.feature_set import Feature


@dataclass(frozen=True)
class Scope:
    """One table at one cutoff. `units` says the unit of a measure where that is not its own name."""

    entity: Entity
    view: View
    windows: tuple[int, ...]
    definitions: Definitions
    units: dict[str, str]

    @property
    def table(self) -> str:
        return self.entity.table

    @property
    def many(self) -> str:
        return self.entity.many

    @property
    def one(self) -> str:
        """A single one of `many`."""
        return self.many.removesuffix("s")

    @cached_property
    def days(self) -> Days:
        """Days with any event."""
        return self.view.days

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Days from the first and from the last event."""
        return self.view.moments()

    def column(self, name: str, sentence: str, values: Floats, unit: str = "", actionable: bool = True) -> Column:
        return Feature(f"{self.table}_{name}", capital(sentence), unit, self.table, actionable), values

    def each(self, values: Floats) -> Iterator[tuple[str, str, Floats]]:
        """Of values (spans, customers) those of the windows and of all time, with the ends of name and sentence."""
        for (name, when), span in zip(spans(self.windows), self.view.spans(self.windows), strict=True):
            yield name, when, values[span]


def columns(scope: Scope) -> Iterator[Column]:
    """All features of the entity's declared primitives."""
    for name in scope.entity.primitives:
        yield from PRIMITIVES[name](scope)


def _count(scope: Scope) -> Iterator[Column]:
    for name, when, values in scope.each(scope.view.counts):
        yield scope.column(name, f"{scope.many} {when}", values)


def _active_days(scope: Scope) -> Iterator[Column]:
    for name, when, values in scope.each(scope.days.active):
        yield scope.column(f"active_days_{name}", f"days with {scope.many} {when}", values, "days")
    for name, when, values in scope.each(over(scope.view.counts, scope.days.active)):
        yield scope.column(f"per_active_day_{name}", f"{scope.many} on a day with any, {when}", values)


def _recency(scope: Scope) -> Iterator[Column]:
    yield scope.column("days_since_last", f"days since the last of the {scope.many}", scope.moments[1], "days")


def _lifetime(scope: Scope) -> Iterator[Column]:
    first, last = scope.moments
    gap, count = usual_gap(first, last, scope.days.active[-1]), scope.view.counts[-1]
    last_of = f"days since the last {scope.one}"
    yield scope.column("days_since_first", f"days since the first {scope.one}", first, "days", actionable=False)
    yield scope.column("mean_gap", f"usual days between days with {scope.many}", gap, "days")
    yield scope.column("gap_delta", f"{last_of}, less the usual gap", last - gap, "days")
    yield scope.column("gap_ratio", f"{last_of}, as a multiple of the usual gap", over(last, gap), "ratio")
    life = share(first - last, first)
    yield scope.column(
        "life_fraction", f"how far into the time since the first the {scope.many} went on", life, "share"
    )
    yield scope.column("daily_rate_ever", f"{scope.many} per day since the first", over(count, np.maximum(first, 1)))


def _gaps(scope: Scope) -> Iterator[Column]:
    (first, last), count = scope.moments, scope.view.counts[-1]
    between = np.where(count > 1, (first - last) / np.maximum(count - 1, 1), np.nan)
    longest, since = scope.days.longest, scope.days.last
    yield scope.column("mean_interval", f"mean time between two {scope.many}", between, "days")
    yield scope.column("longest_gap", f"longest time between two days with {scope.many}", longest, "days")
    sentence = f"days since the last day with {scope.many}, as a multiple of the longest gap so far"
    yield scope.column("longest_gap_ratio", sentence, over(since, longest), "ratio")


def _decay(scope: Scope) -> Iterator[Column]:
    lives = scope.definitions.half_lives_days
    values = [scope.view.decayed(days) for days in lives]
    for days, value in zip(lives, values, strict=True):
        yield scope.column(f"fading_{days}d", f"{scope.many}, each counting half after {days} days", value)
    for days, value in zip(lives[:-1], values, strict=False):
        sentence = f"recent pace of {scope.many} ({days} days) against the long-run pace ({lives[-1]} days)"
        momentum = (value / days + 0.01) / (values[-1] / lives[-1] + 0.01)
        yield scope.column(f"momentum_{days}d_{lives[-1]}d", sentence, momentum, "ratio")


def _weeks(scope: Scope) -> Iterator[Column]:
    weeks, many, view = scope.definitions.weeks, scope.many, scope.view
    each = np.diff(view.counts[[view.span(7 * week) for week in range(1, weeks + 1)]], axis=0, prepend=0.0)
    for week in range(1, weeks):
        yield scope.column(f"week_{week + 1}", f"{many} in the week that ended {7 * week} days ago", each[week])
    centred = (weeks - 1) / 2 - np.arange(weeks)
    slope = (each * centred[:, None]).sum(axis=0) / (centred**2).sum()
    yield scope.column(f"spread_{weeks}w", f"how uneven the weekly {many} were over {weeks} weeks", each.std(axis=0))
    yield scope.column(f"slope_{weeks}w", f"rise or fall of weekly {many} over {weeks} weeks", slope, "per week")
    yield scope.column(f"silent_weeks_{weeks}w", f"weeks without {many} among the last {weeks}",
                       (each == 0).sum(axis=0).astype(np.float64), "weeks")  # fmt: skip
    yield scope.column(f"median_week_{weeks}w", f"median of weekly {many} over {weeks} weeks", np.median(each, axis=0))
    yield scope.column(f"most_week_{weeks}w", f"most {many} in a week of the last {weeks}", each.max(axis=0))
    yield scope.column(f"least_week_{weeks}w", f"fewest {many} in a week of the last {weeks}", each.min(axis=0))


def _trend(scope: Scope) -> Iterator[Column]:
    for name, ending, values in trends(scope, scope.view.counts):
        yield scope.column(name, f"daily {scope.many} {ending}", values, "ratio")


def trends(scope: Scope, counts: Floats) -> Iterator[tuple[str, str, Floats]]:
    """Of counts (spans, customers): each declared ratio of daily rates, with its name and the end of its sentence."""
    for trend in scope.definitions.trends:
        soon, whole = (scope.view.span(days) for days in (trend.recent, trend.recent + trend.before))
        recent, before = counts[soon] / trend.recent, (counts[whole] - counts[soon]) / trend.before
        ending = f"in the last {trend.recent} days against the {trend.before} days before"
        yield f"trend_{trend.recent}d_{trend.before}d", ending, (recent + 0.05) / (before + 0.05)


def _dayparts(scope: Scope) -> Iterator[Column]:
    parts = {name: scope.view.daypart(name) for name in scope.definitions.dayparts} | {"weekend": scope.view.weekend}
    for part, counts in parts.items():
        for name, when, values in scope.each(share(counts, scope.view.counts)):
            sentence = (
                f"share of {scope.many} on weekends {when}"
                if part == "weekend"
                else f"share of {scope.many} in {_hours(scope, part)} {when}"
            )
            yield scope.column(f"{slug(part)}_share_{name}", sentence, values, "share")


def _hours(scope: Scope, part: str) -> str:
    start, end = scope.definitions.dayparts[part]
    return f"the hours {start} to {end} UTC"


def _measures(scope: Scope) -> Iterator[Column]:
    for measure in scope.view.measures:
        sums, unit = scope.view.measure(measure), scope.units.get(measure, measure)
        for statistic, words, values in statistics(sums):
            name = "_".join([slug(measure), *([statistic] if statistic else [])])
            for span, when, each in scope.each(values):
                sentence = f"{words} {humanised(measure).lower()}{'' if not statistic else f' of {scope.many}'} {when}"
                yield scope.column(f"{name}_{span}", sentence, each, unit)
        active = scope.each(over(sums.total, scope.days.active))
        for span, when, each in active:
            sentence = f"{humanised(measure).lower()} on a day with {scope.many} {when}"
            yield scope.column(f"{slug(measure)}_per_active_day_{span}", sentence, each, unit)


def statistics(sums: Sums) -> Iterator[tuple[str, str, Floats]]:
    """The statistics of a measure, with name and first words; the standard deviation is the sample's (n - 1)."""
    mean = over(sums.total, sums.filled)
    yield "", "total", sums.total
    yield "mean", "mean", mean
    yield "min", "smallest", sums.low
    yield "max", "largest", sums.high
    freedom = np.where(sums.filled > 1, sums.filled - 1, 0.0)
    yield "std", "spread of", np.sqrt(np.maximum(over(sums.squares - sums.total * mean, freedom), 0.0))


def usual_gap(first: Floats, last: Floats, days: Floats) -> Floats:
    """Mean days between days with an event, from the first and the last event and how many such days; NaN before the second."""
    gaps = days - 1
    return np.where(gaps > 0, (first - last) / np.maximum(gaps, 1), np.nan)


PRIMITIVES: dict[Whole, Callable[[Scope], Iterator[Column]]] = {
    "count": _count,
    "active_days": _active_days,
    "recency": _recency,
    "lifetime": _lifetime,
    "gaps": _gaps,
    "decay": _decay,
    "weeks": _weeks,
    "trend": _trend,
    "dayparts": _dayparts,
    "measures": _measures,
}
