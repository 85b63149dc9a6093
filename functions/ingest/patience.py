"""How the state machine's waits for a source become longer, so that no source can fill an execution's history with them."""

from dataclasses import replace
from datetime import datetime, timedelta

from holdfast.contracts import WAIT, Extract, Landed

SHORT_WAITS = 20
"""So often in a run a source is asked again as soon as it wants."""
LONG = timedelta(minutes=10)
"""So long it is let alone at least each further time."""


def patient(extract: Extract, answer: Landed, now: datetime) -> tuple[Extract, Landed]:
    """An answer of Ingest, and what Ingest is told when it is invoked again; `now` is in UTC."""
    if answer.next != WAIT:
        return extract, answer
    counted = replace(extract, waits=extract.waits + 1)
    if counted.waits <= SHORT_WAITS:
        return counted, answer
    until = max(answer.wait_until, f"{now + LONG:%Y-%m-%dT%H:%M:%SZ}")  # of one format, so that texts compare as times
    return counted, replace(answer, wait_until=until)
