"""The biller's world as it moves on, with the feed of events that it leaves behind."""

from collections.abc import Callable, Iterator
from typing import Any

from infra.local.standins.moves import Move
from infra.local.standins.moving import DAY_MS, MovingWorld
from infra.local.standins.tables import Row, Table

KEPT_DAYS = 30
"""Days for which events are shown."""
_CALLED = {"customers": "customer", "subscriptions": "customer.subscription", "invoices": "invoice"}
_FRESH: dict[str, Row] = {
    "customers": {},
    "subscriptions": {"status": "active", "canceled_at": None, "ended_at": None},
    "invoices": {"status": "open", "amount_paid": 0, "paid_at": None},
}


def moves() -> dict[str, Move]:
    """Kinds; instants are seconds."""
    return {
        "customers": _move("delinquent", ("true", "false"), ("deleted",)),
        "subscriptions": _move("status", ("active", "past_due", "canceled"), (), _ended),
        "invoices": _move("status", ("paid", "void", "uncollectible"), (), _settled),
    }


def _move(
    column: str, values: tuple[str, ...], ends: tuple[str, ...], also: Callable[[Row], Row] = lambda row: row
) -> Move:
    return Move("created", "updated", 1000, column, values, ends, also)


def _ended(row: Row) -> Row:
    """What has ended never begins again."""
    if row["ended_at"] is not None:
        return row | {"status": "canceled"}
    over = row["updated"] if row["status"] == "canceled" else None
    return row | {"canceled_at": over, "ended_at": over}


def _settled(row: Row) -> Row:
    """What is paid stays paid."""
    if row["paid_at"] is not None:
        return row | {"status": "paid"}
    paid = row["status"] == "paid"
    return row | {"paid_at": row["updated"] if paid else None, "amount_paid": row["amount_due"] if paid else 0}


class BillingWorld(MovingWorld):
    """Customers, subscriptions and invoices; `events` are in the order in which they happened."""

    def reset(self) -> None:
        super().reset()
        since = self.now_ms // 1000 - KEPT_DAYS * 86_400
        found = [each for kind in _CALLED for each in self._of_table(kind, self.tables[kind], since)]
        self.events: list[Row] = []
        self._note(found)

    def advance(self, days: float, updates: int, seed: int | None) -> dict[str, Any]:
        before = {kind: self.tables[kind] for kind in _CALLED}
        done = super().advance(days, updates, seed)
        for kind, fresh in _FRESH.items():
            for record_id in done["changed"][kind]["created"]:
                self.change(kind, (self.tables[kind].find(record_id) or {}) | fresh)
        self._note([each for kind in _CALLED for each in self._of_advance(kind, done["changed"][kind], before[kind])])
        return done

    def shown_events(self) -> list[Row]:
        """Those of the last days, newest first."""
        since = (self.now_ms - KEPT_DAYS * DAY_MS) // 1000
        return [each for each in reversed(self.events) if each["created"] >= since]

    def _of_table(self, kind: str, table: Table, since: int) -> Iterator[Row]:
        for row in table.take((table.column("updated") >= since).nonzero()[0]):
            if row["created"] >= since:
                yield _event(kind, "created", row, row["created"])
            if row["updated"] > row["created"]:
                yield _event(kind, _change(kind, row), row, row["updated"])

    def _of_advance(self, kind: str, done: dict[str, Any], before: Table) -> Iterator[Row]:
        for happened in ("created", "updated"):
            for row in filter(None, map(self.tables[kind].find, done[happened])):
                yield _event(kind, happened if happened == "created" else _change(kind, row), row, row[happened])
        for row in filter(None, map(before.find, done.get("deleted", []))):
            yield _event(kind, "deleted", row, self.now_ms // 1000)

    def _note(self, found: list[Row]) -> None:
        found.sort(key=lambda each: (each["created"], each["type"], each["of"]["id"]))
        first = len(self.events) + 1
        self.events += [each | {"id": f"evt_{number:014d}"} for number, each in enumerate(found, first)]


def _change(kind: str, row: Row) -> str:
    if kind == "subscriptions" and row["ended_at"] == row["updated"]:
        return "deleted"
    marked = {"paid": "paid", "void": "voided", "uncollectible": "marked_uncollectible"}
    return marked.get(row["status"], "updated") if kind == "invoices" else "updated"


def _event(kind: str, happened: str, row: Row, when: int) -> Row:
    return {"type": f"{_CALLED[kind]}.{happened}", "kind": kind, "of": row, "created": when}
