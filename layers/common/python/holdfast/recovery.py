"""What lies in no bucket and cannot be made again has a copy among the artifacts, from where `holdfast recover` puts it back."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from holdfast.errors import StateLost
from holdfast.pseudonym import Pseudonymiser
from holdfast.reading import known
from holdfast.registry import Champion
from holdfast.store import Readable, Store, read_json, write_json

FORGOTTEN, CHAMPION = "recovery/forgotten.json", "recovery/champion.json"
WAS = "holdfast-was"
"""Metadata of an object that an erasure wrote anew: etags that it had before, oldest first."""
_REMEMBERED = 40
"""Etags of an object: S3 takes 2 KB of metadata."""
_SAID, _DOMAIN = "holdfast", "fingerprint"


@dataclass(frozen=True)
class Forgotten:
    """The suppression list and the requests behind it, as the state table has them, and under which keys it was made."""

    keys: str
    """See `fingerprint`."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Receipt by token."""
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def receipts(self) -> set[str]:
        """Of all requests."""
        return {str(each["receipt"]) for each in self.requests}


def fingerprint(key: Pseudonymiser) -> str:
    """By what a key is known again, with all keys before it: a pseudonym of nobody. The key cannot be had back from it."""
    return key.one(_SAID, _DOMAIN)


def knows(keys: Iterable[Pseudonymiser], print_of: str) -> bool:
    """Whether a fingerprint is of one of the keys."""
    return any(fingerprint(each) == print_of for each in keys)


def copied(store: Readable) -> Forgotten | None:
    """What was copied of the suppression list; None where nothing ever was."""
    try:
        return known(Forgotten, read_json(store, FORGOTTEN))
    except KeyError:
        return None


def copy(store: Store, said: Forgotten) -> None:
    """Write down what the suppression list is by now."""
    write_json(store, FORGOTTEN, asdict(said))


def refuse_lost(held: Forgotten | None, keys: Iterable[Pseudonymiser], receipts: set[str]) -> None:
    """Nothing may go on without what the copy says there was: who was forgotten would come back, or everybody under another name.

    Raises:
        StateLost: the keys are others, or requests are gone from the state table. No request ever goes from it otherwise.
    """
    if held is None:
        return
    if not knows(keys, held.keys):
        raise StateLost(
            "the secret of the pseudonyms does not hold the keys that the lake is under: `holdfast recover --keys FILE` puts them back"
        )
    if gone := held.receipts - receipts:
        raise StateLost(f"{len(gone)} erasures are missing in the state table: `holdfast recover` puts them back")


def with_etag(metadata: Mapping[str, str], etag: str) -> dict[str, str]:
    """Metadata of an object that is written anew, which had this etag: so it is known that its lines were read already."""
    before = metadata.get(WAS, "").split()
    return {**metadata, WAS: " ".join([*before, etag][-_REMEMBERED:])}


def note_champion(store: Store, champion: Champion | None) -> None:
    """Write down who serves."""
    if champion:
        write_json(store, CHAMPION, asdict(champion))


def noted_champion(store: Readable) -> Champion | None:
    """Who served when it was written down last; None before the first promotion."""
    try:
        said = read_json(store, CHAMPION)
    except KeyError:
        return None
    return known(Champion, said | {"history": tuple(said["history"])})
