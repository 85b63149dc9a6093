"""Keeps each night's scores beside those of the nights before."""

from datetime import datetime

import pyarrow as pa
from pyiceberg.expressions import EqualTo, Reference

from holdfast.lake import Lake
from score.batch import SCORES

TABLE = "scores_history"
HISTORY = pa.schema([field for field in SCORES if field.name not in ("reasons", "base", "margin")])
"""Without the reasons: they are ten times the rest, and the bundle makes them again from the features."""


def recorded(lake: Lake, scores: pa.Table, as_of: datetime) -> None:
    """Let one night's scores stand for that moment; scored once more, the newer ones take the place of the older."""
    night = EqualTo(term=Reference("as_of"), value=as_of.isoformat())
    lake.put(TABLE, scores.select(HISTORY.names), night)
