"""Keyed pseudonyms: the same person gets the same one from every source, and nobody without the key can guess one."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

FORM = re.compile(r"(k[1-9]\d{0,3})_[0-9a-f]{32}")
"""A pseudonym: the id of its key, and 32 hexadecimal digits."""
_LIFTED = "pseudonym"
"""Domain of what is hashed again under a later key."""


def normalise(identifier: str, *, untagged: bool = False) -> str:
    """An identifier as it is hashed: Unicode NFKC with case folded, without outer space and characters that nobody sees.

    With `untagged` an address loses what follows a plus before its @: `ada+news@example.com` is `ada@example.com`.
    """
    # Folding can undo the normal form, and the other way round (Unicode 3.13, toNFKC_Casefold): twice is enough.
    plain = (identifier.lower() if identifier.isascii() else _folded(_folded(identifier))).strip()
    return _untagged(plain) if untagged and "@" in plain else plain


@dataclass(frozen=True)
class Pseudonymiser:
    """HMAC-SHA256 under one 256-bit key; `key_id` leads each pseudonym so that a rotated key is told from its successor.

    A key that followed another one hashes that one's pseudonyms (`before`): whatever is stored can go on to the next key by
    itself, and an identifier gives the same as a pseudonym of its own that did.
    """

    key: bytes = field(repr=False)
    key_id: str = "k1"
    before: "Pseudonymiser | None" = None
    untagged: bool = False
    """Whether addresses lose their tags: see `normalise`."""

    def one(self, identifier: str, domain: str = "customer") -> str:
        """The pseudonym of one identifier: `k1_` and 32 hexadecimal digits.

        Domain and identifier are length-prefixed, so that no two pairs of them give the same message.
        """
        return self.each([identifier], domain)[0]

    def each(self, identifiers: Iterable[str], domain: str = "customer") -> list[str]:
        """The pseudonyms of some identifiers, in their order."""
        if self.before:
            return self._hashed(self.before.each(identifiers, domain), _LIFTED)
        return self._hashed((normalise(one, untagged=self.untagged) for one in identifiers), domain)

    def distinct(self, identifiers: Iterable[str | None], domain: str = "customer") -> dict[str, str]:
        """Pseudonym by identifier for the distinct ones, so that a column of millions costs what its people cost."""
        values = [value for value in set(identifiers) if value]
        return dict(zip(values, self.each(values, domain), strict=True))

    def lifted(self, pseudonyms: Iterable[str]) -> list[str]:
        """Pseudonyms of this key or an earlier one as they are under this key, in their order.

        Raises:
            ValueError: one is of no key that is known here.
        """
        given = list(pseudonyms)
        earlier = [at for at, one in enumerate(given) if not self.is_pseudonym(one)]
        if earlier and self.before is None:
            raise ValueError(f"{len(earlier)} pseudonyms are under no key that is known here")
        if earlier and self.before:
            lifted = self._hashed(self.before.lifted(given[at] for at in earlier), _LIFTED)
            for at, made in zip(earlier, lifted, strict=True):
                given[at] = made
        return given

    def is_pseudonym(self, text: str) -> bool:
        """Whether `text` already has the form of a pseudonym under this key."""
        found = FORM.fullmatch(text)
        return bool(found) and found[1] == self.key_id  # type: ignore[index]

    def _hashed(self, messages: Iterable[str], domain: str) -> list[str]:
        begun, half = (each.copy() for each in self._halves)
        begun.update(b"%d:%s" % (len(domain.encode()), domain.encode()))
        made = []
        for message in messages:
            value = message.encode()
            inner, outer = begun.copy(), half.copy()
            inner.update(b"%d:%s" % (len(value), value))
            outer.update(inner.digest())
            made.append(f"{self.key_id}_{outer.hexdigest()[:32]}")
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.key_id, self.before, self.untagged)

    @cached_property
    def _halves(self) -> tuple[Any, Any]:
        """HMAC's two hashes with the key in them already (RFC 2104): half of the work, done once."""
        block = (self.key if len(self.key) <= 64 else hashlib.sha256(self.key).digest()).ljust(64, b"\0")
        inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
        return inner, outer


def _folded(text: str) -> str:
    seen = "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")
    return unicodedata.normalize("NFKC", seen.casefold())


def _untagged(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name.partition('+')[0] or name}@{host}"
