"""What the run has in hand: which tables landed, from which source, and which of their files passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.contracts import Extract, Planned, landed_key, manifest_key
from holdfast.errors import ConfigurationInvalid
from holdfast.ledger import CURSOR, Ledger
from holdfast.settings import Settings
from holdfast.store import Store, read_json
from holdfast.vendors import APIS, ApiSource, streams_of, vendor_of


@dataclass(frozen=True)
class Passed:
    """One table of the run and the landing files that passed."""

    source: str
    kind: str
    stream: str
    files: list[str]


def named(table: str, settings: Settings) -> tuple[str, str]:
    """Source and stream of a landing table.

    Raises:
        ConfigurationInvalid: no configured source has such a table.
    """
    for source in sorted(settings.sources, key=len, reverse=True):
        if table.startswith(f"{source}_"):
            return source, table.removeprefix(f"{source}_")
    raise ConfigurationInvalid(f"table {table} belongs to no source; there are {', '.join(sorted(settings.sources))}")


def passed(run: str, settings: Settings, artifacts: Store) -> list[Passed]:
    """The run's tables of files (not of APIs) that have a verdict and at least one file."""
    prefix = f"work/{run}/verdict-"
    found = []
    for item in artifacts.list(prefix):
        source, stream = named(item.key.removeprefix(prefix).removesuffix(".json"), settings)
        kind = settings.sources[source].kind
        if kind not in APIS:
            found.append(Passed(source, kind, stream, read_json(artifacts, item.key)))
    return [each for each in found if each.files]


def pulls(run: str, settings: Settings, artifacts: Store, landing: Store) -> Iterator[tuple[Passed, dict[str, Any]]]:
    """For each stream of an API that the run could pull: its files that passed, and what Ingest says of them."""
    for extract in extracts(run, artifacts):
        if settings.sources[extract.source].kind in APIS:
            files = read_json(artifacts, f"work/{run}/verdict-{extract.table}.json")
            vendor = vendor_of(settings.sources[extract.source])
            manifest = read_json(landing, manifest_key(run, extract.table))
            if manifest["cursor"]:
                yield Passed(extract.source, vendor, extract.stream, files), manifest


def left_alone(pulled: list[Passed], settings: Settings, ledger: Ledger) -> Iterator[tuple[Passed, dict[str, Any]]]:
    """Each stream of an API that the run did not pull, and the note of the last pull of it."""
    there = {(each.source, each.stream) for each in pulled}
    for name, source in settings.sources.items():
        for stream in streams_of(source) if isinstance(source, ApiSource) else ():
            if (name, stream) not in there:
                yield Passed(name, vendor_of(source), stream, []), ledger.note(name, stream, CURSOR) or {}


def extracts(run: str, artifacts: Store) -> list[Extract]:
    """What the run pulled one by one."""
    return [Extract.parse(each) for each in Planned.parse(read_json(artifacts, f"work/{run}/plan.json")).extracts]


def log_files(run: str, artifacts: Store) -> Iterator[tuple[str, dict[str, str]]]:
    """For each batch of usage logs of the run: its source, and the etag of every file that Ingest could read, by address."""
    plan = Planned.parse(read_json(artifacts, f"work/{run}/plan.json"))
    for batch in map(Extract.parse, read_json(artifacts, plan.batches) if plan.batches else []):
        for account in artifacts.list(landed_key(run, batch.batch, batch.part).removesuffix(".json")):
            files = read_json(artifacts, account.key)["files"]
            yield batch.source, {f"{file['bucket']}/{file['key']}": file["etag"] for file in files}
