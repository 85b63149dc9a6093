"""Access tokens: given by the stand-in as the vendor gives them, and got anew by our client when they expire."""

import json

import httpx
import hubspot
import pytest

from holdfast.errors import ConfigurationInvalid
from holdfast.source_secrets import MemorySecret
from infra.local.standins.hubspot_oauth import APP
from ingest.http import ApiClient, Request, connect
from ingest.tokens import Token
from tests.integration.standins.conftest import Standins

CONTACTS = Request("GET", "/crm/objects/2026-09/contacts", {"limit": 1})


def client(server: httpx.Client, secret: dict[str, str], path: str = "/oauth/2026-09/token") -> ApiClient:
    http = connect(str(server.base_url), {})
    token = Token(MemorySecret(json.dumps(secret)))
    return ApiClient("crm", http, "demo/crm", sleep=lambda seconds: None, token=token, token_path=path)


@pytest.mark.parametrize("path", ["/oauth/2026-09/token", "/oauth/v1/token"])
def test_a_pull_with_an_apps_credentials_goes_on_when_its_access_token_expires(standins: Standins, path: str) -> None:
    api = client(standins.hubspot, APP, path)
    api.fetch(CONTACTS)
    standins.hubspot.post("/_standin/faults", json={"following": ["", "expired_token"], "paths": "contacts"})

    pages = [api.fetch(CONTACTS) for _ in range(3)]

    assert [len(page["results"]) for page in pages] == [1, 1, 1]
    assert standins.hubspot.get("/_standin/faults").json()["drawn"] == {"expired_token": 1}


def test_the_request_for_a_token_bears_the_faults_of_any_other(standins: Standins) -> None:
    standins.hubspot.post("/_standin/faults", json={
        "following": ["rate_ten_secondly", "bad_gateway_502", "cut"], "paths": "/oauth/"})  # fmt: skip

    assert client(standins.hubspot, APP).fetch(CONTACTS)["results"]


@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token"])
def test_credentials_that_are_not_accepted_are_a_matter_of_configuration(standins: Standins, name: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=f"bad_{name}.*holdfast secret set crm") as caught:
        client(standins.hubspot, APP | {name: "wrong"}).fetch(CONTACTS)

    assert not [value for value in APP.values() if value in str(caught.value)]


def test_the_vendors_own_client_gets_a_token_there(standins: Standins) -> None:
    vendor = hubspot.Client.create(host=str(standins.hubspot.base_url))

    given = vendor.oauth.tokens_api.create(grant_type="refresh_token", **APP)

    assert (given.access_token, given.token_type, given.expires_in) == ("hs", "bearer", 1800)
