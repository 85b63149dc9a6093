"""What the page says, as plain values: counts, money, segments, customers, quality."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from holdfast.feature_set import Feature, FeatureSet
from holdfast.predictors import Personas

Doubles = NDArray[np.float64]

BANDS = ("high", "medium", "low")
_SEGMENTS = (("most valuable fifth", 0.8, 1.0), ("next three tenths", 0.5, 0.8), ("other half", 0.0, 0.5))
_LISTED = 50
_TOP_FEATURES = 10


_NAMED = (
    ("login", "Fresh engagement"), ("days_since_last", "Fresh engagement"), ("trend", "Change of pace"),
    ("momentum", "Change of pace"), ("slope", "Change of pace"), ("minutes", "Core usage health"),
    ("open_rate", "Email effectiveness"), ("click_rate", "Email effectiveness"), ("adoption", "Upsell readiness"),
    ("modules_used", "Upsell readiness"),
)  # fmt: skip
_GROUPS = {
    "events": "Core usage health", "emails": "Response to emails", "tickets": "Experience with support",
    "conversations": "Experience with support", "deals": "Commercial relation", "company": "The company as a whole",
    "customer": "Who the customer is",
}  # fmt: skip


@dataclass(frozen=True)
class Findings:
    """What a bundle says about itself."""

    feature_set: FeatureSet
    personas: Personas
    metrics: dict[str, Any]
    importance: list[dict[str, Any]]
    settings: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Scored:
    table: pa.Table
    probability: Doubles
    value: Doubles
    """NaN where unknown."""
    band: NDArray[np.str_]
    persona: NDArray[np.str_]

    @property
    def at_risk(self) -> Doubles:
        return np.nan_to_num(self.probability * self.value)


def summary(scores: pa.Table, found: Findings) -> dict[str, Any]:
    """Everything that the template shows, computed from table `scores` and the bundle."""
    scored = _Scored(
        table=scores,
        probability=np.asarray(scores["probability"].to_numpy(), dtype=np.float64),
        value=np.asarray(scores["value"].cast(pa.float64()).to_numpy(), dtype=np.float64),
        band=np.array(scores["band"].to_pylist()),
        persona=np.array(scores["persona"].to_pylist()),
    )
    known = bool(np.isfinite(scored.value).any())
    return {
        "customers": len(scored.probability),
        "high": int((scored.band == "high").sum()),
        "expected_churners": float(scored.probability.sum()),
        "money": _money(scored) if known else None,
        "currency": found.settings["currency"],
        "horizon_days": found.settings["churn"].get("horizon_days"),
        "threshold": found.settings["threshold"],
        "bands": _bands(scored),
        "segments": _segments(scored) if known else [],
        "personas": _personas(scored, found.personas),
        "top": _top(scored),
        "importance": _important(found),
        "leaks": found.feature_set.leaks,
        "most_important": max((entry["importance"] for entry in found.importance), default=1.0),
        "metrics": found.metrics,
        "feature_set": found.feature_set.version,
        "features": len(found.feature_set.features),
    }


def _important(found: Findings) -> list[dict[str, Any]]:
    features = {feature.name: feature for feature in found.feature_set.features}
    return [entry | {"insight": insight(features[entry["feature"]])} for entry in found.importance[:_TOP_FEATURES]]


def insight(feature: Feature) -> str:
    """What a feature tells a customer success team of: the article's insights for the named ones, and their likes for groups."""
    return next((told for part, told in _NAMED if part in feature.name), _GROUPS.get(feature.group, "Other"))


def _money(scored: _Scored) -> dict[str, float]:
    high = scored.band == "high"
    return {
        "at_risk": float(scored.at_risk.sum()),
        "at_risk_high": float(scored.at_risk[high].sum()),
        "total": float(np.nansum(scored.value)),
    }


def _bands(scored: _Scored) -> list[dict[str, Any]]:
    return [{"band": band, **_cell(scored, scored.band == band)} for band in BANDS]


def _segments(scored: _Scored) -> list[dict[str, Any]]:
    """Value segments by rank, each across the bands: who is worth the call comes out at the upper left."""
    rank = np.argsort(np.argsort(np.nan_to_num(scored.value, nan=-1.0), kind="stable"), kind="stable") / len(
        scored.value
    )
    rows = []
    for name, low, high in _SEGMENTS:
        inside = (rank >= low) & (rank < high)
        cells = [_cell(scored, inside & (scored.band == band)) for band in BANDS]
        rows.append({"segment": name, "cells": cells, "all": _cell(scored, inside)})
    return rows


def _cell(scored: _Scored, mask: NDArray[np.bool_]) -> dict[str, float]:
    return {
        "customers": int(mask.sum()),
        "share": float(mask.mean()),
        "at_risk": float(scored.at_risk[mask].sum()),
        "probability": float(scored.probability[mask].mean()) if mask.any() else 0.0,
    }


def _personas(scored: _Scored, personas: Personas) -> list[dict[str, Any]]:
    rows = []
    for persona in personas.personas:
        mask = scored.persona == persona.name
        worth = scored.value[mask & np.isfinite(scored.value)]
        value = float(worth.mean()) if len(worth) else None
        rows.append({"name": persona.name, "sentence": persona.sentence, "value": value, **_cell(scored, mask)})
    return rows


def _top(scored: _Scored) -> list[dict[str, Any]]:
    order = [("probability", "descending"), ("margin", "descending"), ("customer_id", "ascending")]
    return list(scored.table.sort_by(order).slice(0, _LISTED).to_pylist())
