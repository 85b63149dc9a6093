"""Segments: churn risk by value by how much of the product is used, for the page and as a table of the lake."""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.tables import NUMBER, TEXT, TIME
from report.scored import ADOPTION, BANDS, VALUES, Mask, Scored

TABLE = "segments"
SEGMENTS = pa.schema([
    ("as_of", TIME), ("risk", TEXT), ("value_segment", TEXT), ("adoption", TEXT), ("customers", pa.int64()),
    ("probability", NUMBER), ("value", NUMBER), ("value_at_risk", NUMBER), ("currency", TEXT),
])  # fmt: skip


def segments(scored: Scored, as_of: datetime, currency: str) -> pa.Table:
    """One row per segment that has customers; `probability` is their mean, `value` and `value_at_risk` their sums."""
    rows = [
        {"as_of": as_of, "risk": risk, "value_segment": worth, "adoption": adoption, "currency": currency, **_sums(scored, mask)}
        for risk, worth, adoption, mask in _masks(scored)
        if mask.any()
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SEGMENTS)


def _masks(scored: Scored) -> list[tuple[str, str, str | None, Mask]]:
    return [
        (risk, worth, adoption, (scored.band == r) & (scored.worth == v) & (scored.adopted == a))
        for r, risk in enumerate(BANDS)
        for v, worth in enumerate(VALUES)
        for a, adoption in [*enumerate(ADOPTION), (-1, None)]
    ]


def _sums(scored: Scored, mask: Mask) -> dict[str, Any]:
    return {
        "customers": int(mask.sum()),
        "probability": round(float(scored.probability[mask].mean()), 9),
        "value": round(float(np.nansum(scored.value[mask])), 6),
        "value_at_risk": round(float(scored.at_risk[mask].sum()), 6),
    }


def nights(held: pa.Table) -> list[dict[str, Any]]:
    """From the table of all nights, the oldest first: day, customers at high risk, and the money at risk with everybody."""
    found: dict[datetime, dict[str, Any]] = {}
    for row in held.sort_by("as_of").to_pylist():
        night = found.setdefault(row["as_of"], {"day": f"{row['as_of']:%Y-%m-%d}", "high": 0, "at_risk": 0.0})
        night["high"] += row["customers"] if row["risk"] == BANDS[0] else 0
        night["at_risk"] += row["value_at_risk"]
    return list(found.values())
