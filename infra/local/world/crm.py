"""The HubSpot side of the world: contacts, companies, deals, owners and marketing email events.

Nothing here may know who has left: stages, plans and dates of change are drawn without looking at the outcome.
"""

import numpy as np
import pyarrow as pa

from infra.local.world import people
from infra.local.world.calendar import WEEKS, Calendar
from infra.local.world.generate import World
from infra.local.world.history import History
from infra.local.world.logs import user_ids
from infra.local.world.traits import PLANS, Ints, Rng, Traits, companies_for
from infra.local.world.usage import DAY_MS, SEAT_PRICES

FIRST_CONTACT = 100_001
FIRST_COMPANY = 200_001
FIRST_DEAL = 300_001
FIRST_OWNER = 901
FIRST_MERGED_CONTACT, FIRST_MERGED_COMPANY = 95_001, 195_001
MERGED_EVERY = 60
OWNERS = 8
WON_SHARE = 0.6
STAGES_OPEN = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent")

Tables = dict[str, pa.Table]


def tables(rng: Rng, world: World) -> Tables:
    """All HubSpot tables by name; instants are milliseconds since the epoch."""
    traits, calendar = world.traits, world.calendar
    companies = _companies(rng, traits, calendar)
    contacts = _contacts(rng, traits, calendar, companies["domain"].to_pylist())
    return {
        "hubspot_companies": companies,
        "hubspot_contacts": contacts,
        "hubspot_deals": _deals(rng, companies, traits, calendar),
        "hubspot_owners": _owners(rng, calendar),
        "hubspot_email_events": _email_events(rng, world.history, contacts["email"], calendar),
    }


def _companies(rng: Rng, traits: Traits, calendar: Calendar) -> pa.Table:
    count = companies_for(len(traits))
    names, domains = people.company_names(rng, count)
    created, plan = np.full(count, calendar.end_ms), np.zeros(count, dtype=np.int64)
    np.minimum.at(created, traits.company, traits.created)
    plan[traits.company] = traits.plan
    employees = np.bincount(traits.company, minlength=count) + rng.lognormal(3.2 + 0.5 * plan, 1.0).astype(np.int64)
    created = created - rng.integers(DAY_MS, 40 * DAY_MS, count)
    return pa.table(
        {
            "id": _ids(FIRST_COMPANY, count),
            "name": names,
            "domain": domains,
            "industry": people.pick(rng, people.INDUSTRIES, count),
            "country": people.pick(rng, people.COUNTRIES, count),
            "numberofemployees": employees,
            "annualrevenue": np.round(employees * rng.lognormal(11.4, 0.5, count), -3).astype(np.int64),
            "plan": [PLANS[p] for p in plan],
            "hubspot_owner_id": _ids(FIRST_OWNER, OWNERS).take(pa.array(rng.integers(0, OWNERS, count))),
            "createdate": created,
            "lastmodified": _touched(rng, created, calendar),
            "hs_merged_object_ids": _merged(FIRST_MERGED_COMPANY, count),
        }
    )


def _contacts(rng: Rng, traits: Traits, calendar: Calendar, domains: list[str]) -> pa.Table:
    n = len(traits)
    first, last = people.pick(rng, people.FIRST, n), people.pick(rng, people.LAST, n)
    emails = [people.email(name, i, domains[c]) for i, (name, c) in enumerate(zip(first, traits.company, strict=True))]
    return pa.table(
        {
            "id": _ids(FIRST_CONTACT, n),
            "email": emails,
            "firstname": first,
            "lastname": last,
            "external_id": user_ids(np.arange(n)),
            "jobtitle": people.pick(rng, people.JOBS, n),
            "country": people.pick(rng, people.COUNTRIES, n),
            "lifecyclestage": people.pick(rng, people.CHURN_BLIND_STAGES, n),
            "plan": [PLANS[p] for p in traits.plan],
            "company_id": _ids(FIRST_COMPANY, len(domains)).take(pa.array(traits.company)),
            "createdate": traits.created,
            "lastmodified": _touched(rng, traits.created, calendar),
            "hs_merged_object_ids": _merged(FIRST_MERGED_CONTACT, n),
        }
    )


