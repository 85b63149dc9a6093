"""Keyed pseudonyms: the same person gets the same one from every source, and nobody without the key can guess one."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


def normalise(identifier: str) -> str:
    """An identifier as it is hashed: Unicode NFKC, case folded, outer space gone."""
    if identifier.isascii():
        return identifier.strip().lower()
    return unicodedata.normalize("NFKC", identifier).strip().casefold()


@dataclass(frozen=True)
class Pseudonymiser:
    """HMAC-SHA256 under one 256-bit key; `key_id` leads each pseudonym so that a rotated key is told from its successor."""

    key: bytes = field(repr=False)
    key_id: str = "k1"

    def one(self, identifier: str, domain: str = "customer") -> str:
        """The pseudonym of one identifier: `k1_` and 32 hexadecimal digits.

        Domain and identifier are length-prefixed, so that no two pairs of them give the same message.
        """
        return self.each([identifier], domain)[0]

    def each(self, identifiers: Iterable[str], domain: str = "customer") -> list[str]:
        """The pseudonyms of some identifiers, in their order."""
        begun, half = (each.copy() for each in self._halves)
        begun.update(b"%d:%s" % (len(domain), domain.encode()))
        made = []
        for identifier in identifiers:
            value = normalise(identifier).encode()
            inner, outer = begun.copy(), half.copy()
            inner.update(b"%d:%s" % (len(value), value))
            outer.update(inner.digest())
            made.append(f"{self.key_id}_{outer.hexdigest()[:32]}")
        return made

    def distinct(self, identifiers: Iterable[str | None], domain: str = "customer") -> dict[str, str]:
        """Pseudonym by identifier for the distinct ones, so that a column of millions costs what its people cost."""
        values = [value for value in set(identifiers) if value]
        return dict(zip(values, self.each(values, domain), strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.key, self.key_id)

    @cached_property
    def _halves(self) -> tuple[Any, Any]:
        """HMAC's two hashes with the key in them already (RFC 2104): half of the work, done once."""
        block = (self.key if len(self.key) <= 64 else hashlib.sha256(self.key).digest()).ljust(64, b"\0")
        inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
        return inner, outer

    def is_pseudonym(self, text: str) -> bool:
        """Whether `text` already has the form of a pseudonym under this key."""
        head, _, tail = text.partition("_")
        return head == self.key_id and len(tail) == 32 and all(c in "0123456789abcdef" for c in tail)
