"""The bodies that the API answers with."""

from typing import Any

import numpy as np

from holdfast.scoring import BANDS, Scorer
from score.held import Item
from score.serving import Served

_SUMMARY = (
    "rows", "churners", "auc", "auc_low", "auc_high", "average_precision", "brier", "calibration_error",
    "lift_10", "lift_21", "churn_in_top_21",
)  # fmt: skip


def score_answer(item: Item, scorer: Scorer, reasons: int) -> dict[str, Any]:
    """One customer's score, made now from the vector that is held.

    Raises:
        BundleInvalid: the vector is of another feature set than the one that the model was trained on.
    """
    scorer.hold_to(item["feature_set"])
    scores = scorer.score(np.frombuffer(item["vector"], dtype="<f4").astype(np.float32)[None, :])
    persona = scorer.personas.personas[int(scores.persona[0])]
    return {
        "customer_id": item["customer_id"],
        "company_id": item.get("company_id"),
        "probability": round(float(scores.probability[0]), 6),
        "band": BANDS[int(scores.band[0])],
        "value": _value(scorer, float(scores.value[0]), float(scores.value_low[0]), float(scores.value_high[0])),
        "persona": persona.name,
        "persona_sentence": persona.sentence,
        "reasons": next(scorer.reasons(scores, reasons)),
        "base": round(scorer.trees.base, 6),
        "base_probability": round(scorer.base_probability, 6),
        "margin": round(float(scores.margin[0]), 6),
        "model": scorer.version,
        "feature_set": scorer.feature_set.version,
        "as_of": item["as_of"],
    }


def _value(scorer: Scorer, amount: float, low: float, high: float) -> dict[str, Any] | None:
    if np.isnan(amount):
        return None
    return {"amount": round(amount, 2), "low": round(low, 2), "high": round(high, 2), "currency": scorer.currency}


def ranking_answer(served: Served, limit: int) -> dict[str, Any]:
    """The customers most at risk, first first."""
    return {**served.ranking, "customers": served.ranking["customers"][:limit]}


def models_answer(served: Served) -> dict[str, Any]:
    """Who serves, since when, and how well it did where it was judged."""
    metrics = served.metrics()
    return {
        "champion": served.champion.version,
        "run": served.champion.run,
        "promoted_at": served.champion.promoted_at,
        "earlier": list(served.champion.history),
        "feature_set": served.scorer.feature_set.version,
        "features": len(served.scorer.feature_set.features),
        "pinned_feature_set": served.champion.pinned or None,
        "validation": metrics["validation"],
        "training": metrics["training"],
        "churn": {name: metrics["churn"][name] for name in _SUMMARY},
        "value": metrics["value"],
    }
