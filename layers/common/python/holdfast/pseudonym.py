"""Keyed pseudonyms: the same person gets the same one from every source, and nobody without the key can guess one."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field


def normalise(identifier: str) -> str:
    """An identifier as it is hashed: Unicode NFKC, case folded, outer space gone."""
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
        value = normalise(identifier).encode()
        message = b"%d:%s%d:%s" % (len(domain), domain.encode(), len(value), value)
        return f"{self.key_id}_{hmac.new(self.key, message, hashlib.sha256).hexdigest()[:32]}"

    def distinct(self, identifiers: Iterable[str | None], domain: str = "customer") -> dict[str, str]:
        """Pseudonym by identifier for the distinct ones, so that a column of millions costs what its people cost."""
        return {value: self.one(value, domain) for value in set(identifiers) if value}

    def is_pseudonym(self, text: str) -> bool:
        """Whether `text` already has the form of a pseudonym under this key."""
        head, _, tail = text.partition("_")
        return head == self.key_id and len(tail) == 32 and all(c in "0123456789abcdef" for c in tail)
