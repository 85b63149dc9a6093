"""The rest of the HubSpot side: tickets, engagements, and records that were archived before the world ends.

Drawn without looking at the outcome, as the tables beside it are.
"""

import numpy as np
import pyarrow as pa

from infra.local.world import people
from infra.local.world.calendar import Calendar
from infra.local.world.crm import Tables
from infra.local.world.generate import World
from infra.local.world.traits import Ints, Rng
from infra.local.world.usage import DAY_MS

FIRST_TICKET = 400_001
FIRST_ENGAGEMENT = {"calls": 500_001, "emails": 520_001, "meetings": 540_001, "notes": 560_001, "tasks": 580_001}
FIRST_ARCHIVED = {"contacts": 90_001, "companies": 190_001, "deals": 290_001, "owners": 801}
ARCHIVED = {"contacts": 6, "companies": 3, "deals": 4, "owners": 2}
TICKET_SUBJECTS = ("Cannot log in", "Invoice is wrong", "Export is slow", "How do we add a user?")
SHARE = 0.05


def tables(rng: Rng, world: World, crm: Tables) -> Tables:
    """Tables by name; `crm` holds the HubSpot tables that these refer to."""
    contacts = crm["hubspot_contacts"]
    added = {"hubspot_tickets": _tickets(rng, contacts, world.calendar)}
    added |= {f"hubspot_{kind}": _engagements(rng, kind, contacts, world.calendar) for kind in FIRST_ENGAGEMENT}
    return added | {f"hubspot_archived_{kind}": _archived(rng, kind, crm, world.calendar) for kind in ARCHIVED}


def _tickets(rng: Rng, contacts: pa.Table, calendar: Calendar) -> pa.Table:
    common, count = _about(rng, FIRST_TICKET, contacts, calendar)
    return pa.table(
        common
        | {
            "subject": people.pick(rng, TICKET_SUBJECTS, count),
            "content": people.pick(rng, ("See the screenshot.", "It happens every morning, <b>always</b>."), count),
            "hs_pipeline": ["0"] * count,
            "hs_pipeline_stage": people.pick(rng, ("1", "2", "3", "4"), count),
            "hs_ticket_priority": people.pick(rng, ("LOW", "MEDIUM", "HIGH"), count),
        }
    )


def _engagements(rng: Rng, kind: str, contacts: pa.Table, calendar: Calendar) -> pa.Table:
    common, count = _about(rng, FIRST_ENGAGEMENT[kind], contacts, calendar)
    owners = people.pick(rng, tuple(str(901 + i) for i in range(8)), count)
    return pa.table(
        common | {"hs_timestamp": common["createdate"], "hubspot_owner_id": owners} | _told(rng, kind, count)
    )


def _told(rng: Rng, kind: str, count: int) -> Tables:
    """What a kind of engagement says, by its own property names."""
    words: dict[str, dict[str, tuple[str, ...]]] = {
        "calls": {"hs_call_title": ("Check-in", "Renewal"), "hs_call_direction": ("INBOUND", "OUTBOUND")},
        "emails": {
            "hs_email_subject": ("Your plan", "Re: question"),
            "hs_email_direction": ("EMAIL", "INCOMING_EMAIL"),
        },
        "meetings": {"hs_meeting_title": ("Onboarding", "Review"), "hs_meeting_outcome": ("COMPLETED", "NO_SHOW")},
        "notes": {"hs_note_body": ("<p>Wants the new export.</p>", "<p>Budget is decided in May.</p>")},
        "tasks": {"hs_task_subject": ("Call back", "Send offer"), "hs_task_status": ("NOT_STARTED", "COMPLETED")},
    }
    drawn: Tables = {name: people.pick(rng, choices, count) for name, choices in words[kind].items()}
    return drawn | ({"hs_call_duration": rng.integers(20_000, 1_800_000, count)} if kind == "calls" else {})


def _about(rng: Rng, first: int, contacts: pa.Table, calendar: Calendar) -> tuple[Tables, int]:
    """Columns that tickets and engagements share: a contact, its company, and times in the contact's life."""
    count = 5 + int(len(contacts) * SHARE)
    who = contacts.take(pa.array(rng.integers(0, len(contacts), count)))
    born = who["createdate"].to_numpy()
    created = _between(rng, born, np.full(count, calendar.end_ms))
    return {
        "id": _ids(first, count),
        "contact_id": who["id"],
        "company_id": who["company_id"],
        "createdate": created,
        "lastmodified": _between(rng, created, np.full(count, calendar.end_ms)),
    }, count


def _archived(rng: Rng, kind: str, crm: Tables, calendar: Calendar) -> pa.Table:
    """Copies of the first records under ids and addresses of their own, archived in the last weeks."""
    copies, count = crm[f"hubspot_{kind}"].slice(0, ARCHIVED[kind]), min(ARCHIVED[kind], len(crm[f"hubspot_{kind}"]))
    rows = copies.to_pylist()
    for number, row in enumerate(rows):
        row["id"] = str(FIRST_ARCHIVED[kind] + number)
        row["archived_at"] = calendar.end_ms - int(rng.integers(DAY_MS, 40 * DAY_MS))
        row |= {"email": f"former.{number}@{kind}.example.com"} if "email" in row else {}
        row |= {"external_id": None} if "external_id" in row else {}
        row["createdate"] = min(row["createdate"], row["archived_at"] - DAY_MS)
        row |= {"lastmodified": row["archived_at"]} if "lastmodified" in row else {}
    schema = copies.schema.append(pa.field("archived_at", pa.int64()))
    return pa.Table.from_pylist(rows[:count], schema=schema)


def _between(rng: Rng, low: Ints, high: Ints) -> Ints:
    return low + ((high - low) * rng.random(len(low))).astype(np.int64)


def _ids(first: int, count: int) -> pa.Array:
    return pa.array(np.arange(first, first + count)).cast(pa.string())
