"""The scoring API: scores made now, of one customer or of many, the ranking of the last run, and who serves."""

import json
import time
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit

from holdfast.errors import UnknownCustomer
from holdfast.observe import logger, metrics, traced
from holdfast.registry import DynamoRegistry
from holdfast.resources import environment, keyring, served, settings
from score import many, requests, snapshot
from score.answers import health_answer, models_answer, ranking_answer, row_of, score_answers, tag_of
from score.held import DynamoVectors, Item
from score.openapi import REVISION, document
from score.people import People
from score.problems import TooLarge, install
from score.replies import digested, plain, tagged
from score.serving import Model, Serving
from score.shapes import ByCustomers, ByRows

app = APIGatewayRestResolver()
install(app)

_LARGEST_ANSWER = 5_500_000
"""Bytes: Lambda ends an answer at six megabytes."""


@metrics.log_metrics
@partial(traced, capture_error=False)
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    # The resolver knows few characters of a path by themselves, and all of them in percents.
    return app.resolve({**event, "path": quote(unquote(event["path"]))}, context)


@lru_cache
def serving() -> Serving:
    """The models that this warm function answers with."""
    return Serving(DynamoRegistry(environment().state_table), served(), time.monotonic)


@lru_cache
def people() -> People:
    """The customers that it can score."""
    held = DynamoVectors(environment().scores_table, environment().state_table)
    return People(keyring, held, time.monotonic, settings().sources)


snapshot.install(serving)


@app.get("/v1/health")
def health() -> Response[str]:
    """Whether a score could be answered now, and of when the data is."""
    return plain(health_answer(serving().current()).model_dump_json())


@app.get("/v1/customers")
def customers() -> Response[str]:
    """The customers most at risk: `limit` of them."""
    wanted = requests.limit(app.current_event.query_string_parameters)
    return digested(ranking_answer(serving().current(), wanted).model_dump_json(), _sent())


@app.get("/v1/customers/<customer>/score")
def score(customer: str) -> Response[str]:
    """One customer's score: by pseudonym, by the id that the product knows them by, or by a record of a source."""
    item = _held(customer)
    return _scored(item, serving().fitting(item))


@app.get("/v1/models/<version>/customers/<customer>/score")
def score_by_model(version: str, customer: str) -> Response[str]:
    """The same by another model that is there."""
    serving().version(version)
    item = _held(customer)
    return _scored(item, serving().reading(version, item))


@app.post("/v1/scores")
def scores() -> Response[str]:
    """Scores of many customers, or of rows of features."""
    wanted = requests.scores_wanted(app.current_event.decoded_body or "", app.current_event.headers.get("Content-Type"))
    reasons = settings().scoring.reasons if wanted.reasons is None else wanted.reasons
    body = many.scores_answer(_asked(wanted), reasons).model_dump_json()
    if len(body) > _LARGEST_ANSWER:
        raise TooLarge(
            f"the answer has over {_LARGEST_ANSWER:,} bytes: ask for fewer customers or fewer reasons at once"
        )
    return plain(body)


@app.get("/v1/models")
def models() -> Response[str]:
    """Who serves, and how good it is."""
    return digested(models_answer(serving().current()).model_dump_json(), _sent())


@app.get("/v1/openapi.json")
def openapi() -> Response[str]:
    """What the API takes and gives."""
    context, named = app.current_event.request_context, settings().api.domain
    # A name of the company's own leads to the stage: paths under it do without.
    return digested(_document("" if named and context.domain_name == named else context.stage or "live"), _sent())


@lru_cache
def _document(stage: str) -> str:
    return json.dumps(document(stage, settings().api.authorization))


def _held(customer: str) -> Item:
    item = people().find(requests.customer(unquote(customer)))
    if item is None:
        served = serving().current()
        held = f"{served.ranking['total']} customers as of {served.ranking['as_of']}"
        raise UnknownCustomer(f"nothing is held for this customer; data is held for {held}")
    return item


def _scored(item: Item, model: Model) -> Response[str]:
    reasons = settings().scoring.reasons
    tag = tag_of(item, model, reasons, REVISION)
    return tagged(
        tag, _sent(), lambda: score_answers([row_of(item, model.scorer)], model, reasons)[0].model_dump_json()
    )


def _asked(wanted: ByCustomers | ByRows) -> list[many.Asked]:
    version = wanted.model
    named = serving().version(version) if version else None
    if isinstance(wanted, ByRows):
        return many.by_rows(wanted.rows, named or serving().current().model)
    choose = (lambda item: serving().reading(version, item)) if version else serving().fitting
    return many.by_customers(wanted.customers, people().find_all(wanted.customers), choose)


def _sent() -> str | None:
    return app.current_event.headers.get("If-None-Match")
