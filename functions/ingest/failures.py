"""Log files that could not be read at all: tried again the next nights, and given up in the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from holdfast.contracts import Extract, failed_key
from holdfast.errors import SourceGarbled
from holdfast.ledger import Ledger
from holdfast.reading import known
from holdfast.sql import connect
from holdfast.store import Store, read_json
from holdfast.words import message_of
from ingest.landing import Landing, Reject, add_rejects, as_row, open_rejects
from ingest.planning import FAILED, File

_UNTOLD = "the function that read it ended without an answer"


@dataclass(frozen=True)
class Failure:
    """A file that could not be read, why, and in which runs."""

    file: File
    why: str
    runs: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """For people."""
        tries = "once" if len(self.runs) == 1 else f"{len(self.runs)} times"
        return f"s3://{self.file.address}: {self.why} (tried {tries})"


def failed_files(artifacts: Store, run: str, batches: Iterable[Extract], read: set[str]) -> list[tuple[File, str]]:
    """Files of the batches that are not among those `read` (addresses), each with the reason."""
    found = []
    for batch in batches:
        for place, said in enumerate(read_json(artifacts, batch.batch)):
            file = known(File, said)
            if file.address not in read:
                alone = Extract(run, batch.source, batch.stream, batch.batch, only=place)
                found.append((file, _why(artifacts, failed_key(run, batch.batch, alone.part))))
    return found


def note_failures(
    ledger: Ledger, source: str, run: str, failed: Sequence[tuple[File, str]], read: set[str]
) -> list[Failure]:
    """Remember which files failed in which runs, and forget those that were read by now."""
    held: dict[str, Any] = ledger.note(source, "events", FAILED) or {}
    kept = {address: said for address, said in held.items() if address not in read}
    for file, why in failed:
        before = held.get(file.address, {})
        runs = before.get("runs", []) if before.get("etag") == file.etag else []
        kept[file.address] = {**asdict(file), "why": why, "runs": sorted({*runs, run})}
    if kept != held:
        ledger.keep(source, "events", FAILED, kept)
    return [_failure(kept[file.address]) for file, _ in failed]


def give_up(place: Landing, ledger: Ledger, failures: Sequence[Failure]) -> None:
    """Put files into quarantine by name, and book them, so that they are not tried again."""
    if not failures:
        return
    connection = connect()
    open_rejects(connection)
    rows = [
        Reject(f"the file cannot be read, tried {len(each.runs)} times: {each.why}",
               as_row(file=each.file.key, bytes=each.file.size), each.file.key)
        for each in failures
    ]  # fmt: skip
    add_rejects(connection, rows)
    place.give_up(connection)
    extract = place.extract
    ledger.book(extract.source, {each.file.address: each.file.etag for each in failures}, extract.run)
    left: Mapping[str, Any] = ledger.note(extract.source, "events", FAILED) or {}
    gone = {each.file.address for each in failures}
    ledger.keep(extract.source, "events", FAILED, {name: said for name, said in left.items() if name not in gone})


def check_share(source: str, failures: Sequence[Failure], files: int, tolerated: float) -> None:
    """A single file never fails a run, nor do more up to a share.

    Raises:
        SourceGarbled: more failed than that.
    """
    if len(failures) > max(1, tolerated * files):
        raise SourceGarbled(
            source, f"{len(failures)} of {files} log files cannot be read, such as {failures[0].sentence}; "
            f"{tolerated:.0%} may (run.tolerated_failures); see `holdfast logs Ingest`"
        )  # fmt: skip


def _why(artifacts: Store, key: str) -> str:
    try:
        failure = read_json(artifacts, key)["failure"]
    except KeyError:
        return _UNTOLD
    return f"{failure.get('Error', 'unknown')}: {message_of(failure.get('Cause', ''))}"[:300]


def _failure(said: Mapping[str, Any]) -> Failure:
    file = File(said["bucket"], said["key"], said["size"], said["etag"])
    return Failure(file, said["why"], tuple(said["runs"]))
