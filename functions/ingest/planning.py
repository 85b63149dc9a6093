"""Decides what a run pulls: streams of the CRM sources, and batches of the files that are not in the lake yet."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from holdfast.contracts import Extract, Planned
from holdfast.errors import ConfigurationInvalid, NoData
from holdfast.ledger import Ledger
from holdfast.quarantine import waiting
from holdfast.settings import EventsSource, Settings, TableSource
from holdfast.source_settings import location
from holdfast.store import Store, read_json, write_json
from holdfast.vendors import ApiSource, streams_of
from ingest.listing import Listing, Told, visible

BATCH_BYTES = 64_000_000
BATCH_FILES = 400
"""As many as the state machine can read one by one, each tried as often as it tries anything, within the history of one execution."""
MAXIMUM_BATCHES = 5000
FAILED = "failed"
"""Name of the note of files that could not be read, by address, on the events of a source."""

Stores = Callable[[str], Store]
_UNTOLD = Told()


@dataclass(frozen=True)
class File:
    """One object of a source; `size` in bytes as stored."""

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def address(self) -> str:
        """The name under which the ledger books it."""
        return f"{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Sources:
    """Where sources of files are, and what is known of them."""

    uploads: str
    stores: Stores
    ledger: Ledger
    told: Told


def planned(
    run: str,
    settings: Settings,
    uploads: str,
    stores: Stores,
    ledger: Ledger,
    artifacts: Store,
    *,
    only: str = "",
    told: Told = _UNTOLD,
) -> Planned:
    """The run's extracts. Kept as `work/<run>/plan.json`, so that a second Plan of the same run says the same.

    With `only` it is one stream of an API (`source/stream`), and the tables that customers are made from beside it.

    Raises:
        NoData: a source of files has none at all.
        ConfigurationInvalid: there is no such stream.
    """
    try:
        return Planned.parse(read_json(artifacts, f"work/{run}/plan.json"))
    except KeyError:
        wanted = _narrowed(settings, only) if only else settings
        found = list(_extracts(run, wanted, Sources(uploads, stores, ledger, told), artifacts))
        found = [each for each in found if not only or each.batch or only == f"{each.source}/{each.stream}"]
        batches = [each.to_json() for each in found if isinstance(wanted.sources[each.source], EventsSource)]
        extracts = [each.to_json() for each in found if each.to_json() not in batches]
        released = set() if only else waiting(artifacts, settings.sources)
        key = write_json(artifacts, f"work/{run}/batches.json", batches)
        plan = Planned(run, extracts, sorted({each.table for each in found} | released), key, len(batches))
        write_json(artifacts, f"work/{run}/plan.json", plan.to_json())
        return plan


def _extracts(run: str, settings: Settings, place: Sources, artifacts: Store) -> Iterator[Extract]:
    for name, source in sorted(settings.sources.items()):
        if isinstance(source, EventsSource):
            batches = _batches(name, source, place)
            stream = "events"
        elif isinstance(source, TableSource):
            batches = [_snapshot(name, source, place)]
            stream = "customers"
        else:
            yield from (Extract(run, name, stream) for stream in streams_of(source))
            continue
        for number, batch in enumerate(batches):
            key = write_json(artifacts, f"work/{run}/{name}-{number:05}.json", [asdict(file) for file in batch])
            yield Extract(run, name, stream, key, list(range(len(batch))))


def _narrowed(settings: Settings, only: str) -> Settings:
    source, _, stream = only.partition("/")
    wanted = settings.sources.get(source)
    if not isinstance(wanted, ApiSource) or stream not in streams_of(wanted):
        raise ConfigurationInvalid(f"there is no stream {only!r}: `holdfast sources status` lists them")
    tables = {name: each for name, each in settings.sources.items() if isinstance(each, TableSource)}
    return settings.model_copy(update={"sources": {source: wanted, **tables}})


def batched(files: list[File]) -> list[list[File]]:
    """Files in their order, cut into batches of about `BATCH_BYTES`, or larger ones when these would be too many."""
    size = max(BATCH_BYTES, -(-sum(file.size for file in files) // MAXIMUM_BATCHES))
    batches: list[list[File]] = []
    filled = size
    for file in files:
        if filled >= size or len(batches[-1]) == BATCH_FILES:
            batches.append([])
            filled = 0
        batches[-1].append(file)
        filled += file.size
    return batches


def newest_snapshot(files: list[File]) -> list[File]:
    """The last file by name; where it is a part (`part-0000…`) of its folder, all parts there."""
    last = PurePosixPath(max(file.key for file in files))
    if not last.name.startswith("part-"):
        return [file for file in files if file.key == str(last)]
    return [f for f in files if (path := PurePosixPath(f.key)).parent == last.parent and path.name.startswith("part-")]


def _batches(name: str, source: EventsSource, place: Sources) -> list[list[File]]:
    """What is new in batches; a file that failed before is alone in its, so that no other fails with it."""
    files = _new_files(name, source, place)
    failed = set(place.ledger.note(name, "events", FAILED) or {})
    others = [file for file in files if file.address not in failed]
    return batched(others) + [[file] for file in files if file.address in failed]


def _new_files(name: str, source: EventsSource, place: Sources) -> list[File]:
    booked = place.ledger.booked(name)
    bucket, inside = location(source.prefix, place.uploads)
    told = Told(
        {(b, key) for b, key in place.told.objects if b == bucket and key.startswith(inside)},
        place.told.complete,
        place.told.now,
    )
    listing = Listing(name, place.stores(bucket), inside, place.ledger, told, notified=bucket == place.uploads)
    files = [
        File(bucket, *item) for item in listing.files(lambda item: booked.get(f"{bucket}/{item.key}") == item.etag)
    ]
    if not files and not booked:
        raise _nothing(name, source.prefix, place.uploads, "NDJSON logs (.gz, .zst or plain)")
    return [file for file in files if booked.get(file.address) != file.etag]


def _snapshot(name: str, source: TableSource, place: Sources) -> list[File]:
    bucket, inside = location(source.prefix, place.uploads)
    files = [File(bucket, *item) for item in visible(place.stores(bucket).list(inside)) if item.size]
    if not files:
        raise _nothing(name, source.prefix, place.uploads, "a CSV or Parquet file with one row per customer")
    return newest_snapshot(files)


def _nothing(name: str, prefix: str, uploads: str, wanted: str) -> NoData:
    bucket, inside = location(prefix, uploads)
    return NoData(
        f"source {name}: no file under s3://{bucket}/{inside}; put {wanted} there, or correct sources.{name}.prefix"
    )
