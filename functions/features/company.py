"""Features that a customer shares with its company: everybody's activity, and statistics over everybody's features."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.deals import spread
from features.definitions import Across, Statistic
from features.rows import Floats, Ints
from features.view import View
from features.wording import Column, any_of, over, share
from holdfast.feature_set import Feature
from holdfast.words import lowered

_WORDS: dict[Statistic, str] = {"mean": "Mean", "min": "Smallest", "max": "Largest", "std": "Spread", "sum": "Total"}


@dataclass(frozen=True)
class Members:
    """Each customer's company (-1 = none), and who of them was there at the cutoff."""

    company: Ints
    here: Floats

    @property
    def companies(self) -> int:
        return int(self.company.max(initial=-1)) + 1

    def total(self, values: Floats) -> Floats:
        """(customers,): the company's sum; NaN for who has none."""
        member = self.company >= 0
        return spread(self._summed(values[member], self.company[member]), self.company)

    def statistic(self, name: Statistic, values: Floats) -> Floats:
        """(customers,): a statistic over the members that were there and have a value; NaN where there is none of these."""
        counted = (self.company >= 0) & (self.here > 0) & ~np.isnan(values)
        return spread(_STATISTICS[name](self, values[counted], self.company[counted]), self.company)

    def mean(self, values: Floats, company: Ints) -> Floats:
        return over(self._summed(values, company), self._summed(np.ones(len(values)), company))

    def std(self, values: Floats, company: Ints) -> Floats:
        """The sample's (n - 1), from distances to the mean."""
        apart = (values - self.mean(values, company)[company]) ** 2
        freedom = self._summed(np.ones(len(values)), company) - 1
        return np.sqrt(over(self._summed(apart, company), np.maximum(freedom, 0)))

    def sum(self, values: Floats, company: Ints) -> Floats:
        return self._summed(values, company)

    def low(self, values: Floats, company: Ints) -> Floats:
        found = np.full(self.companies, np.inf)
        np.minimum.at(found, company, values)
        return np.where(np.isfinite(found), found, np.nan)

    def high(self, values: Floats, company: Ints) -> Floats:
        return -self.low(-values, company)

    def _summed(self, values: Floats, company: Ints) -> Floats:
        return np.bincount(company, values, self.companies).astype(np.float64)


_STATISTICS: dict[Statistic, Callable[[Members, Floats, Ints], Floats]] = {
    "mean": Members.mean,
    "min": Members.low,
    "max": Members.high,
    "std": Members.std,
    "sum": Members.sum,
}


def columns(views: Mapping[str, View], members: Members, across: Across) -> Iterator[Column]:
    """Activity of the whole company."""
    users = members.total(members.here)
    yield _column("company_users", "Users of the company", users, "users", actionable=False)
    if "events" in views:
        yield from _usage(views["events"], members, users, across.days)
    if "tickets" in views:
        days = across.tickets_days
        tickets = members.total(views["tickets"].counts[views["tickets"].span(days)])
        sentence = f"Support tickets of the whole company in the last {days} days"
        yield _column(f"company_tickets_{days}d", sentence, tickets)


def statistics(made: Sequence[Column], members: Members, across: Across) -> Iterator[Column]:
    """Of each declared feature of the customers: its statistics over the company, and each customer against the mean."""
    for feature, values in made:
        for name in across.statistics if any_of(feature.name, across.of) else ():
            sentence = f"{_WORDS[name]} over the company's users: {lowered(feature.sentence)}"
            found = members.statistic(name, values)
            yield _column(f"company_{name}_{feature.name}", sentence, found, feature.unit, feature.actionable)
        if any_of(feature.name, across.against):
            against = over(values, members.statistic("mean", values))
            sentence = f"{feature.sentence}, as a multiple of the mean of the company's users"
            yield _column(f"{feature.name}_against_company", sentence, against, "ratio")


def _usage(view: View, members: Members, users: Floats, days: int) -> Iterator[Column]:
    own, twice = view.counts[view.span(days)], view.counts[view.span(2 * days)]
    everybody, before = members.total(own), members.total(twice - own)
    active = members.total((own > 0).astype(np.float64))
    trend, mine, when = (everybody + 1) / (before + 1), share(own, everybody), f"in the last {days} days"
    against = f"Events of the whole company {when} against the {days} days before"
    yield _column(f"company_events_{days}d", f"Events of the whole company {when}", everybody)
    yield _column(f"company_trend_{days}d", against, trend, "ratio")
    yield _column(f"company_active_users_{days}d", f"Users of the company active {when}", active, "users")
    yield _column(
        f"company_active_share_{days}d", f"Share of the company's users active {when}", share(active, users), "share"
    )
    yield _column(
        f"share_of_company_{days}d", f"Share of the company's events made by this customer {when}", mine, "share"
    )


def _column(name: str, sentence: str, values: Floats, unit: str = "", actionable: bool = True) -> Column:
    return Feature(name, sentence, unit, "company", actionable), values
