"""Answers with a tag: whoever has the same bytes already is told so, and nothing is made for them."""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

JSON = "application/json"
_KEEP = {"Cache-Control": "private, no-cache"}
"""Kept by the caller alone, and asked about each time: whoever was forgotten is gone from caches too."""
_TAGS = re.compile(r'\*|(?:W/)?"([^"]*)"')


def plain(body: str) -> Response[str]:
    """An answer that nobody keeps."""
    return Response(int(HTTPStatus.OK), JSON, body, headers={"Cache-Control": "no-store"})


def tagged(tag: str, sent: str | None, make: Callable[[], str]) -> Response[str]:
    """The body that `make` makes, unless `sent` (If-None-Match) names its tag."""
    headers = {"ETag": f'"{tag}"', **_KEEP}
    if is_there(tag, sent):
        return Response(int(HTTPStatus.NOT_MODIFIED), body="", headers=headers)
    return Response(int(HTTPStatus.OK), JSON, make(), headers=headers)


def digested(body: str, sent: str | None) -> Response[str]:
    """The same for a body that is made already."""
    return tagged(hashlib.sha256(body.encode()).hexdigest()[:32], sent, lambda: body)


def is_there(tag: str, sent: str | None) -> bool:
    """Whether If-None-Match names a tag, or any (RFC 9110, 13.1.2)."""
    return any(found[0] == "*" or found[1] == tag for found in _TAGS.finditer(sent or ""))
