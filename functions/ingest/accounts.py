"""The account that Ingest gives of each log file: its lines, and what became of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from holdfast.contracts import failed_key, landed_key
from holdfast.reading import known
from holdfast.store import read_json, write_json
from ingest.landing import Landing
from ingest.unmapped import Seen


@dataclass(frozen=True)
class FileCount:
    """Lines of one file by what became of them. A file that is `broken` (why) is rejected whole, and its lines are not counted."""

    bucket: str
    key: str
    etag: str
    lines: int = 0
    empty: int = 0
    rows: int = 0
    rejected: int = 0
    broken: str = ""

    def with_rows(self, rows: int, rejected: int) -> Self:
        """The same with what landed and what did not."""
        return replace(self, rows=rows, rejected=rejected)

    @property
    def gap(self) -> int:
        """Lines of which nobody knows what became of them."""
        return 0 if self.broken else self.lines - self.empty - self.rows - self.rejected


@dataclass(frozen=True)
class Account:
    """What Ingest says of a batch, or of one file of it."""

    files: list[FileCount]
    fields: list[Seen] = field(default_factory=list)
    reason: str = ""
    """Why the first of the rejected lines or files was."""

    @classmethod
    def parse(cls, said: dict[str, Any]) -> Self:
        """From its JSON."""
        return cls(
            [known(FileCount, each) for each in said["files"]],
            [known(Seen, each) for each in said["fields"]],
            said["reason"],
        )


def write_account(place: Landing, files: Sequence[FileCount], fields: Sequence[Seen], reason: str) -> None:
    """Say what came of an extract: from now on it counts as read."""
    said = {"files": [asdict(each) for each in files], "fields": [each._asdict() for each in fields], "reason": reason}
    write_json(place.artifacts, landed_key(place.extract.run, place.extract.batch, place.extract.part), said)


def write_failure(place: Landing) -> None:
    """Say that one file of a batch cannot be read, and why."""
    extract, (file,) = place.extract, place.files()
    said = {"file": asdict(file), "failure": extract.failure}
    write_json(place.artifacts, failed_key(extract.run, extract.batch, extract.part), said)


def read_accounts(artifacts: Any, run: str, batch: str) -> list[Account]:
    """What Ingest said of a batch: of all of it, or else of the files that it could read alone."""
    number = batch.rpartition("-")[2].removesuffix(".json")
    try:
        return [Account.parse(read_json(artifacts, landed_key(run, batch, number)))]
    except KeyError:
        keys = artifacts.list(landed_key(run, batch, f"{number}-").removesuffix(".json"))
        return [Account.parse(read_json(artifacts, item.key)) for item in keys]
