"""Who the customers are: what the simulation takes as given and never changes."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from infra.local.world.calendar import WEEKS, Calendar

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.int8]
Rng = np.random.Generator

PLANS = ("starter", "team", "business", "enterprise")
PLAN_SHARES = (0.38, 0.32, 0.2, 0.1)
MODULES = (
    "dashboards", "reports", "automations", "integrations", "api",
    "exports", "alerts", "billing", "admin", "mobile",
)  # fmt: skip
PERSONAS = ("viewer", "builder", "integrator", "manager")
PERSONA_SHARES = (0.4, 0.28, 0.14, 0.18)
WEEKS_BEFORE = 60
EARLY_SHARE = 0.5


@dataclass(frozen=True)
class Traits:
    """Arrays with one row per customer; `bill_day` is (customers, weeks): weekday of the payment or -1."""

    company: Ints
    plan: Ints
    persona: Ints
    signup: Ints
    created: Ints
    base: Floats
    friction: Floats
    openness: Floats
    frailty: Floats
    favourites: Ints
    bill_day: Bytes

    def take(self, rows: Ints) -> "Traits":
        return Traits(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def __len__(self) -> int:
        return len(self.company)


def companies_for(customers: int) -> int:
    return max(1, -(-customers // 6))


def draw(rng: Rng, customers: int, calendar: Calendar) -> Traits:
    """Draw the customers; `created` is in milliseconds since the epoch, `signup` a week (negative = before)."""
    company = _companies(rng, customers)
    plan_of_company = rng.choice(len(PLANS), companies_for(customers), p=PLAN_SHARES)
    plan = plan_of_company[company]
    signup = _signups(rng, customers)
    created = calendar.start_ms + signup * 7 * 86_400_000 - rng.integers(0, 5 * 86_400_000, customers)
    mood = rng.normal(0, 0.35, companies_for(customers))[company]
    return Traits(
        company=company,
        plan=plan,
        persona=rng.choice(len(PERSONAS), customers, p=PERSONA_SHARES),
        signup=signup,
        created=created,
        base=rng.normal(2.0, 0.55, customers) + 0.12 * plan + 0.5 * mood,
        friction=rng.normal(-0.2, 0.5, customers) - mood,
        openness=rng.normal(-0.6, 0.8, customers),
        frailty=rng.normal(0, 0.3, customers),
        favourites=np.argsort(rng.random((customers, len(MODULES))) + 0.08 * np.arange(len(MODULES)), axis=1),
        bill_day=_bill_days(created, signup, calendar),
    )


def _companies(rng: Rng, customers: int) -> Ints:
    """Every company has somebody; the rest crowd into the popular ones."""
    count = companies_for(customers)
    weight = rng.pareto(1.6, count) + 0.3
    rest = rng.choice(count, max(0, customers - count), p=weight / weight.sum())
    return rng.permutation(np.concatenate([np.arange(count), rest])[:customers])


def _signups(rng: Rng, customers: int) -> Ints:
    early = rng.random(customers) < EARLY_SHARE
    return np.where(early, rng.integers(-WEEKS_BEFORE, 1, customers), rng.integers(1, WEEKS - 1, customers))


def _bill_days(created: Ints, signup: Ints, calendar: Calendar) -> Bytes:
    """Bill monthly, on the day of the month of the sign-up (the 28th at the latest)."""
    days = np.full((len(created), WEEKS), -1, dtype=np.int8)
    born = created.astype("datetime64[ms]").astype("datetime64[D]")
    offset = np.minimum((born - born.astype("datetime64[M]")).astype(np.int64), 27)
    for month in np.arange(calendar.start.astype("datetime64[M]"), calendar.end.astype("datetime64[M]") + 1):
        since = (month.astype("datetime64[D]") - calendar.start).astype(np.int64) + offset
        week, day = np.divmod(since, 7)
        rows = np.flatnonzero((week >= np.maximum(signup, 0)) & (week < WEEKS))
        days[rows, week[rows]] = day[rows]
    return days
