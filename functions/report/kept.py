"""What the report writes into the lake: each night's reasons and segments, and what changed since last week."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import BooleanExpression, EqualTo, LessThan, Reference

from holdfast.lake import Lake
from report import moves as moves_
from report import reasons as reasons_
from report import segments as segments_
from report.scored import Scored

_NIGHT = Reference("as_of")
_COMPARED = ("customer_id", "company_id", "band", "probability", "value", "model")


@dataclass(frozen=True, eq=False)
class Night:
    """One night's scores beside those of the nights before."""

    told: pa.Table
    """The reasons, a row each, in the order of the scores."""
    nights: list[dict[str, Any]]
    """Of each night, the oldest first: day, customers at high risk, money at risk."""
    since: datetime | None = None
    """The night that this one is compared with; None if it is the first."""
    before: pa.Table | None = None
    """The scores of that night."""
    moves: pa.Table | None = None
    """What changed since, as `moves.CHANGES`."""


def entered(lake: Lake, scored: Scored, as_of: datetime, currency: str) -> Night:
    """Write tables `score_reasons`, `segments` and `changes`, and read what they say of earlier nights. A second time changes nothing."""
    told = reasons_.reasons(scored.table)
    with lake.alone(reasons_.TABLE, segments_.TABLE, moves_.TABLE):
        _let_go(lake, as_of - timedelta(days=reasons_.KEPT_DAYS))
        _put(lake, reasons_.TABLE, told, as_of)
        _put(lake, segments_.TABLE, segments_.segments(scored, as_of, currency), as_of)
        held = lake.read(segments_.TABLE, where=_before(as_of + timedelta(microseconds=1)))
        return _compared(lake, scored.table, as_of, Night(told, segments_.nights(held)), held)


def _compared(lake: Lake, scores: pa.Table, as_of: datetime, night: Night, held: pa.Table) -> Night:
    since = moves_.week_before(as_of, set(held["as_of"].to_pylist()))
    before = _of_night(lake, "scores_history", since, _COMPARED) if since else None
    if since is None or before is None:
        lake.replace(moves_.TABLE, moves_.CHANGES.empty_table())
        return night
    then = _of_night(lake, reasons_.TABLE, since)
    moved = moves_.moves(scores, night.told, before, night.told.slice(0, 0) if then is None else then, since)
    lake.replace(moves_.TABLE, moved)
    return Night(night.told, night.nights, since, before, moved)


def _put(lake: Lake, table: str, rows: pa.Table, as_of: datetime) -> None:
    lake.put(table, rows, _of(as_of))


def _of_night(lake: Lake, table: str, night: datetime, columns: tuple[str, ...] = ("*",)) -> pa.Table | None:
    return lake.read(table, columns, _of(night))


def _let_go(lake: Lake, before: datetime) -> None:
    """Reasons of nights that nobody compares with any more."""
    old = _before(before)
    held = lake.read(reasons_.TABLE, ("as_of",), old)
    if held is not None and held.num_rows:
        with lake.changed(reasons_.TABLE, "shortening") as transaction:
            transaction.delete(old)


def _of(night: datetime) -> BooleanExpression:
    return EqualTo(term=_NIGHT, value=night.isoformat())


def _before(moment: datetime) -> BooleanExpression:
    return LessThan(term=_NIGHT, value=moment.isoformat())
