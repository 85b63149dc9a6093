"""Keeps the versions of what a table holds, before the table itself changes."""

from datetime import datetime

import pyarrow as pa

from holdfast import history
from holdfast.content import content_digest
from holdfast.lake import Lake
from holdfast.tables import CUSTOMERS_BASE, STATES

HISTORIES = {name: schema.names[0] for name, schema in {"customers": CUSTOMERS_BASE, **STATES}.items()}
"""Tables whose records change, and their keys."""

_OF = "holdfast.of"


def recorded(lake: Lake, name: str, rows: pa.Table, moments: pa.Table, known_at: datetime) -> int:
    """Add to a table's history what `rows` say that it does not; how many versions. Where nothing has changed, nothing is read.

    To be called before the table is replaced, alone at it: a run that is cut short in between finds its versions there already.
    """
    past, said = history.of(name), content_digest(rows)
    if lake.said_of(past).get(_OF) == said:
        return 0
    new = history.versions(lake.read(past), rows, HISTORIES[name], known_at, moments)
    if len(new):
        lake.append(past, new, {_OF: said})
    return len(new)
