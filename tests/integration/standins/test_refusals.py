"""How the stand-ins refuse: tokens, rate limits, and faults on demand."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.standins.conftest import ROOT, Standins, serving


@pytest.fixture(scope="module")
def usual(world: Path) -> Iterator[Standins]:
    """With the vendors' usual limits."""
    with serving(world) as both:
        yield both


def test_a_wrong_or_missing_token_is_refused_in_the_vendors_words(standins: Standins) -> None:
    wrong = {"Authorization": "Bearer wrong"}

    hubspot = standins.hubspot.get("/crm/objects/2026-09/contacts", headers=wrong)
    intercom = standins.intercom.get("/contacts", headers=wrong)

    assert (hubspot.status_code, hubspot.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert (intercom.status_code, intercom.json()["errors"][0]["code"]) == (401, "unauthorized")
    assert "X-RateLimit-Limit" not in intercom.headers


def test_rate_limits_are_told_with_every_answer(usual: Standins) -> None:
    hubspot = usual.hubspot.get("/crm/owners/2026-09").headers
    intercom = usual.intercom.get("/admins").headers

    assert hubspot["X-HubSpot-RateLimit-Max"] == "190"
    assert hubspot["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert 0 <= int(hubspot["X-HubSpot-RateLimit-Remaining"]) < 190
    assert intercom["X-RateLimit-Limit"] == "1666"
    assert 0 <= int(intercom["X-RateLimit-Reset"]) - time.time() <= 11


def test_searches_have_a_limit_of_their_own_that_no_header_tells(usual: Standins) -> None:
    answers = [usual.hubspot.post("/crm/v3/objects/deals/search", json={"limit": 1}) for _ in range(8)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1
    assert refused[0].json()["policyName"] == "SECONDLY"
    assert refused[0].json()["message"] == "You have reached your secondly limit."
    assert not [name for answer in answers for name in answer.headers if name.startswith("x-hubspot-ratelimit")]


def test_spurious_refusals_come_with_the_vendors_bodies(standins: Standins) -> None:
    for server in (standins.hubspot, standins.intercom):
        server.post("/_standin/faults", json={"throttle_share": 1.0})

    refusals = [standins.hubspot.get("/crm/owners/2026-09") for _ in range(12)]
    intercom = standins.intercom.get("/admins")

    assert {r.status_code for r in refusals} == {429}
    assert {r.json()["policyName"] for r in refusals} == {"TEN_SECONDLY_ROLLING"}
    assert {r.headers.get("Retry-After") for r in refusals} == {"1", None}
    assert (intercom.status_code, intercom.json()["errors"][0]["code"]) == (429, "rate_limit_exceeded")


@pytest.mark.parametrize(
    ("fault", "status"), [({"down": True}, 503), ({"token": "other"}, 401), ({"garbage": True}, 200)]
)
def test_faults_are_switched_on_and_off_again(standins: Standins, fault: dict[str, Any], status: int) -> None:
    standins.hubspot.post("/_standin/faults", json=fault).raise_for_status()

    broken = standins.hubspot.get("/crm/owners/2026-09")
    untouched = standins.intercom.get("/admins")
    standins.hubspot.post("/_standin/faults", json={}).raise_for_status()

    assert broken.status_code == status
    assert not broken.text.startswith('{"results"')
    assert untouched.status_code == 200
    assert standins.hubspot.get("/crm/owners/2026-09").json()["results"]


def test_a_taken_port_is_said_in_one_sentence(standins: Standins) -> None:
    taken = str(standins.hubspot.base_url.port)
    command = [sys.executable, "-m", "infra.local.standins", "--world", str(standins.world)]

    ended = subprocess.run(
        [*command, "--hubspot-port", taken, "--intercom-port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert re.fullmatch(rf"cannot listen on 127\.0\.0\.1:{taken} \(.+\): choose another port\n", ended.stderr)


def test_an_unknown_fault_is_refused(standins: Standins) -> None:
    assert standins.hubspot.post("/_standin/faults", json={"slow": 3}).status_code == 400
