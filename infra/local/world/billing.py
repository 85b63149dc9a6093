"""The billing side of the world: customers, their subscriptions and invoices; instants in unix seconds, amounts in cents.

A subscription ends on the first day on which it is not paid for: that is how a biller learns that somebody has left.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infra.local.world.crm import Tables
from infra.local.world.generate import World
from infra.local.world.traits import PLANS, Ints, Rng
from infra.local.world.usage import DAY_MS, SEAT_PRICES

DAY = DAY_MS // 1000
FIRST = 100_001
NONE = -1


def tables(rng: Rng, world: World, contacts: pa.Table) -> Tables:
    """Tables by name, each in the order in which its records were created; `contacts` holds the same people."""
    people = np.argsort(world.traits.created, kind="stable")
    rank = np.empty_like(people)
    rank[people] = np.arange(len(people))
    born = (world.traits.created // 1000)[people]
    ended = _ended(world)[people]
    owners = _ids("cus", np.arange(len(people)))
    return {
        "subscriptions_customers": _customers(owners, born, contacts.take(pa.array(people))),
        "subscriptions_subscriptions": _subscriptions(owners, born, ended, world.traits.plan[people]),
        "subscriptions_invoices": _invoices(rng, world, rank),
    }


def _customers(ids: pa.Array, born: Ints, contacts: pa.Table) -> pa.Table:
    names = [
        " ".join(pair) for pair in zip(contacts["firstname"].to_pylist(), contacts["lastname"].to_pylist(), strict=True)
    ]
    return pa.table({"id": ids, "email": contacts["email"], "external_id": contacts["external_id"], "name": names,
                     "delinquent": ["false"] * len(ids), "created": born, "updated": born})  # fmt: skip


def _subscriptions(owners: pa.Array, born: Ints, ended: Ints, plan: Ints) -> pa.Table:
    over = ended != NONE
    return pa.table(
        {
            "id": _ids("sub", np.arange(len(born))),
            "customer": owners,
            "plan": pa.array(PLANS).take(pa.array(plan)),
            "unit_amount": (np.array(SEAT_PRICES)[plan] * 100).astype(np.int64),
            "status": pa.array(["active", "canceled"]).take(pa.array(over.astype(np.int64))),
            "canceled_at": pa.array(ended, mask=~over),
            "ended_at": pa.array(ended, mask=~over),
            "created": born,
            "updated": np.where(over, ended, born),
        }
    )


def _invoices(rng: Rng, world: World, rank: Ints) -> pa.Table:
    """One for each payment, and one that stayed open for each subscription that ended."""
    ended = _ended(world)
    person, week = np.nonzero(world.history.paid)
    left = np.flatnonzero(ended != NONE)
    due = np.concatenate([_due(world, person, week), ended[left]])
    who, paid = np.concatenate([person, left]), np.arange(len(due)) < len(person)
    order = np.lexsort((who, due))
    who, paid, created = who[order], paid[order], due[order]
    settled = created + rng.integers(60, 6 * 3600, len(created))
    amount = (np.array(SEAT_PRICES)[world.traits.plan[who]] * 100).astype(np.int64)
    return pa.table(
        {
            "id": _ids("in", np.arange(len(created))),
            "customer": _ids("cus", rank[who]),
            "subscription": _ids("sub", rank[who]),
            "status": pa.array(["uncollectible", "paid"]).take(pa.array(paid.astype(np.int64))),
            "amount_due": amount,
            "amount_paid": amount * paid,
            "paid_at": pa.array(settled, mask=~paid),
            "created": created,
            "updated": settled,
        }
    )


def _ended(world: World) -> Ints:
    """(customers,): when each subscription ended; NONE for those that go on."""
    missed: npt.NDArray[np.bool_] = (world.traits.bill_day >= 0) & ~world.history.paid
    week = missed.argmax(axis=1)
    return np.where(missed.any(axis=1), _due(world, np.arange(len(week)), week), NONE)


def _due(world: World, person: Ints, week: Ints) -> Ints:
    day = 7 * week + world.traits.bill_day[person, week].astype(np.int64)
    return world.calendar.start_ms // 1000 + day * DAY


def _ids(prefix: str, rows: Ints) -> pa.Array:
    return pa.array([f"{prefix}_{FIRST + row:014d}" for row in rows.tolist()])
