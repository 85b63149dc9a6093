"""What changed since last week: who moved from one band of risk to another, who came and who went, and why."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pyarrow as pa

from holdfast.sql import connect
from holdfast.tables import NUMBER, TEXT, TIME

TABLE = "changes"
CHANGES = pa.schema([
    ("as_of", TIME), ("since", TIME), ("customer_id", TEXT), ("company_id", TEXT), ("change", TEXT),
    ("band_before", TEXT), ("band", TEXT), ("probability_before", NUMBER), ("probability", NUMBER), ("value", NUMBER),
    ("rank", pa.int64()), ("feature", TEXT), ("sentence", TEXT), ("unit", TEXT), ("feature_before", NUMBER),
    ("feature_now", NUMBER), ("contribution_change", NUMBER),
])  # fmt: skip
"""A row per mover and cause, the strongest first; of who came or went there is one row without a cause. `feature_before` is empty
where the feature was not among the reasons then, `feature_now` where it no longer is."""
CAUSES = 3
_WEEK, _NEARLY = timedelta(days=7), timedelta(hours=12)

_MOVED = """
WITH levels AS (SELECT unnest(['low', 'medium', 'high']) AS band, unnest([0, 1, 2]) AS level),
paired AS (
    SELECT coalesce(n.customer_id, b.customer_id) AS customer_id, coalesce(n.company_id, b.company_id) AS company_id,
           b.band AS band_before, n.band, b.probability AS probability_before, n.probability, coalesce(n.value, b.value) AS value,
           CASE WHEN b.customer_id IS NULL THEN 'new' WHEN n.customer_id IS NULL THEN 'gone'
                WHEN ln.level > lb.level THEN 'rose' WHEN ln.level < lb.level THEN 'fell' END AS change
    FROM now_scores n FULL JOIN before_scores b ON n.customer_id = b.customer_id
    LEFT JOIN levels ln ON ln.band = n.band LEFT JOIN levels lb ON lb.band = b.band),
moved AS (SELECT * FROM paired WHERE change IS NOT NULL),
causes AS (
    SELECT coalesce(n.customer_id, b.customer_id) AS customer_id, coalesce(n.feature, b.feature) AS feature,
           coalesce(n.sentence, b.sentence) AS sentence, coalesce(n.unit, b.unit) AS unit,
           b.value AS feature_before, n.value AS feature_now,
           coalesce(n.contribution_points, 0) - coalesce(b.contribution_points, 0) AS contribution_change
    FROM (SELECT * FROM now_reasons SEMI JOIN moved USING (customer_id)) n
    FULL JOIN (SELECT * FROM before_reasons SEMI JOIN moved USING (customer_id)) b
    ON n.customer_id = b.customer_id AND n.feature = b.feature),
ranked AS (
    SELECT m.*, row_number() OVER (PARTITION BY m.customer_id ORDER BY abs(c.contribution_change) DESC, c.feature) AS rank, c.* EXCLUDE (customer_id)
    FROM moved m LEFT JOIN causes c ON c.customer_id = m.customer_id AND m.change IN ('rose', 'fell')
        AND sign(c.contribution_change) = CASE m.change WHEN 'rose' THEN 1 ELSE -1 END)
SELECT * FROM ranked WHERE rank <= {causes} ORDER BY customer_id, rank"""


def week_before(as_of: datetime, nights: Iterable[datetime]) -> datetime | None:
    """Of the nights that were scored the one to compare with: the last one that is a week old, or else the first; None if there is none."""
    earlier = sorted(night for night in nights if night < as_of - _NEARLY)
    old = [night for night in earlier if night <= as_of - _WEEK + _NEARLY]
    return old[-1] if old else earlier[0] if earlier else None


def moves(scores: pa.Table, told: pa.Table, before: pa.Table, told_before: pa.Table, since: datetime) -> pa.Table:
    """Table `changes`: scores of now and of then, each with its reasons in long form.

    A feature that is among the reasons on one side only counts on the other as if it had contributed nothing: there it contributed
    less than those that were named.
    """
    connection = connect()
    listed = ["customer_id", "company_id", "band", "probability", "value"]
    why = ["customer_id", "feature", "sentence", "unit", "value", "contribution_points"]
    for name, table, columns in (
        ("now_scores", scores, listed), ("before_scores", before, listed),
        ("now_reasons", told, why), ("before_reasons", told_before, why),
    ):  # fmt: skip
        connection.register(name, table.select(columns))
    found = connection.sql(_MOVED.format(causes=CAUSES)).to_arrow_table().combine_chunks()
    moments = {"as_of": [scores["as_of"][0].as_py()] * len(found), "since": [since] * len(found)}
    made = {**moments, **{name: found[name] for name in found.column_names}}
    return pa.table({name: made[name] for name in CHANGES.names}, schema=CHANGES)
