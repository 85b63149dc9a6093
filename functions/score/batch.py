"""The table `scores`, and the ranking that the API lists from, as plain values."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.matrix import matrix
from holdfast.scoring import BANDS, Scorer, Scores
from holdfast.tables import NUMBER, TEXT, TIME

_CHUNK = 20_000
"""Customers scored in one go: contributions of all of them at once would not fit a function's memory."""

REASON = pa.struct([
    ("feature", TEXT), ("sentence", TEXT), ("value", NUMBER), ("unit", TEXT), ("contribution_log_odds", NUMBER),
    ("contribution_points", NUMBER), ("direction", TEXT), ("actionable", pa.bool_()),
])  # fmt: skip
SCORES = pa.schema([
    ("customer_id", TEXT), ("company_id", TEXT), ("as_of", TIME), ("probability", NUMBER), ("band", TEXT),
    ("value", NUMBER), ("value_low", NUMBER), ("value_high", NUMBER), ("persona", TEXT), ("base", NUMBER),
    ("margin", NUMBER), ("model", TEXT), ("feature_set", TEXT), ("reasons", pa.list_(REASON)),
])  # fmt: skip


def score_table(features: pa.Table, scorer: Scorer, as_of: datetime, top: int) -> pa.Table:
    """Score the rows of table `features`, in the order of their customers, with the `top` reasons of each."""
    ordered = features.sort_by("customer_id")
    parts = [ordered.slice(start, _CHUNK) for start in range(0, ordered.num_rows, _CHUNK)]
    return pa.concat_tables([SCORES.empty_table(), *(_scored(part, scorer, as_of, top) for part in parts)])


def _scored(part: pa.Table, scorer: Scorer, as_of: datetime, top: int) -> pa.Table:
    scores = scorer.score(matrix(part, scorer.feature_set.names))
    columns = _columns(scores, scorer) | {
        "customer_id": part["customer_id"],
        "company_id": part["company_id"],
        "as_of": [as_of] * len(scores),
        "reasons": list(scorer.reasons(scores, top)),
    }
    return pa.table({name: columns[name] for name in SCORES.names}, schema=SCORES)


def _columns(scores: Scores, scorer: Scorer) -> dict[str, Any]:
    names = np.array([persona.name for persona in scorer.personas.personas])
    money = {
        name: pa.array(getattr(scores, name).round(6), from_pandas=True)
        for name in ("value", "value_low", "value_high")
    }
    return money | {
        "probability": scores.probability.round(9),
        "band": np.array(BANDS)[scores.band],
        "persona": names[scores.persona],
        "base": np.full(len(scores), scorer.trees.base),
        "margin": scores.margin.round(9),
        "model": [scorer.version] * len(scores),
        "feature_set": [scorer.feature_set.version] * len(scores),
    }


def ranking(scores: pa.Table, currency: str, most: int, reasons: int) -> dict[str, Any]:
    """The `most` customers with the highest probability, with the first `reasons` of their reasons."""
    order = [("probability", "descending"), ("margin", "descending"), ("customer_id", "ascending")]
    kept = scores.sort_by(order).slice(0, most)
    listed = ("customer_id", "company_id", "probability", "band", "value", "persona", "reasons")
    rows = kept.select(listed).to_pylist()
    return {
        "customers": [{**row, "reasons": row["reasons"][:reasons]} for row in rows],
        "total": scores.num_rows,
        "currency": currency,
        "as_of": _first(scores, "as_of"),
        "model": _first(scores, "model"),
        "feature_set": _first(scores, "feature_set"),
    }


def _first(scores: pa.Table, name: str) -> str | None:
    value = scores[name][0].as_py() if scores.num_rows else None
    return value.isoformat() if isinstance(value, datetime) else value


def vectors(features: pa.Table, scorer: Scorer, as_of: str) -> Iterator[dict[str, Any]]:
    """One item per customer, from which the API scores: the vector as little-endian float32."""
    ordered = features.sort_by("customer_id")
    rows = matrix(ordered, scorer.feature_set.names).astype("<f4")
    companies = ordered["company_id"].to_pylist()
    for row, customer, company in zip(rows, ordered["customer_id"].to_pylist(), companies, strict=True):
        item = {
            "customer_id": customer,
            "vector": row.tobytes(),
            "as_of": as_of,
            "feature_set": scorer.feature_set.layout,
            "model": scorer.version,
        }
        yield item | ({"company_id": company} if company else {})
