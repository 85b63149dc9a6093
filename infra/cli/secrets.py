"""What the sources' secrets hold: each value is put without losing the others, and what notifications are signed with apart from the rest."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast.credentials import CLIENT_SECRET, FIELDS, credentials_in
from holdfast.ledger import DynamoLedger
from holdfast.locks import Locks
from holdfast.source_secrets import StoredSecret, webhook_secret_id
from infra.cli.deployment import Deployment, explained
from infra.trouble import Trouble

TOKEN, WEBHOOK = "token", "webhook_secret"
_GENERATED = "unset"
"""What a new secret holds in place of anything."""


def secret_of(deployment: Deployment, source: str) -> StoredSecret:
    """What a source's token is, or is got with."""
    ledger = DynamoLedger(deployment.state_table, deployment.client("dynamodb"))
    known = deployment.client("secretsmanager")
    return StoredSecret(source, f"{deployment.name}/{source}", Locks(ledger, "holdfast secret"), known)


def put(deployment: Deployment, source: str, name: str, value: str) -> None:
    """Keep a source's `TOKEN`, which may be an OAuth app's credentials (a JSON object), or what it signs with (`WEBHOOK`).

    Raises:
        ConfigurationInvalid: a JSON object that is not an app's credentials.
        Trouble: it signs nothing.
    """
    (_put_webhook if name == WEBHOOK else _put_token)(deployment, source, value)


def _put_token(deployment: Deployment, source: str, value: str) -> None:
    secret = secret_of(deployment, source)
    with explained(deployment.endpoint), secret.turn():
        secret.write(json.dumps(with_credentials(_held(secret.read()), value, secret.id)))
    move(deployment, source)


def _put_webhook(deployment: Deployment, source: str, value: str) -> None:
    move(deployment, source)
    signing = _Signing(deployment, source)
    with explained(deployment.endpoint):
        held = signing.read()
        if held is None:
            raise Trouble(
                f"there is no secret {signing.id}: sources of kind hubspot and intercom have one, after `make deploy`"
            )
        signing.write(held | {WEBHOOK: value})


def move(deployment: Deployment, source: str) -> bool:
    """Put what notifications are signed with where only the webhook reads it, and say whether it was not there.

    Earlier versions kept it beside the token: it is written first and taken away there after, so that nothing is lost in between. An app's
    client secret is copied. A source that does not notify has nothing to move.
    """
    secret, signing = secret_of(deployment, source), _Signing(deployment, source)
    with explained(deployment.endpoint), secret.turn():
        there, held = signing.read(), _held(secret.read())
        if there is None:
            return False
        wanted = signed_with(held, there)
        if wanted != there:
            signing.write(wanted)
        if WEBHOOK in held:
            secret.write(json.dumps({key: each for key, each in held.items() if key != WEBHOOK}))
    return wanted != there or WEBHOOK in held


def signed_with(held: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """What the webhook's secret is to hold, by what stands beside the token and what the webhook's holds already."""
    old = {WEBHOOK: held[WEBHOOK]} if WEBHOOK in held else {}
    app = {CLIENT_SECRET: held[CLIENT_SECRET]} if CLIENT_SECRET in held else {}
    return old | {key: each for key, each in there.items() if key != CLIENT_SECRET} | app


def with_credentials(held: Mapping[str, Any], value: str, secret: str) -> dict[str, Any]:
    """What a secret holds with another token, or with an OAuth app's credentials (a JSON object), in place of those before."""
    given = _held(value) if value.startswith("{") else {TOKEN: value}
    credentials_in(json.dumps(given), secret)
    return {key: each for key, each in held.items() if key not in FIELDS} | given


def webhook_url(deployment: Deployment, source: str) -> str:
    """Where a source is to send its notifications."""
    return f"{deployment.api_url}/v1/webhooks/{source}"


class _Signing:
    """The webhook's secret of a source."""

    def __init__(self, deployment: Deployment, source: str) -> None:
        self.id = webhook_secret_id(deployment.name, source)
        self._client = deployment.client("secretsmanager")

    def read(self) -> dict[str, Any] | None:
        """What it holds; None if there is none."""
        try:
            return _held(self._client.get_secret_value(SecretId=self.id)["SecretString"])
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def write(self, held: Mapping[str, Any]) -> None:
        self._client.put_secret_value(SecretId=self.id, SecretString=json.dumps(held))


def _held(value: str) -> dict[str, Any]:
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return {key: each for key, each in held.items() if key != _GENERATED} if isinstance(held, dict) else {}
