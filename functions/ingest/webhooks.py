"""Takes in what sources notify of: who signed it, which objects it names, and hints of those for the next run."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from holdfast.credentials import CLIENT_SECRET
from holdfast.errors import StorageUnavailable, Terminal
from holdfast.hints import Hints
from holdfast.observe import logger, metrics
from holdfast.settings import HubSpotSource, IntercomSource, Settings
from ingest.notices import SAID, MalformedError
from ingest.signatures import hubspot_signed, intercom_signed

LARGEST = 1_000_000
"""Bytes of a body: HubSpot sends a hundred events at most, Intercom one object."""

WebhookSource = HubSpotSource | IntercomSource


class NotificationRefused(Terminal):
    """When a notification is not taken in; the message is for whoever sent it, and `reason` for the log."""

    def __init__(self, status: HTTPStatus, said: str, reason: str = "") -> None:
        super().__init__(said)
        self.status = status
        self.reason = reason or said


@dataclass(frozen=True)
class Notification:
    """One request as it came; header names are lower case, `uri` is the address that the sender was told."""

    source: str
    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def parse(cls, event: Mapping[str, Any]) -> "Notification":
        """Read an event of API Gateway.

        Raises:
            NotificationRefused: the body is too large, or is not what its own encoding says.
        """
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        context = event["requestContext"]
        # With the stage's name, which belongs to API Gateway's own address and is not in `path`. Under a domain of the company's own
        # both are as the caller wrote them.
        uri = f"https://{context.get('domainName') or headers.get('host', '')}{context['path']}"
        return cls(event["pathParameters"]["source"], event["httpMethod"], uri, headers, _body(event))


@dataclass(frozen=True)
class Desk:
    """Where notifications come in: `secrets` gives secret ids by source, `read` a secret's value, `clock` Unix seconds."""

    settings: Settings
    secrets: Mapping[str, str]
    read: Callable[[str], str]
    hints: Hints
    clock: Callable[[], float]

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request of API Gateway: 200 when every hint is kept, and otherwise what its sender can do about it."""
        try:
            taken = self.take(Notification.parse(event))
        except NotificationRefused as error:
            metrics.add_metric("NotificationsRefused", MetricUnit.Count, 1)
            logger.warning("notification refused", status=int(error.status), reason=error.reason)
            return _response(
                error.status, {"title": error.status.phrase, "status": int(error.status), "detail": str(error)}
            )
        except StorageUnavailable as error:
            logger.warning("storage did not answer", reason=str(error))
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return _response(status, {"title": status.phrase, "status": int(status), "detail": "send it again"})
        return _response(HTTPStatus.OK, {"hints": taken})

    def take(self, notification: Notification) -> int:
        """Keep the hints of a notification, and count those that said something new.

        Raises:
            NotificationRefused: unknown source, no secret to check with, wrong signature, or a body that cannot be read.
        """
        name, now = notification.source, int(self.clock() * 1000)
        source = self._source(name)
        if not self._signed(source, notification, now):
            raise NotificationRefused(
                HTTPStatus.UNAUTHORIZED,
                "the signature is not right",
                f"{name}: a signature that is not its own, or too old",
            )
        try:
            said = SAID[source.kind](notification.body, now)
        except MalformedError as error:
            raise NotificationRefused(
                HTTPStatus.BAD_REQUEST, f"the body cannot be read: {error}", f"{name}: {error}"
            ) from error
        new = sum([self.hints.take(name, stream, hint) for stream, hint in said])
        metrics.add_metric("HintsTaken", MetricUnit.Count, new)
        logger.info("notification taken", source=name, named=len(said), new=new)
        return new

    def _source(self, name: str) -> WebhookSource:
        source = self.settings.sources.get(name)
        if not isinstance(source, WebhookSource):
            # The name is not logged: whoever calls chooses it.
            raise NotificationRefused(HTTPStatus.NOT_FOUND, "there is no such source", "no such source")
        return source

    def _signed(self, source: WebhookSource, notification: Notification, now: int) -> bool:
        secret = self._secret(notification.source)
        if isinstance(source, IntercomSource):
            return intercom_signed(secret, notification.body, notification.headers)
        uri = source.webhook_url or notification.uri
        return hubspot_signed(secret, notification.method, uri, notification.body, notification.headers, now)

    def _secret(self, name: str) -> str:
        secret = webhook_secret_in(self.read(self.secrets[name])) if name in self.secrets else None
        if secret is None:
            mend = f"{name} has no webhook secret: holdfast secret move, or holdfast secret set {name} --webhook"
            raise NotificationRefused(HTTPStatus.CONFLICT, "this source takes no notifications yet", mend)
        return secret


def webhook_secret_in(value: str) -> str | None:
    """What a source signs with, in a secret that reads `{"webhook_secret": "…"}`; None without it.

    An OAuth app signs with the client secret that its tokens are got with: that is copied there.
    """
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        return None
    names = ("webhook_secret", CLIENT_SECRET) if isinstance(held, dict) else ()
    return next((held[name] for name in names if isinstance(held.get(name), str) and held[name]), None)


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    try:
        body = (
            base64.b64decode(text, validate=True)
            if event.get("isBase64Encoded")
            else text.encode(errors="surrogatepass")
        )
    except ValueError as error:
        raise NotificationRefused(HTTPStatus.BAD_REQUEST, "the body cannot be read") from error
    if len(body) > LARGEST:
        raise NotificationRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST} bytes")
    return body


def _response(status: HTTPStatus, told: Mapping[str, Any]) -> dict[str, Any]:
    kind = "application/json" if status is HTTPStatus.OK else "application/problem+json"
    return {"statusCode": int(status), "headers": {"Content-Type": kind}, "body": json.dumps(told)}
