"""Finds whom a request means: by the product's own id or by a pseudonym, under the current key or an earlier one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from holdfast.keyring import Keyring
from score.held import Item, Vectors

_FRESH_S = 60.0


@dataclass
class People:
    """Holds the keys for as long as everybody is found with them: a key that came since is looked for where somebody is not.

    While a rotation is under way a customer may be held under either key; all are tried, the current one first.
    """

    read: Callable[[], Keyring]
    vectors: Vectors
    clock: Callable[[], float]
    """Seconds."""
    _ring: Keyring | None = field(default=None, init=False)
    _looked: float = field(default=0.0, init=False)

    def find(self, customer: str) -> Item | None:
        """What is held of a customer, or None."""
        found = self._found(customer, self._ring or self._read())
        if found is None and self.clock() - self._looked >= _FRESH_S:
            return self._found(customer, self._read())
        return found

    def find_all(self, customers: Sequence[str]) -> list[Item | None]:
        """What is held of each, in their order."""
        found = self._found_all(customers, self._ring or self._read())
        if None in found and self.clock() - self._looked >= _FRESH_S:
            return self._found_all(customers, self._read())
        return found

    def _found_all(self, customers: Sequence[str], ring: Keyring) -> list[Item | None]:
        names = [ring.pseudonyms(customer) for customer in customers]
        held = self.vectors.get_all({name for each in names for name in each})
        return [next((held[name] for name in each if name in held), None) for each in names]

    def _found(self, customer: str, ring: Keyring) -> Item | None:
        tried = (self.vectors.get(each) for each in ring.pseudonyms(customer))
        return next((item for item in tried if item is not None), None)

    def _read(self) -> Keyring:
        self._ring, self._looked = self.read(), self.clock()
        return self._ring
