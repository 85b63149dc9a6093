"""Everything that runs by itself, run with IAM enforced: a night, notifications, an erasure, the night after it, upkeep, drift, a failure."""

import json
import re
from typing import Any

import pyarrow.parquet as pq
import pytest

from infra.cli.leaks import leaked
from infra.cli.scan import Needles
from infra.local import runtime
from tests.privileges.conftest import Enforced


@pytest.fixture(scope="module")
def eventful(enforced: Enforced) -> dict[str, Any]:
    """A day that the sources notify of and on which somebody is forgotten, and the night after it."""
    told = {}
    for server, source in enumerate(("hubspot", "intercom"), 1):
        enforced.holdfast("secret", "set", source, "--webhook", typed=f"{source}-signs")
        enforced.standin(server, "webhooks", **enforced.webhook(source), secret=f"{source}-signs")
        told[source] = enforced.standin(server, "advance", days=1, updates=5)["notified"]
    contacts = next(enforced.state.glob("world-*")) / "crm" / "hubspot_contacts.parquet"
    her = pq.read_table(contacts, columns=["email"]).to_pylist()[-1]["email"]
    exported = enforced.holdfast("export", her, "--to", str(enforced.state / "exported"))
    forgotten = enforced.holdfast("forget", her, "--yes")
    return {"told": told, "exported": exported, "forgotten": forgotten, "night": enforced.holdfast("run")}


def test_the_runtime_evaluates_policies(enforced: Enforced) -> None:
    health = runtime.endpoint(enforced.port, enforced.state / "tls" / "authority.pem")

    assert enforced.outputs["endpoint"] == health
    assert health.startswith("https://")


def test_a_night_was_run(enforced: Enforced) -> None:
    said = (enforced.state / "said.txt").read_text()

    assert "IAM enforced" in said
    assert "Report" in said


def test_notifications_are_taken_in(eventful: dict[str, Any]) -> None:
    assert {source: set(answers) for source, answers in eventful["told"].items()} == {
        "hubspot": {"200"}, "intercom": {"200"},
    }  # fmt: skip


def test_somebody_is_exported_and_forgotten_and_kept_out_of_the_night_after(eventful: dict[str, Any]) -> None:
    assert "receipt" in eventful["forgotten"]
    assert "Report" in eventful["night"]


def test_the_lake_is_kept_up(enforced: Enforced, eventful: dict[str, Any]) -> None:
    assert re.search(r"\d", enforced.holdfast("lake", "maintain"))


def test_drift_is_looked_for(enforced: Enforced, eventful: dict[str, Any]) -> None:
    answer = enforced.client("lambda").invoke(FunctionName=enforced.outputs["drift_function"], Payload=b"{}")
    said = json.loads(answer["Payload"].read())

    assert "FunctionError" not in answer, said


def test_a_run_that_fails_is_told_of(enforced: Enforced, eventful: dict[str, Any]) -> None:
    enforced.fault(1, token="another")
    try:
        failed = enforced.holdfast("run", expect=1)
    finally:
        enforced.fault(1)

    assert "hubspot refused us (HTTP 401)" in failed
    assert "holdfast redrive nightly-" in enforced.holdfast("alerts")


def test_no_secret_is_in_what_the_deployment_says(enforced: Enforced, eventful: dict[str, Any]) -> None:
    read = enforced.client("secretsmanager").get_secret_value
    of_sources = [
        read(SecretId=name)["SecretString"]
        for name in ("holdfast/hubspot", "holdfast/intercom", "holdfast/hubspot/webhook", "holdfast/intercom/webhook")
    ]
    # The embedded runtime makes secrets of other characters too, whatever it is told to leave out.
    key = read(SecretId=enforced.outputs["pseudonym_secret"])["SecretString"]
    secrets = frozenset([*re.findall(r"[0-9A-Za-z-]{12,}", " ".join(of_sources)), key])
    template = json.dumps(enforced.client("cloudformation").get_template(StackName="holdfast")["TemplateBody"])

    assert len(secrets) >= 5
    assert leaked(enforced.deployment, Needles(secrets)) == []
    assert not [each for each in secrets if each in template + json.dumps(environments(enforced))]


def environments(enforced: Enforced) -> list[dict[str, str]]:
    """What each function finds in its environment."""
    functions = [
        name
        for logical, name in enforced.resources.items()
        if logical.startswith("Functions") and "Role" not in logical
    ]
    pages = enforced.client("lambda").get_paginator("list_functions").paginate()
    found = [
        each["Environment"]["Variables"]
        for page in pages
        for each in page["Functions"]
        if each["FunctionName"] in functions
    ]
    assert len(found) > 10
    return found
