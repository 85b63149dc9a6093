"""A world that moves on: records are changed, added, archived, deleted and merged, the same ones for the same seed."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infra.local.standins.clock import Clock
from infra.local.standins.moves import Move
from infra.local.standins.tables import Row, Table
from infra.local.standins.turn import Turn

DAY_MS = 86_400_000
Change = tuple[Any, Any, int]
"""What a value was, what it became, and when."""
POINTERS = {"contacts": "contact_id", "companies": "company_id"}


@dataclass
class Ends:
    """What no longer is among the live or the archived: ids that were deleted, and losers of merges by winner."""

    deleted: list[str] = field(default_factory=list)
    deleted_at: dict[str, int] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)


class MovingWorld:
    """Tables of one source, at a time of their own that begins where the world ends.

    `archived_<kind>` stands beside each kind that can be archived.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        moves: Mapping[str, Move],
        end_ms: int,
    ) -> None:
        self._made = dict(tables) | {
            f"archived_{kind}": Table(_nobody(tables[kind].data))
            for kind, move in moves.items()
            if "archived" in move.ends and f"archived_{kind}" not in tables
        }
        self._moves, self._end_ms, self.clock = moves, end_ms, Clock()
        self.on_reset: list[Callable[[], None]] = [self.clock.release]
        self.reset()

    def reset(self) -> None:
        """Everything as it was made; `met` counts the searches that showed less than there was."""
        self.tables = dict(self._made)
        self.before, self.now_ms, self.advances = self.tables, self._end_ms, 0
        self.ends = {kind: Ends() for kind in self._moves}
        self.past: dict[tuple[str, str, str], list[Change]] = {}
        self._last_id: dict[str, str] = {}
        self._moved_at, self._searches = -1e9, 0
        self.met: Counter[str] = Counter()
        for forget in self.on_reset:
            forget()

    def searchable(self, lag: Mapping[str, float], stale: bool) -> dict[str, Table]:
        """The tables as a search sees them: while it lags behind, as they were before the last advance."""
        self._searches += 1
        behind = self.clock() - self._moved_at < lag.get("seconds", 0) or self._searches <= lag.get("requests", 0)
        self.met["search_lag"] += stale or behind
        return self.before if stale or behind else self.tables

    def born(self, kind: str, record_id: str) -> Row | None:
        """A record as it was when the world was made."""
        return self._made[kind].find(record_id)

    def pass_time(self, ms: int) -> None:
        """Let time pass in which nothing happens."""
        self.now_ms += ms
        self.clock.move(ms / 1000)

    def advance(self, days: float, updates: int, seed: int | None) -> dict[str, Any]:
        """Let days pass, in which so many records of each kind change; says which."""
        dice = np.random.default_rng([self.advances if seed is None else int(seed), 20_261])
        self.before, start = dict(self.tables), self.now_ms
        self.now_ms, self.advances = start + int(days * DAY_MS), self.advances + 1
        done = {kind: Turn(self, kind, move, dice, start).take(updates) for kind, move in self._moves.items()}
        self._moved_at, self._searches = self.clock(), 0
        return {"now": self.now_ms, "changed": done}

    def truth(self, stream: str) -> dict[str, Any]:
        """Raises ValueError for a stream that is not served."""
        if stream not in self.tables:
            raise ValueError(f"no such stream: {stream!r}; known: {', '.join(sorted(self.tables))}")
        move, ends = self._moves.get(stream), self.ends.get(stream, Ends())
        gone = self.tables.get(f"archived_{stream}")
        archived = (
            [{"id": row["id"], "archived_at": row["archived_at"]} for row in gone.data.to_pylist()] if gone else []
        )
        return {"stream": stream, "now": self.now_ms, "records": _stamps(self.tables[stream], move),
                "archived": archived, "deleted": ends.deleted, "merged": ends.merged}  # fmt: skip

    def change(self, kind: str, row: Row) -> None:
        """Put a record in the place of the one with its id, or at the end."""
        self.tables[kind] = self.tables[kind].having({row["id"]: row})

    def remember(self, kind: str, row: Row, column: str, news: Any, when: int) -> None:
        """Keep a value's change by kind, record and column, where the record's history shows it."""
        self.past.setdefault((kind, row["id"], column), []).append((row[column], news, when))

    def archive(self, kind: str, record_id: str, when: int) -> None:
        row = self.tables[kind].find(record_id)
        if row is not None:
            self.tables[kind] = self.tables[kind].without([record_id])
            self.change(f"archived_{kind}", row | {"archived_at": when, self._moves[kind].updated: when})

    def delete(self, kind: str, record_id: str) -> None:
        """Away for good, from the archive too."""
        for name in (kind, f"archived_{kind}"):
            if name in self.tables:
                self.tables[name] = self.tables[name].without([record_id])
        self.ends[kind].deleted.append(record_id)
        self.ends[kind].deleted_at[record_id] = self.now_ms

    def merge(self, kind: str, loser: str, winner: str, when: int) -> None:
        """What pointed at the loser points at the winner from now on, and shows no other sign of it."""
        row = self.tables[kind].find(winner)
        if row is None:
            return
        self.tables[kind] = self.tables[kind].without([loser])
        row[self._moves[kind].updated] = when
        if "hs_merged_object_ids" in row:
            row["hs_merged_object_ids"] = ";".join(filter(None, (row["hs_merged_object_ids"], loser)))
        self.change(kind, row)
        self._repoint(POINTERS[kind], loser, winner)
        self.ends[kind].merged[loser] = winner

    def instant(self, kind: str, ms: int) -> int:
        """A time of the world in the unit of a kind."""
        return ms // self._moves[kind].unit

    def next_id(self, kind: str) -> str:
        """An id that no record of this kind ever had."""
        last = self._last_id.get(kind) or max(self._made[kind].data["id"].to_pylist(), key=_as_number)
        self._last_id[kind] = _after(last)
        return self._last_id[kind]

    def _repoint(self, column: str, loser: str, winner: str) -> None:
        for name, table in self.tables.items():
            pointing = (
                table.by(column).get(loser, []) if column in table.data.column_names and name != "companies" else []
            )
            rows = [table.find(each) for each in pointing]
            if rows:
                self.tables[name] = table.having({row["id"]: row | {column: winner} for row in rows if row})


def _nobody(data: pa.Table) -> pa.Table:
    return data.slice(0, 0).append_column("archived_at", pa.array([], pa.int64()))


def _stamps(table: Table, move: Move | None) -> list[dict[str, Any]]:
    columns = table.data.column_names
    names = (move.updated if move else "", "updated_at", "lastmodified", "createdate", "created", "created_at")
    column = next(name for name in names if name in columns)
    values: npt.NDArray[Any] = table.column(column)
    return [{"id": key, "updated": int(at)} for key, at in zip(table.data["id"].to_pylist(), values, strict=True)]


def _as_number(record_id: str) -> int:
    return int(record_id.rpartition("_")[2].removeprefix("e"), 16 if len(record_id) == 24 else 10)


def _after(last: str) -> str:
    prefix, mark, number = last.rpartition("_")
    if mark:
        return f"{prefix}_{int(number) + 1:0{len(number)}d}"
    if len(last) == 24:
        return f"{int(last, 16) + 7919:024x}"
    return f"e{_as_number(last) + 1:08d}" if last.startswith("e") else str(int(last) + 1)
