"""The keys of the pseudonyms, as their secret holds them: the last is current, and each one before it is still understood."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from holdfast.errors import ConfigurationInvalid
from holdfast.pseudonym import FORM, Pseudonymiser

UNDER = "holdfast.pseudonyms"
"""Property of a table of the lake: id of the key under which all its pseudonyms are. Without one, only the first key has ever been."""
_LEAST = 32
"""Characters of a key: of hexadecimal digits it takes 64 for 256 bits, and that is what a new one has."""
_ID = "k{}"


@dataclass(frozen=True)
class Key:
    """One key of a ring. `since` is when it came, in ISO 8601; the one that the stack was born with does not say."""

    id: str
    value: str = field(repr=False)
    since: str = ""


@dataclass(frozen=True)
class Keyring:
    """All keys, oldest first, and the pseudonyms that they make."""

    keys: tuple[Key, ...]
    untagged: bool = False
    """Whether addresses lose their tags: see `holdfast.pseudonym.normalise`."""

    @property
    def every(self) -> tuple[Pseudonymiser, ...]:
        """A pseudonymiser for each key, the current one first."""
        made: list[Pseudonymiser] = []
        for key in self.keys:
            made.append(Pseudonymiser(key.value.encode(), key.id, made[-1] if made else None, self.untagged))
        return tuple(reversed(made))

    @property
    def current(self) -> Pseudonymiser:
        """The one that everything is written under from now on."""
        return self.every[0]

    def pseudonyms(self, identifier: str, domain: str = "customer") -> tuple[str, ...]:
        """All names under which somebody may be held, that of the current key first. A pseudonym is one identifier of them:
        then they are those of its own key and of the later ones.
        """
        if not self.knows(identifier):
            return tuple(each.one(identifier, domain) for each in self.every)
        own = [each.key_id for each in self.every].index(identifier.partition("_")[0])
        return tuple(each.lifted([identifier])[0] for each in self.every[: own + 1])

    def knows(self, text: str) -> bool:
        """Whether a text is a pseudonym under one of the keys."""
        found = FORM.fullmatch(text)
        return found is not None and found[1] in {key.id for key in self.keys}

    def rotated(self, now: datetime) -> "Keyring":
        """The ring with a new key, which is current; no other is lost."""
        number = 1 + max(int(key.id[1:]) for key in self.keys)
        return Keyring((*self.keys, Key(_ID.format(number), secrets.token_hex(32), now.isoformat())), self.untagged)

    def to_secret(self) -> str:
        """What the secret holds."""
        return json.dumps({"keys": [{"id": key.id, "key": key.value, "since": key.since} for key in self.keys]})


def keyring(value: str, secret_id: str, *, untagged: bool = False) -> Keyring:
    """Read a secret's value: a ring as JSON, or the one key that the stack was born with as it stands.

    Raises:
        ConfigurationInvalid: naming the secret and what is wrong; never what it reads.
    """
    try:
        said = json.loads(value)
    except (ValueError, RecursionError):
        said = None  # the parser's error would quote the secret
    ring = _parsed(said) if isinstance(said, Mapping) else (Key("k1", value),)
    ids = [key.id for key in ring]
    if not ring or len(set(ids)) < len(ids) or any(not FORM.fullmatch(f"{each}_{'0' * 32}") for each in ids):
        raise ConfigurationInvalid(f"secret {secret_id}: its keys need ids of their own, k1, k2 and so on")
    if short := [key.id for key in ring if len(key.value) < _LEAST]:
        raise ConfigurationInvalid(
            f"secret {secret_id}: key {short[0]} has under {_LEAST} characters: it can be guessed"
        )
    return Keyring(ring, untagged)


def _parsed(said: Mapping[str, Any]) -> tuple[Key, ...]:
    listed = said.get("keys")
    each = listed if isinstance(listed, list) else []
    return tuple(
        Key(str(one.get("id", "")), str(one.get("key", "")), str(one.get("since", "")))
        for one in each
        if isinstance(one, Mapping)
    )