def _deals(rng: Rng, companies: pa.Table, traits: Traits, calendar: Calendar) -> pa.Table:
    """One first sale per company, and later ones whose outcome is luck."""
    count = len(companies)
    again = np.repeat(np.arange(count), rng.poisson(0.9, count))
    company = np.concatenate([np.arange(count), again])
    born = companies["createdate"].to_numpy()[company]
    first = np.arange(len(company)) < count
    created = np.where(first, born, born + ((calendar.end_ms - born) * rng.random(len(company))).astype(np.int64))
    closes = created + rng.integers(3 * DAY_MS, 60 * DAY_MS, len(company))
    won = first | (rng.random(len(company)) < WON_SHARE)
    stage = np.where(won, "closedwon", "closedlost")
    stage = np.where(closes > calendar.end_ms, rng.choice(STAGES_OPEN, len(company)), stage)
    plan = np.zeros(count, dtype=np.int64)
    plan[traits.company] = traits.plan
    seats = 1 + rng.poisson(4, len(company))
    kinds = np.where(first, "New business", "Expansion")
    names = companies["name"].to_pylist()
    buyer = np.unique(traits.company, return_index=True)[1]
    return pa.table(
        {
            "id": _ids(FIRST_DEAL, len(company)),
            "dealname": [f"{kind}: {names[c]}" for kind, c in zip(kinds, company, strict=True)],
            "amount": np.round(12 * seats * np.array(SEAT_PRICES)[plan[company]], 2),
            "dealstage": pa.array(stage.tolist()),
            "pipeline": pa.array(["default"] * len(company)),
            "closedate": closes,
            "company_id": companies["id"].take(pa.array(company)),
            "contact_id": _ids(FIRST_CONTACT, len(traits)).take(pa.array(buyer[company])),
            "hubspot_owner_id": companies["hubspot_owner_id"].take(pa.array(company)),
            "createdate": created,
            "lastmodified": _touched(rng, created, calendar),
        }
    )


def _owners(rng: Rng, calendar: Calendar) -> pa.Table:
    first, last = people.pick(rng, people.FIRST[:26], OWNERS), people.pick(rng, people.LAST[:26], OWNERS)
    return pa.table(
        {
            "id": _ids(FIRST_OWNER, OWNERS),
            "email": [people.email(name, i, "holdfast-demo.example.com") for i, name in enumerate(first)],
            "firstname": first,
            "lastname": last,
            "createdate": calendar.start_ms - rng.integers(0, 400 * DAY_MS, OWNERS),
        }
    )


def _email_events(rng: Rng, history: History, emails: pa.ChunkedArray, calendar: Calendar) -> pa.Table:
    """Newsletters go to everybody for ever, so that only the silence afterwards tells anything."""
    parts = [_mailing(rng, history.opens[:, week], week, calendar) for week in range(WEEKS)]
    person, kind, created, campaign = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(created, kind="stable")
    return pa.table(
        {
            "id": _ids(0, len(order)),
            "type": pa.array(("SENT", "OPEN", "CLICK")).take(pa.array(kind[order])),
            "created": created[order],
            "recipient": emails.take(pa.array(person[order])),
            "campaign": campaign[order],
        }
    )


def _mailing(rng: Rng, opens: Ints, week: int, calendar: Calendar) -> tuple[Ints, Ints, Ints, Ints]:
    sent = calendar.start_ms + (7 * week + 2) * DAY_MS + 9 * 3_600_000
    groups = [np.flatnonzero(opens >= kind) for kind in (0, 1, 2)]
    person = np.concatenate(groups)
    kind = np.repeat(np.arange(3), [len(g) for g in groups])
    wait = np.array([1_800_000, 20_000_000, 40_000_000])[kind] * rng.random(len(person))
    return person, kind, sent + wait.astype(np.int64) + kind * 20_000_000, np.full(len(person), 5000 + week)


def _touched(rng: Rng, created: Ints, calendar: Calendar) -> Ints:
    """When a record last changed: anywhere between its birth and now, as bulk edits do."""
    return created + ((calendar.end_ms - created) * rng.random(len(created))).astype(np.int64)


def _merged(first: int, count: int) -> pa.Array:
    """Ids that went into every sixtieth record by a merge; their own records are gone."""
    merged = [str(first + row // MERGED_EVERY) if row % MERGED_EVERY == 7 else None for row in range(count)]
    return pa.array(merged, pa.string())


def _ids(first: int, count: int) -> pa.Array:
    return pa.array(np.arange(first, first + count)).cast(pa.string())
