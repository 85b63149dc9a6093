"""The bodies that the API answers with."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from holdfast.predictors import Floats
from holdfast.scoring import BANDS, Scorer, Scores
from score.held import Item
from score.serving import Model, Served
from score.shapes import Health, Models, Ranking, Score

_LEVERS = 3
_LARGEST = float(np.finfo(np.float32).max)
_SUMMARY = (
    "rows", "churners", "auc", "auc_low", "auc_high", "average_precision", "brier", "calibration_error",
    "lift_10", "lift_21", "churn_in_top_21",
)  # fmt: skip


class Row(NamedTuple):
    """What is scored: who, as of when, and one float32 vector in the order of the model's features, NaN where missing."""

    vector: Floats
    customer_id: str | None = None
    company_id: str | None = None
    as_of: str | None = None


def row_of(item: Item, scorer: Scorer) -> Row:
    """A held item.

    Raises:
        BundleInvalid: its vector is of another feature set than the one that the model was trained on.
    """
    scorer.hold_to(item["feature_set"])
    vector = np.frombuffer(item["vector"], dtype="<f4").astype(np.float32)
    return Row(vector, item["customer_id"], item.get("company_id"), item["as_of"])


def score_answers(rows: Sequence[Row], model: Model, reasons: int) -> list[Score]:
    """One score per row, with its `reasons` strongest reasons, the sum of the others, and what would lower it."""
    scorer = model.scorer
    scores = scorer.score(np.stack([row.vector for row in rows]))
    points = scorer.points(scores)
    told = zip(scorer.reasons(scores, reasons), model.levers.of(scores, points, _LEVERS), strict=True)
    return [
        Score.model_validate(_about(row, scorer, scores, at) | {"reasons": why, "levers": levers, "others": _others(scorer, scores, at, why)})
        for at, (row, (why, levers)) in enumerate(zip(rows, told, strict=True))
    ]  # fmt: skip


def tag_of(item: Item, model: Model, reasons: int, revision: str) -> str:
    """A strong ETag of one held customer's score: it stands for all that the bytes of the answer are made from.

    `revision` is the version of what an answer looks like.
    """
    parts = (revision, model.version, str(reasons), item["customer_id"], item.get("company_id", ""), item["as_of"])
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(item["vector"])
    return digest.hexdigest()[:32]


def _about(row: Row, scorer: Scorer, scores: Scores, at: int) -> dict[str, Any]:
    persona = scorer.personas.personas[int(scores.persona[at])]
    return {
        "customer_id": row.customer_id,
        "company_id": row.company_id,
        "probability": round(float(scores.probability[at]), 6),
        "band": BANDS[int(scores.band[at])],
        "value": _value(scorer, float(scores.value[at]), float(scores.value_low[at]), float(scores.value_high[at])),
        "persona": persona.name,
        "persona_sentence": persona.sentence,
        "base": round(scorer.trees.base, 6),
        "base_probability": round(scorer.base_probability, 6),
        "margin": round(float(scores.margin[at]), 6),
        "model": scorer.version,
        "feature_set": scorer.feature_set.version,
        "as_of": row.as_of,
    }


def _others(scorer: Scorer, scores: Scores, at: int, told: list[dict[str, Any]]) -> dict[str, Any]:
    """What is left of margin and probability when the base and the reasons are taken away."""
    log_odds = float(scores.margin[at]) - scorer.trees.base - sum(each["contribution_log_odds"] for each in told)
    gained = float(scores.probability[at]) - scorer.base_probability
    return {
        "features": int(np.count_nonzero(scores.contributions[at])) - len(told),
        "contribution_log_odds": round(log_odds, 6),
        "contribution_points": round(gained - sum(each["contribution_points"] for each in told), 6),
    }


def _value(scorer: Scorer, amount: float, low: float, high: float) -> dict[str, Any] | None:
    if np.isnan(amount):
        return None
    return {"amount": round(amount, 2), "low": round(low, 2), "high": round(high, 2), "currency": scorer.currency}


def vector_of(features: dict[str, float | None], names: list[str]) -> Floats:
    """Named numbers in the order of the model's features; what is not named is missing.

    Raises:
        KeyError: the model reads no feature of that name.
    """
    position = {name: at for at, name in enumerate(names)}
    vector = np.full(len(names), np.nan)
    for name, value in features.items():
        if name not in position:
            raise KeyError(name)
        if value is not None:
            vector[position[name]] = min(max(value, -_LARGEST), _LARGEST)
    return vector.astype(np.float32)


def ranking_answer(served: Served, limit: int) -> Ranking:
    """The customers most at risk, first first."""
    return Ranking.model_validate({**served.ranking, "customers": served.ranking["customers"][:limit]})


def health_answer(served: Served) -> Health:
    """Which model would answer, from data of when."""
    return Health(status="ok", model=served.champion.version, as_of=served.ranking["as_of"])


def models_answer(served: Served) -> Models:
    """Who serves, since when, and how well it did where it was judged."""
    metrics, feature_set = served.model.metrics(), served.model.scorer.feature_set
    return Models(
        champion=served.champion.version,
        run=served.champion.run,
        promoted_at=served.champion.promoted_at,
        earlier=list(served.champion.history),
        feature_set=feature_set.version,
        features=len(feature_set.features),
        pinned_feature_set=served.champion.pinned or None,
        validation=metrics["validation"],
        training=metrics["training"],
        churn={name: metrics["churn"][name] for name in _SUMMARY},
        value=metrics["value"],
    )
