"""What the sources' secrets hold: each value is put without losing the others."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast.credentials import FIELDS, credentials_in
from infra.cli.deployment import Deployment, explained

TOKEN, WEBHOOK = "token", "webhook_secret"
_GENERATED = "unset"
"""What a new secret holds in place of anything."""


def put(deployment: Deployment, source: str, name: str, value: str) -> None:
    """Keep a value under a name in the secret of a source, beside what it holds already.

    Raises:
        ConfigurationInvalid: as a token, a JSON object that is not an app's credentials.
    """
    client, secret = deployment.client("secretsmanager"), f"{deployment.name}/{source}"
    with explained(deployment.endpoint):
        held = _held(client.get_secret_value(SecretId=secret)["SecretString"])
        wanted = with_credentials(held, value, secret) if name == TOKEN else held | {name: value}
        client.put_secret_value(SecretId=secret, SecretString=json.dumps(wanted))


def with_credentials(held: Mapping[str, Any], value: str, secret: str) -> dict[str, Any]:
    """What a secret holds with another token, or with an OAuth app's credentials (a JSON object), in place of those before."""
    given = _held(value) if value.startswith("{") else {TOKEN: value}
    credentials_in(json.dumps(given), secret)
    return {key: each for key, each in held.items() if key not in FIELDS} | given


def webhook_url(deployment: Deployment, source: str) -> str:
    """Where a source is to send its notifications."""
    return f"{deployment.api_url}/v1/webhooks/{source}"


def _held(value: str) -> dict[str, Any]:
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return {key: each for key, each in held.items() if key != _GENERATED} if isinstance(held, dict) else {}
