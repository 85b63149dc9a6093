"""What befalls one kind of record when the world moves on, drawn from the advance's own dice."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from infra.local.standins.moves import Move
from infra.local.standins.tables import Row

if TYPE_CHECKING:
    from infra.local.standins.moving import MovingWorld

Rng = np.random.Generator


class Turn:
    """What befalls one kind in one advance."""

    def __init__(self, world: "MovingWorld", kind: str, move: Move, dice: Rng, start: int) -> None:
        self.world, self.kind, self.move, self.dice, self.start = world, kind, move, dice, start

    def take(self, updates: int) -> dict[str, Any]:
        """Change so many records, and a fifth as many in each of the other ways; gives their ids by what happened."""
        few = -(-updates // 5)
        ids = self.world.tables[self.kind].data["id"].to_pylist()
        picked = [ids[row] for row in self.dice.permutation(len(ids))]
        counts = [updates if self.move.column else 0, few, few, 2 * few, few]
        cuts = np.cumsum(counts).tolist()
        updated, archived, deleted, merged, moved = (picked[cuts[i] - counts[i] : cuts[i]] for i in range(5))
        done: dict[str, Any] = {"updated": self._update(updated), "created": self._create(ids[:1], few)}
        ends: dict[str, Callable[[], Any]] = {
            "archived": lambda: self._archive(archived),
            "deleted": lambda: self._delete(deleted),
            "merged": lambda: self._merge(merged),
            "reassociated": lambda: self._reassociate(moved),
        }
        return done | {end: ends[end]() for end in self.move.ends}

    def _when(self) -> int:
        return self.world.instant(
            self.kind, int(self.dice.integers(self.start, max(self.world.now_ms, self.start + 1)))
        )

    def _update(self, ids: list[str]) -> list[str]:
        table = self.world.tables[self.kind]
        rows = [row for row in (table.find(each) for each in ids) if row]
        changed = {}
        for row in rows:
            values = [value for value in self.move.values if value != row[self.move.column]]
            news, when = values[int(self.dice.integers(len(values)))], self._when()
            self.world.remember(self.kind, row, self.move.column, news, when)
            changed[row["id"]] = self.move.also(row | {self.move.column: news, self.move.updated: when})
        self.world.tables[self.kind] = table.having(changed) if changed else table
        return ids

    def _create(self, like: list[str], count: int) -> list[str]:
        table = self.world.tables[self.kind]
        template = table.find(like[0]) if like else None
        if template is None:
            return []
        times = sorted(self._when() for _ in range(count))
        rows = [self._newborn(template, self.world.next_id(self.kind), when) for when in times]
        self.world.tables[self.kind] = table.having({row["id"]: row for row in rows}) if rows else table
        return [row["id"] for row in rows]

    def _newborn(self, template: Row, new_id: str, when: int) -> Row:
        own = {"email": f"new.{new_id}@example.com", "external_id": f"new-{new_id}", "domain": f"n{new_id}.example.com",
               "ticket_id": new_id, "hs_merged_object_ids": None}  # fmt: skip
        if self.kind == "companies":
            own["company_id"] = own["domain"]
        times = {self.move.created: when, self.move.updated: when}
        return template | {name: value for name, value in own.items() if name in template} | times | {"id": new_id}

    def _archive(self, ids: list[str]) -> list[str]:
        for each in ids:
            self.world.archive(self.kind, each, self._when())
        return ids

    def _delete(self, ids: list[str]) -> list[str]:
        for each in ids:
            self.world.delete(self.kind, each)
        return ids

    def _merge(self, ids: list[str]) -> dict[str, str]:
        pairs = dict(zip(ids[::2], ids[1::2], strict=False))
        for loser, winner in pairs.items():
            self.world.merge(self.kind, loser, winner, self._when())
        return pairs

    def _reassociate(self, ids: list[str]) -> list[str]:
        """Records go to another company, and their time of last change stays as it is."""
        table, companies = self.world.tables[self.kind], self.world.tables["companies"].data["id"].to_pylist()
        for each in ids:
            row = table.find(each)
            if row is not None:
                others = [company for company in companies if company != row["company_id"]]
                self.world.change(self.kind, row | {"company_id": others[int(self.dice.integers(len(others)))]})
        return ids
