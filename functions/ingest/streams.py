"""What a stream of an API is: its passes over the source, and the columns that land of each record."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ingest.http import Request

NEVER = 10 * 365 * 86_400_000
"""Milliseconds after which streams are pulled whole again of which that would find nothing."""

Kind = Literal["text", "time", "number", "flag"]
Cursor = Mapping[str, Any]
"""Where a pass stands, as JSON; empty at its beginning."""
Fetch = Callable[[Request], dict[str, Any]]
Record = dict[str, Any]


class Column(NamedTuple):
    """One column that lands: where it lies in a record (dots go down, digits into lists) and what it is."""

    name: str
    path: str
    kind: Kind = "text"


class Window(NamedTuple):
    """What a pull covers, in epoch milliseconds: changed from `start` (None: everything) to `end`, frozen when it began."""

    start: int | None
    end: int


class Page(NamedTuple):
    """One page: its records, where the next one begins (None: there is none), how many the source says there are."""

    records: list[Any]
    following: Cursor | None
    total: int | None = None


class UnexpectedShapeError(Exception):
    """An answer lacks what its API promises."""


def _nothing(_record: Record) -> Sequence[str]:
    return ()


def _always(_record: Any, _window: Window) -> bool:
    return True


def _nothing_more(_fetch: Fetch, _records: list[Any]) -> None:
    """Records are whole as they come."""


@dataclass(frozen=True)
class Pass:
    """One walk over a source. `read` fetches a page; with `removes`, its records are ones that are gone."""

    read: Callable[[Fetch, Window, Cursor], Page]
    keeps: Callable[[Any, Window], bool] = _always
    """Whether a record belongs to the window, where the source cannot be asked so exactly."""
    removes: bool = False
    whole: bool = False
    """Cannot be resumed in the middle: its pages count only when the last one came."""
    adds: Callable[[Fetch, list[Any]], None] = _nothing_more
    """Writes into the records of some pages what has to be asked for apart."""


class Discovery(NamedTuple):
    """What a source is asked before a pull, and the stream that follows from the answer. A run asks once."""

    ask: Callable[[Fetch], dict[str, Any]]
    """The answer as JSON."""
    stream: Callable[[Mapping[str, Any]], "Stream"]


@dataclass(frozen=True)
class Stream:
    """How one kind of record is pulled: all of it, or what has changed. Without `changed`, always all of it."""

    columns: tuple[Column, ...]
    updated: str
    """Path of the moment that says which of two versions is the newer one."""
    everything: tuple[Pass, ...]
    changed: tuple[Pass, ...] = ()
    lookback: int = 0
    """Milliseconds before the end of one window at which the next begins."""
    refresh: int = 7 * 86_400_000
    """Milliseconds after which all is pulled again: what the increments cannot see is found then."""
    merged: Callable[[Record], Sequence[str]] = _nothing
    """Ids that a record has swallowed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    """No table of the lake needs it: a token that may not read it loses nothing else."""
    lasting: bool = False
    """What it gave once stays true: a record that a whole pull lacks is not gone."""
    scope: str = ""
    """What it covers, where that can be configured."""
    count: Callable[[Fetch, Window], int | None] | None = None
    """How many records of a window the source says there are, where its pages do not say it or say it too early."""
    discovery: Discovery | None = None
    """Makes another stream of this one when it is pulled."""

    @property
    def shape(self) -> str:
        """What lands, as text: increments of another shape do not go together."""
        columns = [tuple(column) for column in self.columns]
        return json.dumps([columns, self.scope] if self.scope else columns)


def inside(value: Any, *steps: str) -> Any:
    """What lies at the end of some keys; None where one is missing."""
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def made_id(*what: Any) -> str:
    """The id of a record that has none of its own: a digest of what tells it from others."""
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def listed(answer: Mapping[str, Any], key: str, path: str) -> list[Any]:
    """The records of an answer.

    Raises:
        UnexpectedShapeError: there is no such list.
    """
    records = answer.get(key)
    if not isinstance(records, list):
        raise UnexpectedShapeError(f"{path} has no list `{key}`")
    return records
