"""Whether a notification was signed by its source: HubSpot's signature v3, and Intercom's."""

import base64
import hmac
import re
from collections.abc import Mapping

PATIENCE_MS = 300_000
"""Milliseconds by which HubSpot's moment of signing may lie in the past or, by its clock or ours, in the future."""
_DECODED = {"3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(", "29": ")",
            "2A": "*", "2C": ",", "3B": ";"}  # fmt: skip
"""What HubSpot decodes in an address before it signs it, and nothing else."""


def hubspot_signed(secret: str, method: str, uri: str, body: bytes, headers: Mapping[str, str], now: int) -> bool:
    """Signature v3: base64 of HMAC-SHA256 over method, decoded address, body as received, and moment; `now` in epoch milliseconds.

    https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
    """
    signature, moment = headers.get("x-hubspot-signature-v3", ""), headers.get("x-hubspot-request-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,15}", moment) or abs(now - int(moment)) > PATIENCE_MS:
        return False
    signed = (method + decoded(uri)).encode() + body + moment.encode()
    return _same(base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode(), signature)


def intercom_signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """`sha1=` and HMAC-SHA1 over the body as received, in hexadecimal: https://developers.intercom.com/docs/webhooks"""
    return _same("sha1=" + hmac.digest(secret.encode(), body, "sha1").hex(), headers.get("x-hub-signature", ""))


def decoded(uri: str) -> str:
    """An address as HubSpot signs it."""
    return re.sub("%([0-9A-Fa-f]{2})", lambda found: _DECODED.get(found[1].upper(), found[0]), uri)


def _same(made: str, given: str) -> bool:
    return hmac.compare_digest(made.encode(), given.encode(errors="replace"))
