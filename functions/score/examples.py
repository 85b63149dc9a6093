"""Examples that the OpenAPI document shows. Each is held to its model by a test."""

from typing import Any

_CUSTOMER = "k1_8f6c575f5283bf393719094c5781f01c"
_MODEL, _FEATURE_SET, _AS_OF = "5b5b26454856", "639c4f31485e", "2026-11-01T00:00:00+00:00"
_RUN = "nightly-20261124T160306"
_EVENTS = {"feature": "events_count_14d", "sentence": "Events in the last 14 days", "value": 0.0, "unit": ""}
_WEIGHT = {"contribution_log_odds": 1.204117, "contribution_points": 0.231455}
_REASON = _EVENTS | _WEIGHT | {"direction": "raises", "actionable": True}

_SCORE: dict[str, Any] = {
    "customer_id": _CUSTOMER, "company_id": None, "probability": 0.8312, "band": "high",
    "value": {"amount": 112.4, "low": 20.15, "high": 240.9, "currency": "USD"},
    "persona": "Regular users with many tickets", "persona_sentence": "They use the product every week and ask for help often.",
    "reasons": [_REASON],
    "others": {"features": 61, "contribution_log_odds": 2.240111, "contribution_points": 0.430612},
    "levers": [_EVENTS | _WEIGHT | {"aim": 12.0, "advice": "Aim at 12 or more, as at least half of the customers have."}],
    "base": -2.011305, "base_probability": 0.169133, "margin": 1.432923,
    "model": _MODEL, "feature_set": _FEATURE_SET, "as_of": _AS_OF,
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    "score": _SCORE,
    "scoreByModel": _SCORE,
    "health": {"status": "ok", "model": _MODEL, "as_of": _AS_OF},
    "ranking": {
        "customers": [{
            "customer_id": _CUSTOMER, "company_id": None, "probability": 0.8312, "band": "high", "value": 112.4,
            "persona": "Regular users with many tickets", "reasons": [_REASON],
        }],
        "total": 2473, "currency": "USD", "as_of": _AS_OF, "model": _MODEL, "feature_set": _FEATURE_SET, "run": _RUN,
    },
    "scores": {
        "scored": 1, "failed": 1,
        "items": [
            {"id": "u-000042", "score": _SCORE, "problem": None},
            {"id": "u-999999", "score": None, "problem": {"status": 404, "detail": "nothing is held for this customer"}},
        ],
    },
    "wanted": {
        "ids": {"value": {"customers": ["u-000042", "hubspot:100045", "u-999999"], "reasons": 3}},
        "rows": {"value": {"rows": [{"id": "what-if", "features": {}}]}},
    },
}  # fmt: skip
