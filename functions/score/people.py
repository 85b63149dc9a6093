"""Finds whom a request means: by the product's own id, a pseudonym or a source's record, under the current key or an earlier one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.keyring import Keyring
from holdfast.records import DOMAIN, LEADS_TO, hashed_of, named
from holdfast.settings import Source
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
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Those whose records may be asked for."""
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
        found = self._held([self._names(customer, ring) for customer in customers])
        led = self._held([ring.pseudonyms(item[LEADS_TO]) if item and LEADS_TO in item else () for item in found])
        return [to if item and LEADS_TO in item else item for item, to in zip(found, led, strict=True)]

    def _held(self, names: Sequence[Sequence[str]]) -> list[Item | None]:
        """Of each the first item of its names that is there."""
        held = self.vectors.get_all({name for each in names for name in each})
        return [next((held[name] for name in each if name in held), None) for each in names]

    def _found(self, customer: str, ring: Keyring) -> Item | None:
        item = self._first(self._names(customer, ring))
        return self._first(ring.pseudonyms(item[LEADS_TO])) if item and LEADS_TO in item else item

    def _first(self, names: Sequence[str]) -> Item | None:
        tried = (self.vectors.get(each) for each in names)
        return next((item for item in tried if item is not None), None)

    def _names(self, customer: str, ring: Keyring) -> Sequence[str]:
        """Under which somebody may be held: of a record, or of an id."""
        record = [hashed_of(*each) for each in named(customer, self.sources)]
        return [name for each in record for name in ring.pseudonyms(each, DOMAIN)] or ring.pseudonyms(customer)

    def _read(self) -> Keyring:
        self._ring, self._looked = self.read(), self.clock()
        return self._ring
