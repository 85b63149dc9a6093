"""A notification is believed when its source signed it, and just now."""

import hashlib
import hmac
import time

import pytest
from hubspot.utils.signature import Signature

from ingest.signatures import decoded, hubspot_signed, intercom_signed

SECRET = "app-secret"
URI = "https://api.example.com/live/v1/webhooks/crm"
BODY = '[{"eventId": 1, "name": "Zoë"}]'
NOW = 1_790_000_000_000


def headers(moment: int = NOW, uri: str = URI, body: str = BODY, secret: str = SECRET) -> dict[str, str]:
    made = Signature.get_signature(secret, body, "v3", uri, "POST", str(moment))
    return {"x-hubspot-signature-v3": made, "x-hubspot-request-timestamp": str(moment)}


def test_what_the_vendors_own_helper_signs_is_accepted_and_the_helper_accepts_it_too() -> None:
    now = int(time.time() * 1000)  # the helper looks at the clock, and this module may have been read long ago
    signed = headers(now)

    assert hubspot_signed(SECRET, "POST", URI, BODY.encode(), signed, now)
    assert Signature.is_valid(signed["x-hubspot-signature-v3"], SECRET, BODY, URI, "POST", "v3", str(now))


@pytest.mark.parametrize(
    ("secret", "method", "uri", "body"),
    [
        pytest.param("another", "POST", URI, BODY, id="secret"),
        pytest.param(SECRET, "PUT", URI, BODY, id="method"),
        pytest.param(SECRET, "POST", URI.replace("/live", ""), BODY, id="address without the stage"),
        pytest.param(SECRET, "POST", URI, BODY + " ", id="body"),
    ],
)
def test_another_secret_method_address_or_body_is_refused(secret: str, method: str, uri: str, body: str) -> None:
    assert not hubspot_signed(secret, method, uri, body.encode(), headers(), NOW)


@pytest.mark.parametrize("apart", [-300_000, 300_000])
def test_five_minutes_apart_are_the_most_in_both_directions(apart: int) -> None:
    beyond = apart + (1 if apart > 0 else -1)

    assert hubspot_signed(SECRET, "POST", URI, BODY.encode(), headers(NOW + apart), NOW)
    assert not hubspot_signed(SECRET, "POST", URI, BODY.encode(), headers(NOW + beyond), NOW)


@pytest.mark.parametrize("moment", ["", "soon", "-1", "1e12", "９", "9" * 400])
def test_a_moment_that_is_none_is_refused(moment: str) -> None:
    assert not hubspot_signed(
        SECRET, "POST", URI, BODY.encode(), headers() | {"x-hubspot-request-timestamp": moment}, NOW
    )


@pytest.mark.parametrize("signature", ["", "ä", "sha1="])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    given = {"x-hubspot-signature-v3": signature, "x-hub-signature": signature}

    assert not hubspot_signed(SECRET, "POST", URI, BODY.encode(), headers() | given, NOW)
    assert not hubspot_signed(SECRET, "POST", URI, BODY.encode(), {}, NOW)
    assert not intercom_signed(SECRET, BODY.encode(), given)
    assert not intercom_signed(SECRET, BODY.encode(), {})


def test_an_address_is_decoded_as_hubspot_does_it_and_no_further() -> None:
    assert decoded("https://a.test/x%3Ay%2fz?q=%40%2C%20%25") == "https://a.test/x:y/z?q=@,%20%25"
    assert hubspot_signed(SECRET, "POST", URI + "%3Aa", BODY.encode(), headers(uri=URI + ":a"), NOW)


def test_intercom_signs_the_raw_body_alone() -> None:
    made = "sha1=" + hmac.new(SECRET.encode(), BODY.encode(), hashlib.sha1).hexdigest()

    assert intercom_signed(SECRET, BODY.encode(), {"x-hub-signature": made})
    assert not intercom_signed(SECRET, BODY.encode() + b"\n", {"x-hub-signature": made})
    assert not intercom_signed("another", BODY.encode(), {"x-hub-signature": made})
