"""Which files a source of logs has: all of them by listing, or in a large bucket what lies behind the last ones and what S3 told of."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from holdfast.ledger import Ledger
from holdfast.store import Listed, Store

LARGE = 10_000
"""Files from which on not all are listed every night: ten requests."""
RECENT = 1000
"""Files at the end of the listing that are listed again in any case."""
WEEK_S = 7 * 86_400.0
LISTED = "listed"
"""Name of the note of the last listing, on the events of a source."""


@dataclass(frozen=True)
class Told:
    """What S3 told of: bucket and key of objects, and whether that is all that has come since the last time."""

    objects: Collection[tuple[str, str]] = ()
    complete: bool = False
    now: float = 0.0
    """Unix seconds."""


@dataclass
class Listing:
    """The files under one prefix."""

    source: str
    store: Store
    prefix: str
    ledger: Ledger
    told: Told
    notified: bool
    """Whether the bucket is one that tells of its objects."""
    found: dict[str, Listed] = field(default_factory=dict)

    def files(self, booked: Callable[[Listed], bool]) -> list[Listed]:
        """What has to be looked at, by key; a full listing at least once a week, and always where files are few."""
        held = self.ledger.note(self.source, "events", LISTED) or {}
        full = not self.notified or not self.told.complete or held.get("keys", 0) < LARGE
        full = full or self.told.now - held.get("at", 0.0) >= WEEK_S
        after = "" if full else str(held["after"])
        self.found = {item.key: item for item in visible(self.store.list(self.prefix, after))}
        earlier = sorted(
            {key for _, key in self.told.objects if key <= after} | {key for key in held.get("earlier", []) if after}
        )
        self.found |= {item.key: item for key in earlier for item in visible(self.store.list(key)) if item.key == key}
        files = [self.found[key] for key in sorted(self.found)]
        self._keep(files, [item.key for item in files if not booked(item)], after, held, full=full)
        return files

    def _keep(self, files: list[Listed], new: list[str], after: str, held: dict[str, object], *, full: bool) -> None:
        """The next listing begins before the first file that is not in the lake yet."""
        behind = [item.key for item in files if item.key > after]
        first = min([*(key for key in new if key > after), *behind[-RECENT:]], default=after)
        begin = max((key for key in behind if key < first), default=after)
        note = {
            "at": self.told.now if full else held["at"],
            "keys": len(files) if full else held["keys"],
            "after": begin,
            "earlier": [key for key in new if key <= after],
        }
        if note != held and self.told.now:
            self.ledger.keep(self.source, "events", LISTED, note)


def visible(listing: Iterable[Listed]) -> list[Listed]:
    """Without folder markers and what writers leave beside their data (`_SUCCESS`, `.part`)."""
    return [
        item for item in listing if not item.key.endswith("/") and item.key.rpartition("/")[2][:1] not in {"_", "."}
    ]
