"""The deployed scoring API held to the document that it publishes, and what its logs hold of its callers' customers."""

import json
import re

import httpx
import pyarrow.parquet as pq
import pytest

from benchmarks.api import tried
from infra.cli import api, scan
from infra.cli.deployment import Deployment
from infra.scoring_api import ROUTES
from tests.e2e.conftest import Demo


def test_the_api_does_what_its_document_says(demo: Demo) -> None:
    found = tried(Deployment(**demo.outputs), demo.state, examples=2, seed=7)

    assert found.failures == 0, found.said
    assert found.cases >= 100


@pytest.mark.parametrize(("route", "method"), ROUTES.items())
def test_no_route_answers_a_call_without_a_signature(demo: Demo, route: str, method: str) -> None:
    path = route.replace("{id}", "u-000001").replace("{version}", "0" * 12)

    answer = httpx.request(method, f"{demo.outputs['api_url']}/v1/{path}")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "AWS4-HMAC-SHA256")
    assert answer.json()["request_id"]


def test_an_answer_that_the_caller_has_is_not_sent_again(demo: Demo) -> None:
    deployment = Deployment(**demo.outputs)
    url = f"{deployment.api_url}/v1/customers"
    signed = api._headers(deployment, "GET", url, None)

    first = httpx.get(url, headers=signed)
    again = httpx.get(url, headers=signed | {"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_the_crm_and_the_desk_ask_by_their_own_records(demo: Demo) -> None:
    """A contact's record in either leads to the customer whom the product's own id leads to."""
    folder = next(demo.state.glob("world-*")) / "crm"
    desk = {each["external_id"]: each["id"] for each in pq.read_table(folder / "intercom_contacts.parquet").to_pylist()}
    contacts = pq.read_table(folder / "hubspot_contacts.parquet").to_pylist()
    ring = scan.ring_of(Deployment(**demo.outputs))
    ranked = {each["customer_id"] for each in json.loads(demo.holdfast("top", "--json"))["customers"]}
    person = next(c for c in contacts if c["external_id"] in desk and ring.current.one(c["external_id"]) in ranked)

    asked = [person["external_id"], f"hubspot:{person['id']}", f"intercom:{desk[person['external_id']]}"]
    listed = demo.holdfast("score", "--ids", "-", "--json", typed="\n".join(asked))

    scored = [json.loads(line)["score"] for line in listed.splitlines()]
    assert {each["customer_id"] for each in scored} == {ring.current.one(person["external_id"])}
    assert len(scored) == 3


def test_a_file_of_ids_is_scored_and_says_who_is_unknown(demo: Demo) -> None:
    customers = [each["customer_id"] for each in json.loads(demo.holdfast("top", "--json"))["customers"]]

    listed = demo.holdfast("score", "--ids", "-", expect=1, typed="\n".join([*customers, "nobody"]))
    items = [
        json.loads(line)
        for line in demo.holdfast("score", "--ids", "-", "--json", typed="\n".join(customers)).splitlines()
    ]

    assert [item["score"]["customer_id"] for item in items] == customers
    assert re.search(r"^nobody +404 nothing is held for this customer$", listed, re.M)
    assert "1 of 11 have no score" in listed


def test_a_score_is_shown_with_what_would_lower_it(demo: Demo) -> None:
    customer = json.loads(demo.holdfast("top", "--json"))["customers"][0]
    scored = json.loads(demo.holdfast("score", customer["customer_id"], "--json"))

    shown = demo.holdfast("score", customer["customer_id"], "--model", scored["model"])

    assert f"{scored['probability']:.0%} {scored['band']} risk" in shown
    assert "others together" in shown
    assert shown.count("→") == len(scored["levers"])


def test_the_functions_log_names_nobody_whom_was_asked_for(demo: Demo) -> None:
    demo.holdfast("score", "u-asked-for-in-vain", expect=1)

    assert "asked-for-in-vain" not in demo.holdfast("logs", "Api")


def test_who_calls_too_often_is_told_when_to_come_back(demo: Demo) -> None:
    deployment, gateway = Deployment(**demo.outputs), demo.client("apigateway")
    url = f"{deployment.api_url}/v1/health"
    stage = {"restApiId": re.findall(r"/restapis/(\w+)/", url)[0], "stageName": "live"}
    usual = gateway.get_stage(**stage)["methodSettings"]["*/*"]

    def limited(rate: float, burst: int) -> None:
        limits = {"rateLimit": str(rate), "burstLimit": str(burst)}
        patches = [
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value} for name, value in limits.items()
        ]
        gateway.update_stage(**stage, patchOperations=patches)

    limited(1, 2)
    try:
        answers = [httpx.get(url, headers=api._headers(deployment, "GET", url, None)) for _ in range(6)]
    finally:
        limited(usual["throttlingRateLimit"], usual["throttlingBurstLimit"])

    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(429, "1")}
    assert all(answer.json()["status"] == 429 and answer.json()["request_id"] for answer in refused)
