"""Values of secrets: tokens, keys, what notifications are signed with. What they hold is in no error."""

import json

from holdfast.credentials import Grant, credentials_in
from holdfast.errors import ConfigurationInvalid
from holdfast.keyring import keyring
from holdfast.source_secrets import MemorySecret, token_of
from ingest.webhooks import webhook_secret_in

ALLOWED = (ConfigurationInvalid,)


def seeds() -> list[bytes]:
    held = [
        '{"token": "t"}',
        '{"client_id": "a", "client_secret": "b", "refresh_token": "c"}',
        '{"webhook_secret": "w"}',
        "a1B2" * 16,
    ]
    return [each.encode() for each in [*held, keyring("a1B2" * 16, "s").to_secret()]]


def exchanged(text: str, name: str) -> None:
    """A token is got with it, and another refresh token is put into it: all else that it holds is as it was."""
    secret = MemorySecret(text, id=name)
    token = token_of(secret, lambda app: Grant("access", f"{app.refresh_token}!"))
    assert token
    if secret.value is not text:
        before, after = json.loads(text), json.loads(secret.value)
        assert str(before | {"refresh_token": after["refresh_token"]}) == str(after)


def once(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    webhook_secret_in(text)
    for read in (keyring, credentials_in, exchanged):
        try:
            read(text, "s")
        except ConfigurationInvalid as error:
            assert len(text) < 24 or text not in str(error)  # noqa: PT017 - what is asked is what it does not say
