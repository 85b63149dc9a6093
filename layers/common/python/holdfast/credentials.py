"""What the secret of a source holds: a token, or what a token is got with."""

import json
from dataclasses import dataclass, field

from holdfast.errors import ConfigurationInvalid

_OAUTH = ("client_id", "client_secret", "refresh_token")
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
