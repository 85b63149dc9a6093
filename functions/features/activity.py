"""Features of one activity table: each primitive crossed with the windows, kinds, modules and measures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from features.cells import Floats
from features.definitions import Definitions
from features.view import View, What
from features.wording import Column, capital, humanised, over, share, slug, spans
from holdfast.errors import ConfigurationInvalid
from holdfast.feature_set import Feature


@dataclass(frozen=True)
class Scope:
    """One table at one cutoff. `units` says the unit of a measure where that is not its own name."""

    table: str
    many: str
    view: View
    windows: tuple[int, ...]
    definitions: Definitions
    units: dict[str, str]

    @property
    def one(self) -> str:
        """A single one of `many`."""
        return self.many.removesuffix("s")

    def column(self, name: str, sentence: str, values: Floats, unit: str = "", actionable: bool = True) -> Column:
        return Feature(f"{self.table}_{name}", capital(sentence), unit, self.table, actionable), values


def columns(scope: Scope) -> Iterator[Column]:
    """All features of the table's declared primitives.

    Raises:
        ConfigurationInvalid: a primitive that does not exist.
    """
    for name in scope.definitions.tables[scope.table].primitives:
        if name not in PRIMITIVES:
            raise ConfigurationInvalid(
                f"definitions.toml: tables.{scope.table}: no primitive `{name}`: there are {', '.join(PRIMITIVES)}"
            )
        yield from PRIMITIVES[name](scope)


def _count(scope: Scope) -> Iterator[Column]:
    values = scope.view.counts(scope.windows)
    for i, (name, when) in enumerate(spans(scope.windows)):
        yield scope.column(name, f"{scope.many} {when}", values[:, i])


def _active_days(scope: Scope) -> Iterator[Column]:
    values = scope.view.active_days(scope.windows)
    for i, (name, when) in enumerate(spans(scope.windows)):
        yield scope.column(f"active_days_{name}", f"days with {scope.many} {when}", values[:, i], "days")


def _recency(scope: Scope) -> Iterator[Column]:
    yield scope.column("days_since_last", f"days since the last of the {scope.many}", scope.view.span()[1], "days")


def _lifetime(scope: Scope) -> Iterator[Column]:
    first, last = scope.view.span()
    gap, count = scope.view.usual_gap(), scope.view.counts(scope.windows)[:, -1]
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
    weeks, many = scope.definitions.weeks, scope.many
    ever = scope.view.counts([7 * week for week in range(1, weeks + 1)])[:, :-1]
    each = np.diff(ever, axis=1, prepend=0.0)
    for week in range(1, weeks):
        yield scope.column(f"week_{week + 1}", f"{many} in the week that ended {7 * week} days ago", each[:, week])
    centred = (weeks - 1) / 2 - np.arange(weeks)
    slope = (each * centred).sum(axis=1) / (centred**2).sum()
    silent = (each == 0).sum(axis=1).astype(np.float64)
    yield scope.column(f"spread_{weeks}w", f"how uneven the weekly {many} were over {weeks} weeks", each.std(axis=1))
    yield scope.column(f"slope_{weeks}w", f"rise or fall of weekly {many} over {weeks} weeks", slope, "per week")
    yield scope.column(f"silent_weeks_{weeks}w", f"weeks without {many} among the last {weeks}", silent, "weeks")


def _trend(scope: Scope) -> Iterator[Column]:
    for trend in scope.definitions.trends:
        both = scope.view.counts([trend.recent, trend.recent + trend.before])
        recent, before = both[:, 0] / trend.recent, (both[:, 1] - both[:, 0]) / trend.before
        sentence = f"daily {scope.many} in the last {trend.recent} days against the {trend.before} days before"
        ratio = (recent + 0.05) / (before + 0.05)
        yield scope.column(f"trend_{trend.recent}d_{trend.before}d", sentence, ratio, "ratio")


def _by(what: What, scope: Scope) -> Iterator[Column]:
    windows = scope.definitions.split_windows_days
    values = scope.view.counts_by(what, windows)
    for code, (name, words) in enumerate(_texts(scope, what)):
        for i, (span, when) in enumerate(spans(windows)):
            yield scope.column(f"{name}_{span}", f"{words} {when}", values[:, code, i])


def _shares(what: What, scope: Scope) -> Iterator[Column]:
    part, whole = scope.view.counts_by(what, [30])[:, :, 0], scope.view.counts([30])[:, 0]
    for code, (name, words) in enumerate(_texts(scope, what)):
        sentence = f"{words} as a share of all in the last 30 days"
        yield scope.column(f"{name}_share_30d", sentence, share(part[:, code], whole), "share")


def _last(what: What, scope: Scope) -> Iterator[Column]:
    values = scope.view.recency_by(what)
    for code, (name, words) in enumerate(_texts(scope, what)):
        yield scope.column(
            f"{name}_days_since_last",
            f"days since the last {words.replace(scope.many, scope.one)}",
            values[:, code],
            "days",
        )


def _modules_used(scope: Scope) -> Iterator[Column]:
    used = (scope.view.counts_by("module", scope.windows) > 0).sum(axis=1).astype(np.float64)
    for i, (name, when) in enumerate(spans(scope.windows) if scope.view.modules else []):
        yield scope.column(f"modules_used_{name}", f"modules used {when}", used[:, i], "modules")


def _measures(scope: Scope) -> Iterator[Column]:
    for measure in scope.view.measures:
        sums, filled = scope.view.sums(measure, scope.windows)
        means = over(sums, filled)
        name, words, unit = slug(measure), humanised(measure), scope.units.get(measure, measure)
        for i, (span, when) in enumerate(spans(scope.windows)):
            yield scope.column(f"{name}_{span}", f"total {words.lower()} {when}", sums[:, i], unit)
            sentence = f"mean {words.lower()} per {scope.one} {when}"
            yield scope.column(f"{name}_mean_{span}", sentence, means[:, i], unit)


def _texts(scope: Scope, what: What) -> list[tuple[str, str]]:
    if what == "kind":
        return [(slug(text), f"{humanised(text).lower()} {scope.many}") for text in scope.view.kinds]
    return [(f"in_{slug(text)}", f"{scope.many} in module {text}") for text in scope.view.modules]


PRIMITIVES: dict[str, Callable[[Scope], Iterator[Column]]] = {
    "count": _count,
    "active_days": _active_days,
    "recency": _recency,
    "lifetime": _lifetime,
    "decay": _decay,
    "weeks": _weeks,
    "trend": _trend,
    "kinds": partial(_by, "kind"),
    "kind_shares": partial(_shares, "kind"),
    "kind_recency": partial(_last, "kind"),
    "modules": partial(_by, "module"),
    "module_shares": partial(_shares, "module"),
    "module_recency": partial(_last, "module"),
    "modules_used": _modules_used,
    "measures": _measures,
}
