"""Features of the rows of each text of a column: what was done of each kind, in each module, on each device."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from features.activity import Scope, trends
from features.definitions import Split
from features.rows import Floats
from features.wording import Column, humanised, over, share, slug, spans

_SHARED_DAYS = 30


@dataclass(frozen=True)
class Part:
    """One column of texts in a scope."""

    scope: Scope
    column: str

    @property
    def counts(self) -> Floats:
        """(texts, spans, customers)."""
        return self.scope.view.by(self.column)

    def texts(self) -> Iterator[tuple[int, str, str]]:
        """Of each text: its code, its part of the name, and the words for its rows."""
        many = self.scope.many
        for code, text in enumerate(self.scope.view.texts[self.column]):
            if self.column == "kind":
                yield code, slug(text), f"{humanised(text).lower()} {many}"
            elif self.column == "module":
                yield code, f"in_{slug(text)}", f"{many} in module {text}"
            else:
                yield code, f"{slug(self.column)}_{slug(text)}", f"{many} with {humanised(self.column).lower()} {text}"

    def windows(self) -> Iterator[tuple[str, str, int]]:
        """Of each split window and of all time: the ends of name and sentence, and the span."""
        windows = self.scope.definitions.split_windows_days
        for (name, when), span in zip(spans(windows), self.scope.view.spans(windows), strict=True):
            yield name, when, span


def columns(scope: Scope) -> Iterator[Column]:
    """All features of the entity's columns of texts."""
    for column in scope.view.texts:
        for name in scope.entity.splits(column):
            yield from SPLITS[name](Part(scope, column))


def _count(part: Part) -> Iterator[Column]:
    for code, name, words in part.texts():
        for span_name, when, span in part.windows():
            yield part.scope.column(f"{name}_{span_name}", f"{words} {when}", part.counts[code, span])


def _share(part: Part) -> Iterator[Column]:
    for span_name, when, span in part.windows():
        whole = part.scope.view.counts[span]
        for code, name, words in part.texts():
            sentence = f"{words} as a share of all {when}"
            yield part.scope.column(
                f"{name}_share_{span_name}", sentence, share(part.counts[code, span], whole), "share"
            )


def _recency(part: Part) -> Iterator[Column]:
    values, scope = part.scope.view.since_last(part.column), part.scope
    for code, name, words in part.texts():
        sentence = f"days since the last {words.replace(scope.many, scope.one)}"
        yield scope.column(f"{name}_days_since_last", sentence, values[code], "days")


def _trend(part: Part) -> Iterator[Column]:
    for code, name, words in part.texts():
        for trend, ending, values in trends(part.scope, part.counts[code]):
            yield part.scope.column(f"{name}_{trend}", f"daily {words} {ending}", values, "ratio")


def _decay(part: Part) -> Iterator[Column]:
    for days in part.scope.definitions.half_lives_days:
        values = part.scope.view.decayed(days, part.column)
        for code, name, words in part.texts():
            sentence = f"{words}, each counting half after {days} days"
            yield part.scope.column(f"{name}_fading_{days}d", sentence, values[code])


def _active_days(part: Part) -> Iterator[Column]:
    for code, name, words in part.texts():
        days = part.scope.view.active_days((part.column, code))
        for span_name, when, span in part.windows():
            yield part.scope.column(f"{name}_active_days_{span_name}", f"days with {words} {when}", days[span], "days")


def _measures(part: Part) -> Iterator[Column]:
    for measure in part.scope.view.measures:
        totals, unit = part.scope.view.total_by(part.column, measure), part.scope.units.get(measure, measure)
        for code, name, words in part.texts():
            for span_name, when, span in part.windows():
                sentence = f"total {humanised(measure).lower()} of {words} {when}"
                yield part.scope.column(f"{slug(measure)}_{name}_{span_name}", sentence, totals[code, span], unit)


def _used(part: Part) -> Iterator[Column]:
    used = (part.counts > 0).sum(axis=0).astype(np.float64)
    many = f"{slug(part.column)}s"
    if part.scope.definitions.distinct_of_none == "missing":
        used = np.where(part.scope.view.counts > 0, used, np.nan)
    for name, when, values in part.scope.each(used):
        sentence = f"{humanised(many).lower()} used {when}"
        yield part.scope.column(f"{many}_used_{name}", sentence, values, humanised(many).lower())


def _entropy(part: Part) -> Iterator[Column]:
    """Shannon's, in nats, of what is left when rows of no text that is told apart are set aside."""
    for name, when, span in part.windows():
        counts = part.counts[:, span]
        shares = over(counts, counts.sum(axis=0))
        values = -np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1.0)), shares).sum(axis=0)
        sentence = f"how evenly the {part.scope.many} are spread over {humanised(part.column).lower()}s {when}"
        yield part.scope.column(f"{slug(part.column)}_entropy_{name}", sentence, values + 0.0)


SPLITS: dict[Split, Callable[[Part], Iterator[Column]]] = {
    "count": _count,
    "share": _share,
    "recency": _recency,
    "trend": _trend,
    "decay": _decay,
    "active_days": _active_days,
    "measures": _measures,
    "used": _used,
    "entropy": _entropy,
}
