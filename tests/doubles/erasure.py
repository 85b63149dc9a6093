"""What an erasure stands on in tests: a ring of two keys, a lake in a folder whose files are the bucket, and memory for the rest."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from holdfast.keyring import Key, Keyring
from holdfast.lake import Lake
from holdfast.settings import Settings, parse_settings
from holdfast.store import MemoryStore
from privacy import tables
from privacy.bodies import Reading
from privacy.buckets import MemoryBucket, Version
from privacy.items import Item
from privacy.objects import Zone
from privacy.places import House
from privacy.register import MemoryRegister
from privacy.whose import ANYBODYS, customer_in, whose_objects
from tests.doubles.catalog import folder_lake

RING = Keyring((Key("k1", "1" * 64), Key("k2", "2" * 64)))
SETTINGS = parse_settings("""
[sources.crm]
kind = "hubspot"
[sources.desk]
kind = "intercom"
[sources.usage]
kind = "events"
prefix = "usage/"
fields = { customer = "user_id", time = "ts" }
[churn]
kind = "usage"
""")
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


class FolderBucket:
    """The files of a lake that lies in a folder: each is its own and only version."""

    def __init__(self, folder: Path) -> None:
        self.name, self.folder = "lake", folder
        self.address = f"file://{folder}/"
        self.removed: list[str] = []

    def versions(self, prefix: str = "") -> Iterator[Version]:
        found = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        yield from (Version(key, "only", latest=True, mark=False) for key in found if key.startswith(prefix))

    def read(self, version: Version) -> bytes:
        return (self.folder / version.key).read_bytes()

    def write(self, key: str, body: bytes, like: Version) -> str:
        (self.folder / key).write_bytes(body)
        return "etag"

    def remove(self, versions: Sequence[Version]) -> None:
        for each in versions:
            (self.folder / each.key).unlink()
        self.removed += [each.key for each in versions]

    def put(self, file: Path, path: str) -> str:
        place = Path(path.removeprefix("file://"))
        place.parent.mkdir(parents=True)
        shutil.copy(file, place)
        return path


@dataclass
class MemoryTable:
    """Items in a list."""

    held: list[Item] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        yield from list(self.held)

    def put(self, item: Item) -> None:
        same = [each for each in self.held if (each["pk"], each["sk"]) == (item["pk"], item["sk"])]
        self.held = [each for each in self.held if each not in same] + [item]

    def remove(self, item: Item) -> None:
        self.held.remove(item)


@dataclass
class Estate:
    """A house and its parts."""

    lake: Lake
    files: FolderBucket
    landing: MemoryBucket = field(default_factory=MemoryBucket)
    quarantine: MemoryBucket = field(default_factory=MemoryBucket)
    uploads: MemoryBucket = field(default_factory=MemoryBucket)
    artifacts: MemoryBucket = field(default_factory=MemoryBucket)
    copies: MemoryBucket = field(default_factory=MemoryBucket)
    """In a further region."""
    scores: MemoryTable = field(default_factory=MemoryTable)
    state: MemoryTable = field(default_factory=MemoryTable)
    store: MemoryStore = field(default_factory=MemoryStore)
    register: MemoryRegister = field(default_factory=MemoryRegister)
    run: str = ""
    """Under way."""
    settings: Settings = SETTINGS

    @property
    def place(self) -> tables.Place:
        return tables.Place(self.lake, self.files, self.files, self.settings)

    @property
    def zones(self) -> dict[str, Zone]:
        landed: Callable[[str], Reading] = lambda key: Reading(whose_objects(key, self.settings))  # noqa: E731
        return {
            "landing": Zone("landing", self.landing, landed),
            "quarantine": Zone(
                "quarantine",
                self.quarantine,
                lambda key: Reading(
                    whose_objects(key, self.settings), customer_in(key, self.settings), written_down=True
                ),
            ),
            "uploads": Zone("uploads", self.uploads, lambda _key: Reading(ANYBODYS, "user_id")),
            "artifacts": Zone("artifacts", self.artifacts, lambda _key: Reading()),
            "copies in eu-west-1": Zone("copies in eu-west-1", self.copies, lambda _key: Reading()),
        }

    def house(self, in_time: Callable[[], bool] = lambda: True) -> House:
        return House(
            self.place, self.zones, self.scores, self.state, {}, self.store, self.register, self.settings, RING,
            lambda: "champion", lambda: self.run, lambda: NOW, in_time,
        )  # fmt: skip


def estate(folder: Path) -> Estate:
    """An empty one."""
    return Estate(folder_lake(folder), FolderBucket(folder))
