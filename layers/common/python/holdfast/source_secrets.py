"""Secrets of sources: read when a token is needed, and written when a source exchanges what tokens are got with."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

from holdfast.aws import client, translated
from holdfast.credentials import Bearer, Grant, OAuth, credentials_in
from holdfast.locks import Locks

Exchange = Callable[[OAuth], Grant]
"""Asks the source for an access token."""


def webhook_secret_id(deployment: str, source: str) -> str:
    """Of what a source signs its notifications with: apart from its token, for another function."""
    return f"{deployment}/{source}/webhook"


class Secret(Protocol):
    """What is kept of one source in secret. Nothing of it is ever said or written down elsewhere."""

    @property
    def source(self) -> str:
        """Its source, as the configuration names it."""
        ...

    @property
    def id(self) -> str:
        """What Secrets Manager knows it by."""
        ...

    def read(self) -> str:
        """Its value now: somebody may have put another one there."""
        ...

    def write(self, value: str) -> None:
        """Put another value in its place."""
        ...

    def turn(self) -> AbstractContextManager[object]:
        """Held while its value is exchanged for another: by one at a time."""
        ...


def token_of(secret: Secret, exchange: Exchange) -> str:
    """The token to send to a source: the one that its secret holds, or one that is got with what it holds.

    Raises:
        ConfigurationInvalid: the secret holds neither.
        TableBusy: somebody else exchanges it, and does not end.
    """
    held = credentials_in(secret.read(), secret.id)
    return held.token if isinstance(held, Bearer) else _exchanged(secret, exchange)


def _exchanged(secret: Secret, exchange: Exchange) -> str:
    """An access token. A new refresh token is kept before that is used: with some sources the old one is good until then."""
    with secret.turn():
        value = secret.read()  # again: whoever had the turn before may have written
        held = credentials_in(value, secret.id)
        if isinstance(held, Bearer):
            return held.token
        grant = exchange(held)
        if grant.refresh_token not in ("", held.refresh_token):
            secret.write(json.dumps(json.loads(value) | {"refresh_token": grant.refresh_token}))
    return grant.access_token


@dataclass(frozen=True)
class StoredSecret:
    """One of Secrets Manager; whose turn it is, is a lock in the state table."""

    source: str
    id: str
    locks: Locks
    secretsmanager: Any = None

    def read(self) -> str:
        with translated(f"reading secret {self.id}"):
            return str(self._client.get_secret_value(SecretId=self.id)["SecretString"])

    def write(self, value: str) -> None:
        with translated(f"writing secret {self.id}"):
            self._client.put_secret_value(SecretId=self.id, SecretString=value)

    def turn(self) -> AbstractContextManager[object]:
        return self.locks.hold(f"{self.source}#token")

    @property
    def _client(self) -> Any:
        return self.secretsmanager or client("secretsmanager")


@dataclass
class MemorySecret:
    """The same in a variable."""

    value: str = field(repr=False)
    source: str = "crm"
    id: str = "holdfast/crm"
    _turn: Lock = field(default_factory=Lock, repr=False)

    def read(self) -> str:
        return self.value

    def write(self, value: str) -> None:
        self.value = value

    def turn(self) -> AbstractContextManager[object]:
        return self._turn
