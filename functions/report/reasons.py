"""The reasons of all scores, one row each, and what they say together."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.sql import connect
from report.scored import Mask

TABLE = "score_reasons"
KEPT_DAYS = 15
"""Nights that the table holds: enough to say what changed since last week after a week without runs."""

_DRIVERS = """
SELECT feature, any_value(sentence) AS sentence, any_value(unit) AS unit, any_value(actionable) AS actionable,
       count(*) AS customers, avg(contribution_points) AS points, median(value) AS typical
FROM theirs WHERE direction = 'raises' GROUP BY feature ORDER BY sum(contribution_points) DESC, feature LIMIT {limit}"""


def reasons(scores: pa.Table) -> pa.Table:
    """One row per customer and reason, the strongest first (`rank` 1)."""
    lists = scores["reasons"].combine_chunks()
    parents = pc.list_parent_indices(lists)
    said = pa.Table.from_struct_array(pc.list_flatten(lists))
    owners = scores.select(["customer_id", "as_of", "model"]).take(parents)
    ranks = pa.array(_ranks(parents.to_numpy()), pa.int64())
    columns = {**{name: owners[name] for name in owners.column_names}, "rank": ranks}
    return pa.table(columns | {name: said[name] for name in said.column_names}).combine_chunks()


def _ranks(parents: Any) -> Any:
    """1, 2, 3 … within each run of equal parents."""
    starts = np.flatnonzero(np.diff(parents, prepend=-1))
    return np.arange(len(parents)) - np.repeat(starts, np.diff(starts, append=len(parents))) + 1


def drivers(told: pa.Table, scores: pa.Table, chosen: Mask, limit: int = 3) -> list[dict[str, Any]]:
    """What raises the risk of some customers most, over all of them: how many it is among the reasons of, by how much, and what is typical.

    `told` is what `reasons` made of `scores`; contributions are in probability.
    """
    connection = connect()
    people = scores["customer_id"].filter(pa.array(chosen))
    connection.register("theirs", told.filter(pc.is_in(told["customer_id"], people.combine_chunks())))
    return list(connection.sql(_DRIVERS.format(limit=limit)).to_arrow_table().to_pylist())
