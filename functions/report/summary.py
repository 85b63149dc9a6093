"""What the page says, as plain values: counts, money, segments, reasons, quality."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.feature_set import Feature, FeatureSet
from holdfast.predictors import Personas
from report.kept import Night
from report.lists import outreach, upsell
from report.reasons import drivers
from report.scored import BANDS, VALUES, Mask, Scored

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


def summary(scored: Scored, night: Night, found: Findings, names: dict[str, str]) -> dict[str, Any]:
    """Everything that the templates show. `names` are companies' by their id."""
    calls, sales = outreach(scored), upsell(scored)
    return {
        "customers": len(scored),
        "high": int(scored.high.sum()),
        "expected_churners": float(scored.probability.sum()),
        "money": _money(scored) if scored.valued else None,
        "currency": found.settings["currency"],
        "horizon_days": found.settings["churn"].get("horizon_days"),
        "threshold": found.settings["threshold"],
        "bands": [{"band": band, **_cell(scored, scored.band == number)} for number, band in enumerate(BANDS)],
        "segments": _segments(scored) if scored.valued else [],
        "personas": _personas(scored, found.personas),
        "drivers": drivers(night.told, scored.table, scored.high) if scored.high.any() else [],
        "usual": scored.usual,
        "outreach": _cell(scored, calls),
        "upsell": _cell(scored, sales) | {"value": float(np.nansum(scored.value[sales]))},
        "first_company": _first_company(scored, names),
        "changed": _changed(night, scored.table),
        "nights": night.nights,
        "importance": _important(found, scored.usual),
        "leaks": found.feature_set.leaks,
        "most_important": max((entry["importance"] for entry in found.importance), default=1.0),
        "metrics": found.metrics,
        "feature_set": found.feature_set.version,
        "features": len(found.feature_set.features),
    }


def _important(found: Findings, usual: dict[str, float]) -> list[dict[str, Any]]:
    features = {feature.name: feature for feature in found.feature_set.features}
    return [
        entry | {"insight": insight(features[entry["feature"]]), "unit": features[entry["feature"]].unit, "usual": usual.get(entry["feature"])}
        for entry in found.importance[:_TOP_FEATURES]
    ]  # fmt: skip


def insight(feature: Feature) -> str:
    """What a feature tells a customer success team of: the article's insights for the named ones, and their likes for groups."""
    return next((told for part, told in _NAMED if part in feature.name), _GROUPS.get(feature.group, "Other"))


def _money(scored: Scored) -> dict[str, float]:
    return {
        "at_risk": float(scored.at_risk.sum()),
        "at_risk_high": float(scored.at_risk[scored.high].sum()),
        "total": float(np.nansum(scored.value)),
    }


def _segments(scored: Scored) -> list[dict[str, Any]]:
    """Value segments across the bands: who is worth the call comes out at the upper left."""
    rows = []
    for number, name in enumerate(VALUES):
        inside = scored.worth == number
        cells = [_cell(scored, inside & (scored.band == band)) for band in range(len(BANDS))]
        rows.append({"segment": name, "cells": cells, "all": _cell(scored, inside)})
    return rows


def _cell(scored: Scored, mask: Mask) -> dict[str, float]:
    return {
        "customers": int(mask.sum()),
        "share": float(mask.mean()) if len(mask) else 0.0,
        "at_risk": float(scored.at_risk[mask].sum()),
        "probability": float(scored.probability[mask].mean()) if mask.any() else 0.0,
    }


def _personas(scored: Scored, personas: Personas) -> list[dict[str, Any]]:
    rows = []
    held = np.array(scored.table["persona"].to_pylist(), dtype=object)
    for persona in personas.personas:
        mask = np.asarray(held == persona.name, dtype=bool)
        worth = scored.value[mask & np.isfinite(scored.value)]
        value = float(worth.mean()) if len(worth) else None
        rows.append({"name": persona.name, "sentence": persona.sentence, "value": value, **_cell(scored, mask)})
    return rows


def _first_company(scored: Scored, names: dict[str, str]) -> dict[str, Any] | None:
    """The company with most money at risk among its customers at high risk; where money is unknown, with most of them."""
    chosen = scored.table.select(["company_id"]).append_column("at_risk", pa.array(scored.at_risk))
    chosen = chosen.filter(pa.array(scored.high)).filter(pc.is_valid(pc.field("company_id")))
    if not chosen.num_rows:
        return None
    sums = chosen.group_by("company_id").aggregate([("at_risk", "sum"), ("at_risk", "count")])
    order = [("at_risk_sum", "descending"), ("at_risk_count", "descending"), ("company_id", "ascending")]
    first = sums.sort_by(order).slice(0, 1).to_pylist()[0]
    users = int((np.array(scored.table["company_id"].to_pylist(), dtype=object) == first["company_id"]).sum())
    return {"id": first["company_id"], "name": names.get(first["company_id"]), "users": users,
            "high": first["at_risk_count"], "at_risk": first["at_risk_sum"]}  # fmt: skip


def _changed(night: Night, scores: pa.Table) -> dict[str, Any] | None:
    """How many moved since the night that is compared with; None where there is none."""
    if night.since is None or night.moves is None or night.before is None:
        return None
    first = night.moves.filter(pc.or_(pc.equal(night.moves["rank"], 1), pc.is_null(night.moves["rank"])))
    counts = {kind: _count(first, [kind]) for kind in ("rose", "fell", "new", "gone")}
    into = first.filter(pc.and_(pc.equal(first["change"], "rose"), pc.equal(first["band"], "high")))
    return {
        "since": night.since,
        "counts": counts,
        "into_high": into.num_rows,
        "high_before": int(pc.sum(pc.equal(night.before["band"], "high")).as_py() or 0),
        "causes": _causes(night.moves),
        "other_model": night.before["model"][0].as_py() != scores["model"][0].as_py(),
    }


def _count(moves: pa.Table, kinds: Sequence[str]) -> int:
    return int(pc.sum(pc.is_in(moves["change"], pa.array(kinds))).as_py() or 0)


def _causes(moves: pa.Table) -> list[dict[str, Any]]:
    """What moved most of those up whose risk rose: the first cause of each, counted."""
    rose = moves.filter(pc.and_(pc.equal(moves["change"], "rose"), pc.equal(moves["rank"], 1)))
    rose = rose.filter(pc.is_valid(rose["sentence"]))
    counted = rose.group_by("sentence").aggregate([("customer_id", "count")])
    order = [("customer_id_count", "descending"), ("sentence", "ascending")]
    return [{"sentence": row["sentence"], "customers": row["customer_id_count"]} for row in counted.sort_by(order).slice(0, 3).to_pylist()]  # fmt: skip
