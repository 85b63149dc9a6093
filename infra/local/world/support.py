"""The Intercom side of the world: contacts, conversations and tickets; instants in unix seconds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.local.world import tone
from infra.local.world.behaviour import Bools
from infra.local.world.calendar import Calendar
from infra.local.world.crm import Tables
from infra.local.world.generate import World
from infra.local.world.traits import Ints, Rng
from infra.local.world.usage import DAY_MS
from infra.local.world.workspace import company_id

FIRST_CONVERSATION = 700_001
FIRST_TICKET = 500_001
TALK_TOPICS = (
    ("How do I share a dashboard?", "I can build it but my colleague sees an empty page."),
    ("Question about my invoice", "The amount changed since last month, why?"),
    ("Feature idea", "It'd be great to filter by <team> & export the result."),
    ("New colleague", "How can I invite someone to our workspace?"),
    ("Thanks!", "That worked, thank you 🙏"),
)
TICKET_TOPICS = (
    ("Export fails", "The CSV export stops at 90 % with “unknown error”."),
    ("Slow dashboard", "Loading takes more than 30 s every morning."),
    ("Integration broken", "The sync has not run since yesterday; nothing in the log."),
    ("Wrong numbers", "The report's total differs from the sum of its rows."),
    ("Login problem", "Single sign-on sends me round in circles."),
    ("API returns 500", "POST /v1/items answers 500 for some of our items."),
)


def tables(rng: Rng, world: World, contacts: pa.Table) -> Tables:
    """All Intercom tables by name; `contacts` is the HubSpot table of the same people."""
    people = _contacts(rng, contacts, world.calendar)
    made = {
        "intercom_contacts": people,
        "intercom_conversations": _conversations(rng, world.history.talks, people, world.calendar),
        "intercom_tickets": _tickets(rng, world.history.tickets, people, world.calendar),
    }
    # Drawn apart: what is drawn in this world besides stays the same.
    moods = np.random.default_rng([world.seed, 11])
    for table, column in (("intercom_conversations", "body"), ("intercom_tickets", "description")):
        made[table] = _toned(moods, made[table], column, people, world)
    return made


def _toned(rng: Rng, rows: pa.Table, column: str, people: pa.Table, world: World) -> pa.Table:
    """The same rows, each text with an ending that shows the mood."""
    week = (rows["created_at"].to_numpy() * 1000 - world.calendar.start_ms) // (7 * DAY_MS)
    person = pc.index_in(rows["contact_id"], people["id"]).to_numpy()
    said = tone.endings(rng, tone.loads(world.history.tickets)[person, week])
    written = [f"{text} {ending}" for text, ending in zip(rows[column].to_pylist(), said, strict=True)]
    return rows.set_column(rows.column_names.index(column), column, pa.array(written, pa.string()))


def _contacts(rng: Rng, contacts: pa.Table, calendar: Calendar) -> pa.Table:
    created = contacts["createdate"].to_numpy() // 1000
    now = calendar.end_ms // 1000
    names = zip(contacts["firstname"].to_pylist(), contacts["lastname"].to_pylist(), strict=True)
    return pa.table(
        {
            "id": [f"{0x64A0_0000_0000_0000_0000_0000 + 7919 * i:024x}" for i in range(len(contacts))],
            "email": contacts["email"],
            "external_id": contacts["external_id"],
            "name": [f"{first} {last}" for first, last in names],
            "created_at": created,
            "updated_at": created + ((now - created) * rng.random(len(created))).astype(np.int64),
            "company_id": [company_id(each) for each in contacts["company_id"].to_pylist()],
        }
    )


def _conversations(rng: Rng, talks: Ints, people: pa.Table, calendar: Calendar) -> pa.Table:
    person, created, updated, fresh = _when(rng, talks, calendar)
    topic = rng.integers(0, len(TALK_TOPICS), len(person))
    return pa.table(
        {
            "id": _ids(FIRST_CONVERSATION, len(person)),
            "created_at": created,
            "updated_at": updated,
            "state": pa.array(np.where(fresh, "open", "closed").tolist(), pa.string()),
            "subject": [TALK_TOPICS[t][0] for t in topic],
            "body": [TALK_TOPICS[t][1] for t in topic],
            "parts": 1 + rng.poisson(2.2, len(person)),
            **_contact_of(people, person),
        }
    )


def _tickets(rng: Rng, tickets: Ints, people: pa.Table, calendar: Calendar) -> pa.Table:
    person, created, updated, fresh = _when(rng, tickets, calendar)
    topic = rng.integers(0, len(TICKET_TOPICS), len(person))
    state = np.where(fresh, rng.choice(("submitted", "in_progress", "waiting_on_customer"), len(person)), "resolved")
    return pa.table(
        {
            "id": _ids(FIRST_TICKET, len(person)),
            "ticket_id": _ids(1, len(person)),
            "created_at": created,
            "updated_at": updated,
            "open": fresh,
            "ticket_state": pa.array(state.tolist(), pa.string()),
            "title": [TICKET_TOPICS[t][0] for t in topic],
            "description": [TICKET_TOPICS[t][1] for t in topic],
            **_contact_of(people, person),
        }
    )


def _when(rng: Rng, counts: Ints, calendar: Calendar) -> tuple[Ints, Ints, Ints, Bools]:
    """Spread each week's requests over it, in order of time: person, created, updated, still open."""
    weeks, person = np.nonzero(counts.T)
    number = counts.T[weeks, person]
    weeks, person = np.repeat(weeks, number), np.repeat(person, number)
    created = calendar.start_ms + 7 * DAY_MS * weeks + (7 * DAY_MS * rng.random(len(weeks))).astype(np.int64)
    order = np.argsort(created, kind="stable")
    person, created = person[order], created[order] // 1000
    end = calendar.end_ms // 1000
    solved = created + rng.exponential(3 * 86_400, len(created)).astype(np.int64) + 60
    return person, created, np.minimum(solved, end - 1), solved >= end


def _contact_of(people: pa.Table, person: Ints) -> Tables:
    rows = people.take(pa.array(person))
    return {"contact_id": rows["id"], "contact_external_id": rows["external_id"], "contact_email": rows["email"]}


def _ids(first: int, count: int) -> pa.Array:
    return pa.array(np.arange(first, first + count)).cast(pa.string())
