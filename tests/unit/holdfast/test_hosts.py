"""Where a token may be sent: the vendor, this machine, and whom the configuration allows."""

import pytest

from holdfast.errors import ConfigurationInvalid
from holdfast.settings import parse_settings

CONFIG = """
[sources.crm]
kind = "{kind}"
base_url = "{url}"
{more}
[churn]
kind = "usage"
"""


def url_of(kind: str, url: str, more: str = "") -> str:
    return parse_settings(CONFIG.format(kind=kind, url=url, more=more)).sources["crm"].base_url  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("hubspot", "https://api.hubapi.com"),
        ("hubspot", "https://api-eu1.hubapi.com"),
        ("hubspot", "https://api-ap1.hubapi.com"),
        ("intercom", "https://api.intercom.io"),
        ("intercom", "https://api.eu.intercom.io"),
        ("intercom", "https://api.au.intercom.io"),
        ("hubspot", "http://127.0.0.1:4567"),
        ("intercom", "http://localhost:4568"),
        ("intercom", "http://[::1]:4568"),
    ],
)
def test_the_vendors_hosts_and_this_machine_are_allowed(kind, url):
    assert url_of(kind, url) == url


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("hubspot", "https://evil.test"),
        ("hubspot", "https://api.hubapi.com.evil.test"),
        ("hubspot", "https://api.hubapi.com@evil.test"),
        ("hubspot", "https://xapi.hubapi.com"),
        ("hubspot", "http://api.hubapi.com"),
        ("hubspot", "api.hubapi.com"),
        ("hubspot", "ftp://127.0.0.1"),
        ("hubspot", "https://token@api.hubapi.com"),
        ("hubspot", "https://api.intercom.io"),
        ("intercom", "https://api.hubapi.com"),
        ("intercom", "https://api.us.intercom.io"),
        ("intercom", "http://127.0.0.1.evil.test"),
    ],
)
def test_anything_else_is_refused_when_the_settings_are_read(kind, url):
    with pytest.raises(ConfigurationInvalid, match=r"sources\.crm.*base_url"):
        url_of(kind, url)


def test_a_host_of_the_companys_own_is_allowed_by_name_and_only_encrypted():
    allowed = 'allowed_hosts = ["proxy.corp.example"]'

    assert url_of("hubspot", "https://proxy.corp.example/hub", allowed) == "https://proxy.corp.example/hub"
    with pytest.raises(ConfigurationInvalid, match="https"):
        url_of("hubspot", "http://proxy.corp.example", allowed)
    with pytest.raises(ConfigurationInvalid, match="allowed_hosts"):
        url_of("hubspot", "https://other.corp.example", allowed)
