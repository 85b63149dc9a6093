"""Features that a customer has from its company's deals, as these stood at a cutoff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.rows import DAY_US, Floats, Ints
from features.wording import Column, over
from holdfast.feature_set import Feature

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Deals:
    """Columns of equal length: the company's number, days since 1970 (NaN = not yet), the amount, and 1 where won."""

    company: Ints
    created: Floats
    closed: Floats
    amount: Floats
    won: Floats


def deals_of(rows: pa.Table, companies: pa.Array, won: tuple[str, ...]) -> Deals:
    """Deals of the known companies."""
    code = pc.fill_null(pc.index_in(rows["company_id"], companies), -1)
    is_won = pc.fill_null(pc.is_in(pc.utf8_lower(rows["stage"]), pa.array(won)), False)
    deals = Deals(code.to_numpy().astype(np.int64), days(rows["created_at"]), days(rows["closed_at"]),
                  np.nan_to_num(rows["amount"].to_numpy()), is_won.to_numpy().astype(np.float64))  # fmt: skip
    order = np.lexsort((deals.won, deals.amount, deals.closed, deals.created, deals.company))
    kept = order[deals.company[order] >= 0]
    return Deals(deals.company[kept], deals.created[kept], deals.closed[kept], deals.amount[kept], deals.won[kept])


def days(times: pa.ChunkedArray) -> Floats:
    """Times as days since 1970 with fractions; NaN for null."""
    us = times.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).cast(pa.float64(), safe=False)
    return np.asarray(us.to_numpy(), dtype=np.float64) / DAY_US


@dataclass(frozen=True)
class Standing:
    """Deals at a cutoff, seen from customers: what closed later is still open. `company` is each customer's (-1 = none)."""

    deals: Deals
    company: Ints
    cutoff: int

    @property
    def made(self) -> Bools:
        return self.deals.created < self.cutoff

    @property
    def closed(self) -> Bools:
        return self.made & (self.deals.closed < self.cutoff)

    @property
    def won(self) -> Bools:
        return self.closed & (self.deals.won > 0)

    def count(self, rows: Bools) -> Floats:
        """(customers,): of these deals those of the company."""
        return self._added(rows, np.ones(len(rows)))

    def amount(self, rows: Bools) -> Floats:
        """(customers,): what they come to."""
        return self._added(rows, self.deals.amount)

    def largest(self, rows: Bools) -> Floats:
        """(customers,): the largest amount; NaN without any."""
        return self._most(rows, self.deals.amount)

    def since(self, moments: Floats, rows: Bools) -> Floats:
        """(customers,): days since the latest of these moments; NaN without any."""
        return self.cutoff - self._most(rows, moments)

    def _added(self, rows: Bools, weights: Floats) -> Floats:
        total = np.bincount(self.deals.company[rows], weights[rows], self._companies)
        return spread(total.astype(np.float64), self.company)

    def _most(self, rows: Bools, values: Floats) -> Floats:
        most = np.full(self._companies, -np.inf)
        np.maximum.at(most, self.deals.company[rows], values[rows])
        return spread(np.where(np.isfinite(most), most, np.nan), self.company)

    @property
    def _companies(self) -> int:
        return int(self.company.max(initial=-1)) + 1


def columns(standing: Standing, windows: Sequence[int], recent: int, currency: str) -> Iterator[Column]:
    """All of them; the spans are in days."""
    deals, won, pending = standing.deals, standing.won, standing.made & ~standing.closed
    fresh = won & (deals.closed >= standing.cutoff - recent)
    yield _column("deals_open", "Open deals of the company", standing.count(pending))
    yield _column("deals_open_amount", "Amount of the company's open deals", standing.amount(pending), currency)
    yield _column("deals_won", "Deals won with the company", standing.count(won))
    yield _column("deals_won_amount", "Amount of deals won with the company", standing.amount(won), currency)
    sentence = f"Amount of deals won in the last {recent} days"
    yield _column(f"deals_won_amount_{recent}d", sentence, standing.amount(fresh), currency)
    rate = over(standing.count(won), standing.count(standing.closed))
    yield _column("deals_win_rate", "Share of the company's closed deals that were won", rate, "share")
    yield from _sizes(standing, currency)
    yield from _lately(standing, windows, currency)


def _sizes(standing: Standing, currency: str) -> Iterator[Column]:
    deals, made, won = standing.deals, standing.made, standing.won
    mean = over(standing.amount(made), standing.count(made))
    yield _column("deals_ever", "Deals made with the company so far", standing.count(made))
    yield _column("deals_mean_amount", "Mean amount of the company's deals", mean, currency)
    yield _column("deals_largest_amount", "Largest amount of the company's deals", standing.largest(made), currency)
    yield _column("deals_largest_won_amount", "Largest amount won with the company", standing.largest(won), currency)
    since = standing.since(deals.created, made)
    yield _column("deals_days_since_last", "Days since the company's last deal was made", since, "days")
    since = standing.since(deals.closed, won)
    yield _column("deals_days_since_last_won", "Days since a deal with the company was last won", since, "days")


def _lately(standing: Standing, windows: Sequence[int], currency: str) -> Iterator[Column]:
    deals, lost = standing.deals, standing.closed & ~standing.won
    for days in windows:
        since, when = standing.cutoff - days, f"in the last {days} days"
        made = standing.made & (deals.created >= since)
        yield _column(f"deals_made_{days}d", f"Deals made with the company {when}", standing.count(made))
        yield _column(f"deals_made_amount_{days}d", f"Amount of deals made {when}", standing.amount(made), currency)
        won, gone = standing.won & (deals.closed >= since), lost & (deals.closed >= since)
        yield _column(f"deals_won_{days}d", f"Deals won with the company {when}", standing.count(won))
        yield _column(f"deals_lost_{days}d", f"Deals lost with the company {when}", standing.count(gone))


def spread(per_company: Floats, company: Ints) -> Floats:
    """Values by company [..., companies] for each customer; NaN for who has none."""
    return np.concatenate([per_company, np.full((*per_company.shape[:-1], 1), np.nan)], axis=-1)[..., company]


def _column(name: str, sentence: str, values: Floats, unit: str = "") -> Column:
    return Feature(name, sentence, unit, "deals"), values
