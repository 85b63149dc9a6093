"""The rest of the Intercom side: companies, and data events of contacts; instants in unix seconds.

Events are drawn without looking at the outcome: they are noise, and no model may live on them.
"""

import numpy as np
import pyarrow as pa

from infra.local.world.crm import Tables
from infra.local.world.generate import World
from infra.local.world.traits import Ints, Rng

EVENT_NAMES = ("report_opened", "dashboard_shared", "export_started")
EVENTS_PER_CONTACT = 2.0
EVENT_DAYS = 180
"""Twice the time for which Intercom gives single events."""


def tables(rng: Rng, world: World, crm: Tables, contacts: pa.Table) -> Tables:
    """Tables by name; `crm` holds the HubSpot tables of the same people, `contacts` is Intercom's own."""
    now = world.calendar.end_ms // 1000
    return {
        "intercom_companies": _companies(rng, crm["hubspot_companies"], crm["hubspot_contacts"]),
        "intercom_events": _events(rng, contacts, now),
    }


def company_id(hubspot_id: str) -> str:
    """Intercom's id of the company that HubSpot calls so."""
    return f"{0x53A0_0000_0000_0000_0000_0000 + int(hubspot_id):024x}"


def _companies(rng: Rng, companies: pa.Table, contacts: pa.Table) -> pa.Table:
    sizes: dict[str, int] = {
        each["values"]: each["counts"] for each in contacts["company_id"].value_counts().to_pylist()
    }
    ids = companies["id"].to_pylist()
    created, changed = companies["createdate"].to_numpy(), companies["lastmodified"].to_numpy()
    return pa.table(
        {
            "id": [company_id(each) for each in ids],
            "company_id": companies["domain"],
            "name": companies["name"],
            "plan": companies["plan"],
            "industry": companies["industry"],
            "size": companies["numberofemployees"],
            "user_count": [sizes[each] for each in ids],
            "monthly_spend": rng.integers(20, 2000, len(ids)),
            "created_at": created // 1000,
            "updated_at": changed // 1000,
        }
    )


def _events(rng: Rng, contacts: pa.Table, now: int) -> pa.Table:
    person = np.repeat(np.arange(len(contacts)), rng.poisson(EVENTS_PER_CONTACT, len(contacts)))
    born = contacts["created_at"].to_numpy()[person]
    since = np.maximum(born, now - EVENT_DAYS * 86_400)
    when: Ints = since + ((now - since) * rng.random(len(person))).astype(np.int64)
    order = np.argsort(when, kind="stable")
    names = rng.integers(0, len(EVENT_NAMES), len(person))
    return pa.table(
        {
            "id": [f"e{number:08d}" for number in range(len(order))],
            "contact_id": contacts["id"].take(pa.array(person[order])),
            "event_name": [EVENT_NAMES[name] for name in names],
            "created_at": when[order],
        }
    )
