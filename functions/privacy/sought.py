"""Whom an erasure is about: one-way forms of everything that names a person, and which values are among them.

Neither an identifier nor a pseudonym is kept. A value is held against the list by making its pseudonyms, under every key, and
hashing those once more.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from holdfast.pseudonym import Pseudonymiser
from holdfast.records import DOMAIN, hashed_of

FORM = re.compile(r"k[1-9]\d{0,3}_[0-9a-f]{32}")
_WORD = re.compile(r"[^\s\"'\\,;:<>(){}\[\]=|`]+")
_SUFFIXES = re.compile(r"(\.(gz|zst|ndjson|jsonl?|csv|parquet|log|txt))+$", re.IGNORECASE)
"""What a file's name ends with."""
_REMEMBERED = 1 << 20
"""Values of which it is known whether they name the person, before that is forgotten: a tenth of a gigabyte or two."""
_SHORTEST = 5
"""Characters of an identifier that is looked for in running text; a shorter one only where a column names people."""


class Keys(Protocol):
    """The keys of a deployment, as `holdfast.keyring.Keyring` has them."""

    @property
    def every(self) -> Sequence[Pseudonymiser]:
        """A pseudonymiser for each key."""
        ...

    def pseudonyms(self, identifier: str) -> Sequence[str]:
        """Of a pseudonym the ones that follow from it under later keys, itself among them."""
        ...


def token(pseudonym: str) -> str:
    """What the suppression list holds of a pseudonym: 64 hexadecimal digits from which it cannot be had back."""
    return hashlib.sha256(b"forgotten:" + pseudonym.encode()).hexdigest()


class Sought:
    """Tokens of one person, or of all who were forgotten, and what is known of the values that were asked for."""

    def __init__(self, keys: Keys, tokens: Iterable[str] = ()) -> None:
        self._keys, self._every = keys, keys.every
        self.tokens = set(tokens)
        self.raws: set[str] = set()
        """Identifiers that were met, as they were written. They are known while this is, and nowhere kept."""
        self.met: set[str] = set()
        """Tokens of what was met."""
        self._asked: dict[tuple[str, str], bool] = {}

    def __bool__(self) -> bool:
        return bool(self.tokens)

    def only(self, tokens: Iterable[str]) -> "Sought":
        """One of all who are sought."""
        return Sought(self._keys, tokens)

    def named(self, values: Iterable[str | None]) -> set[str]:
        """Of some values those that are an identifier or a pseudonym of the person."""
        found = self._theirs("", values)
        self.raws |= {value for value in found if _telling(value) and not FORM.fullmatch(value)}
        return found

    def records(self, place: str, ids: Iterable[str | None]) -> set[str]:
        """Of some ids those of the person's own records; `place` is `<source>/<stream>`."""
        return self._theirs(place, ids)

    def words(self, text: str) -> set[str]:
        """Words of a running text that name the person."""
        return self.named(word for word in _words(text) if _telling(word))

    def names(self, text: str) -> bool:
        """Whether a text is or holds anything that names the person."""
        return bool(self.words(text) or ((_telling(text) or FORM.fullmatch(text)) and self.named([text])))

    def pseudonyms(self, identifier: str) -> list[str]:
        """All pseudonyms of an identifier."""
        return [key.one(identifier) for key in self._every]

    def learn(self, identifier: str) -> bool:
        """Seek one more identifier or pseudonym; whether it is a new one."""
        return self._more(self._tokens("", [identifier])[0])

    def learn_record(self, place: str, record: str) -> bool:
        """Seek one more record."""
        return self._more(self._tokens(place, [record])[0])

    def _theirs(self, place: str, values: Iterable[str | None]) -> set[str]:
        wanted = {value for value in values if value}
        if len(self._asked) > _REMEMBERED:
            self._asked.clear()
        fresh = [value for value in wanted if (place, value) not in self._asked]
        for value, tokens in zip(fresh, self._tokens(place, fresh), strict=True):
            self.met |= self.tokens & tokens
            self._asked[place, value] = not self.tokens.isdisjoint(tokens)
        return {value for value in wanted if self._asked[place, value]}

    def _tokens(self, place: str, values: Sequence[str]) -> list[set[str]]:
        if place:
            said = [hashed_of(place, value) for value in values]
            return [
                set(map(token, each)) for each in zip(*(key.each(said, DOMAIN) for key in self._every), strict=True)
            ]
        raw = [value for value in values if not FORM.fullmatch(value)]
        made = zip(*(key.each(raw) for key in self._every), strict=True) if raw else ()
        of_raw = {value: set(map(token, each)) for value, each in zip(raw, made, strict=True)}
        return [of_raw.get(value) or self._of_pseudonym(value) for value in values]

    def _of_pseudonym(self, pseudonym: str) -> set[str]:
        return {token(pseudonym), *map(token, self._keys.pseudonyms(pseudonym))}

    def _more(self, tokens: set[str]) -> bool:
        new = tokens - self.tokens
        if new:
            self.tokens |= new
            self._asked.clear()
        return bool(new)


def _words(text: str) -> set[str]:
    found = set(_WORD.findall(text))
    found |= {part for each in found if "/" in each for part in each.split("/")}
    return found | {each.strip(".!?-") for each in found} | {_SUFFIXES.sub("", each) for each in found}


def _telling(word: str) -> bool:
    """Short words and plain numbers may mean anything."""
    return len(word) >= _SHORTEST and not word.isdecimal()
