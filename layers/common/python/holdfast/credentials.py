"""What the secret of a source holds: a token, or what a token is got with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.errors import ConfigurationInvalid

CLIENT_SECRET = "client_secret"  # noqa: S105 - a field's name
"""An app signs its notifications with it as well."""
_OAUTH = ("client_id", CLIENT_SECRET, "refresh_token")
FIELDS = ("token", *_OAUTH)
"""What a secret may hold for this."""
_FORMS = '{"token": "…"}, or for an OAuth app {"client_id": "…", "client_secret": "…", "refresh_token": "…"}'


@dataclass(frozen=True)
class Bearer:
    """A token that is sent as it is."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class OAuth:
    """What a short-lived token is got with."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a request for a token."""
        return {"grant_type": "refresh_token"} | {name: getattr(self, name) for name in _OAUTH}


@dataclass(frozen=True)
class Grant:
    """What a source gives for an app's credentials: a token that lives for minutes, and what the next one is got with."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    """Empty where the one that was sent stays as it is."""


def granted(answer: Mapping[str, Any]) -> Grant | None:
    """Read a source's answer; None if it gives no access token."""
    access, refresh = (answer.get(name) for name in ("access_token", "refresh_token"))
    if not isinstance(access, str) or not access:
        return None
    return Grant(access, refresh if isinstance(refresh, str) else "")


def credentials_in(value: str, secret_id: str) -> Bearer | OAuth:
    """Read a secret's value.

    Raises:
        ConfigurationInvalid: naming the secret and what it must read; never what it reads.
    """
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        held = None  # the parser's error would quote the secret
    if isinstance(held, dict):
        words = {name: text.strip() for name, text in held.items() if isinstance(text, str) and text.strip()}
        if "token" in words:
            return Bearer(words["token"])
        if set(_OAUTH) <= words.keys():
            return OAuth(*(words[name] for name in _OAUTH))
    raise ConfigurationInvalid(f"secret {secret_id} must read {_FORMS}: `holdfast secret set` puts it there")
