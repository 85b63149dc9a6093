"""What the page's script reads: the lists that lines of customers refer to, the customers, and who is gone."""

from typing import Any

from report import payload
from report.kept import Night
from report.scored import ADOPTION, BANDS, VALUES, Scored
from report.summary import Findings, insight


def carried(
    scored: Scored, night: Night, found: Findings, names: dict[str, str], run: dict[str, Any]
) -> dict[str, str]:
    """JSON by the id under which it stands in the page."""
    features = _features(scored, night, found)
    codes = [each["name"] for each in features]
    companies = sorted({each for each in scored.table["company_id"].to_pylist() if each})
    personas = [each.name for each in found.personas.personas]
    about = {
        "fields": payload.FIELDS, "bands": BANDS, "worth": VALUES, "adopted": ADOPTION, "personas": personas,
        "companies": [[each, names.get(each)] for each in companies], "features": features,
        "as_of": run["as_of"][:10], "since": f"{night.since:%Y-%m-%d}" if night.since else None, "nights": night.nights,
        "base": run["base"], "usual_adoption": payload.known(scored.usual_adoption), "threshold": found.settings["threshold"], "currency": found.settings["currency"],
        "horizon_days": found.settings["churn"].get("horizon_days"), "total": len(scored), "run": run["run"],
        "importance": [{"feature": each["feature"], "dependence": each.get("dependence", [])} for each in found.importance[:10]],
        "calibration": found.metrics["churn"]["calibration"], "thresholds": found.metrics["churn"]["thresholds"],
    }  # fmt: skip
    return {
        "about": payload.said(about),
        "customers": payload.lines(payload.customers(scored, night, codes, companies, personas)),
        "gone": payload.lines(payload.gone(night)),
    }


def _features(scored: Scored, night: Night, found: Findings) -> list[dict[str, Any]]:
    """All that a reason or a cause is about, those of an earlier model among them."""
    told = night.told.group_by(["feature", "sentence", "unit", "actionable"]).aggregate([])
    known = {row["feature"]: row for row in told.to_pylist()}
    moved = [] if night.moves is None else night.moves.select(["feature", "sentence", "unit"]).to_pylist()
    known = {row["feature"]: row | {"actionable": True} for row in moved if row["feature"]} | known
    groups = {feature.name: insight(feature) for feature in found.feature_set.features}
    return [
        {"name": name, "sentence": row["sentence"], "unit": row["unit"], "actionable": row["actionable"],
         "insight": groups.get(name, ""), "usual": scored.usual.get(name)}
        for name, row in sorted(known.items())
    ]  # fmt: skip
