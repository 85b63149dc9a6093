"""The scoring API: one customer's score made now, the ranking of the last run, and who serves."""

import time
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit

from holdfast.errors import UnknownCustomer
from holdfast.observe import logger, metrics, tracer
from holdfast.registry import DynamoRegistry
from holdfast.resources import artifacts, environment, keyring, settings
from score.answers import models_answer, ranking_answer, score_answer
from score.held import DynamoVectors
from score.people import People
from score.problems import RequestInvalid, install
from score.serving import Serving

app = APIGatewayRestResolver()
install(app)

_LISTED = 10
_MOST_LISTED = 1000


@metrics.log_metrics
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    return app.resolve(event, context)


@lru_cache
def serving() -> Serving:
    """The champion that this warm function answers with."""
    return Serving(DynamoRegistry(environment().state_table), artifacts(), time.monotonic)


@lru_cache
def people() -> People:
    """The customers that it can score."""
    return People(keyring, DynamoVectors(environment().scores_table, environment().state_table), time.monotonic)


@app.get("/v1/health")
def health() -> dict[str, Any]:
    """Whether a score could be answered now, and of when the data is."""
    served = serving().current()
    return {"status": "ok", "model": served.champion.version, "as_of": served.ranking["as_of"]}


@app.get("/v1/customers")
def customers() -> dict[str, Any]:
    """The customers most at risk: `limit` of them."""
    return ranking_answer(
        serving().current(), _limit(app.current_event.query_string_parameters.get("limit") or str(_LISTED))
    )


@app.get("/v1/customers/<customer>/score")
def score(customer: str) -> dict[str, Any]:
    """One customer's score, by pseudonym or by the id that the product knows them by."""
    served = serving().current()
    item = people().find(_named(unquote(customer)))
    if item is None:
        held = f"{served.ranking['total']} customers as of {served.ranking['as_of']}"
        raise UnknownCustomer(f"nothing is held for this customer; data is held for {held}")
    return score_answer(item, serving().fitting(item), settings().scoring.reasons)


@app.get("/v1/models")
def models() -> dict[str, Any]:
    """Who serves, and how good it is."""
    return models_answer(serving().current())


def _named(customer: str) -> str:
    if "@" in customer:
        raise RequestInvalid("an email address does not belong in a URL: ask by the customer's id or pseudonym")
    return customer


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_LISTED:
        raise RequestInvalid(f"limit must be a whole number from 1 to {_MOST_LISTED}")
    return int(text)
