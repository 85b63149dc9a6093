"""Values of secrets: tokens, keys, what notifications are signed with. What they hold is in no error."""

from holdfast.credentials import credentials_in
from holdfast.errors import ConfigurationInvalid
from holdfast.keyring import keyring
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


def once(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    webhook_secret_in(text)
    for read in (keyring, credentials_in):
        try:
            read(text, "s")
        except ConfigurationInvalid as error:
            assert len(text) < 24 or text not in str(error)  # noqa: PT017 - what is asked is what it does not say
