"""Features that a customer shares with its company: everybody's activity, and the deals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.cells import DAY_US, Floats, Ints
from features.definitions import Company
from features.view import View
from features.wording import Column, over, share
from holdfast.feature_set import Feature


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


def columns(views: Mapping[str, View], company: Ints, here: Floats, spans: Company) -> Iterator[Column]:
    """Activity of the whole company. `company` is each customer's (-1 = none); `here` is 1 for who was there."""
    users = _of_company(here, company)
    yield _column("company_users", "Users of the company", users, "users", actionable=False)
    if "events" in views:
        yield from _usage(views["events"], company, users, spans.days)
    if "tickets" in views:
        days = spans.tickets_days
        tickets = _of_company(views["tickets"].counts([days])[:, 0], company)
        yield _column(
            f"company_tickets_{days}d", f"Support tickets of the whole company in the last {days} days", tickets
        )


def _usage(view: View, company: Ints, users: Floats, days: int) -> Iterator[Column]:
    own = view.counts([days, 2 * days])
    everybody = _of_company(own[:, 0], company)
    before = _of_company(own[:, 1] - own[:, 0], company)
    active = _of_company((own[:, 0] > 0).astype(np.float64), company)
    trend, mine, when = (everybody + 1) / (before + 1), share(own[:, 0], everybody), f"in the last {days} days"
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


def deal_columns(deals: Deals, company: Ints, cutoff: int, recent: int, currency: str) -> Iterator[Column]:
    """Deals of the customer's company as they stood at the cutoff: what closed later is still open."""
    made = deals.created < cutoff
    closed = made & (deals.closed < cutoff)
    won, pending = closed & (deals.won > 0), made & ~closed
    count, amount = (
        partial(_deals_of, deals, company, np.ones(len(made))),
        partial(_deals_of, deals, company, deals.amount),
    )
    fresh = amount(won & (deals.closed >= cutoff - recent))
    yield _column("deals_open", "Open deals of the company", count(pending))
    yield _column("deals_open_amount", "Amount of the company's open deals", amount(pending), currency)
    yield _column("deals_won", "Deals won with the company", count(won))
    yield _column("deals_won_amount", "Amount of deals won with the company", amount(won), currency)
    yield _column(f"deals_won_amount_{recent}d", f"Amount of deals won in the last {recent} days", fresh, currency)
    yield _column(
        "deals_win_rate", "Share of the company's closed deals that were won", over(count(won), count(closed)), "share"
    )


def _column(name: str, sentence: str, values: Floats, unit: str = "", actionable: bool = True) -> Column:
    group = "deals" if name.startswith("deals_") else "company"
    return Feature(name, sentence, unit, group, actionable), values


def _deals_of(deals: Deals, company: Ints, weights: Floats, rows: npt.NDArray[np.bool_]) -> Floats:
    total = np.bincount(deals.company[rows], weights[rows], int(company.max(initial=-1)) + 1)
    return _spread(total.astype(np.float64), company)


def _of_company(values: Floats, company: Ints) -> Floats:
    member = company >= 0
    total = np.bincount(company[member], values[member], int(company.max(initial=-1)) + 1)
    return _spread(total.astype(np.float64), company)


def _spread(per_company: Floats, company: Ints) -> Floats:
    return np.append(per_company, np.nan)[company]
