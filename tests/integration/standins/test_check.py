"""`sources check` against the stand-ins: every stream, with a token and with an app's credentials."""

import json

import pytest

from holdfast.settings import Settings, parse_settings
from holdfast.source_secrets import MemorySecret
from infra.cli.check import findings
from infra.local.standins.hubspot_oauth import APP
from tests.integration.standins.conftest import Standins


@pytest.fixture
def settings(standins: Standins) -> Settings:
    crm, desk = (str(server.base_url).rstrip("/") for server in (standins.hubspot, standins.intercom))
    return parse_settings(
        f'[sources.crm]\nkind = "hubspot"\nbase_url = "{crm}"\n[sources.desk]\nkind = "intercom"\nbase_url = "{desk}"\n'
        '[churn]\nkind = "usage"'
    )


def secret(name: str) -> MemorySecret:
    return MemorySecret(json.dumps(APP if name == "crm" else {"token": "ic"}))


def test_every_stream_of_both_sources_may_be_read(settings: Settings) -> None:
    found = list(findings(settings, secret, {}))

    assert {each.source for each in found} == {"crm", "desk"}
    assert [each for each in found if not each.well] == []


def test_looking_takes_the_scroll_from_nobody(settings: Settings, standins: Standins) -> None:
    headers = {"Intercom-Version": "2.16"}
    first = standins.intercom.get("/companies/scroll", headers=headers).json()["scroll_param"]

    found = [each for each in findings(settings, secret, {}) if each.source == "desk"]

    assert all(each.well for each in found)
    assert (
        standins.intercom.get("/companies/scroll", params={"scroll_param": first}, headers=headers).status_code == 200
    )


def test_an_app_that_is_gone_is_said(settings: Settings) -> None:
    found = list(findings(settings, lambda name: MemorySecret(json.dumps(APP | {"refresh_token": "old"})), {}))

    assert "bad_refresh_token" in found[0].says
    assert not any(each.well for each in found)
