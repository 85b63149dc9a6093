"""What lies in no bucket, made again on a new stack from the buckets of one that is gone. Each part is left alone where it is there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from holdfast import recovery
from holdfast.bundle import load
from holdfast.contracts import Extract, manifest_key
from holdfast.errors import BundleInvalid
from holdfast.keyring import Keyring, keyring
from holdfast.ledger import CURSOR, Ledger
from holdfast.recovery import Forgotten
from holdfast.settings import EventsSource, Settings
from holdfast.source_settings import location
from holdfast.store import Listed, Readable, Store, read_json
from holdfast.vendors import APIS
from holdfast.work import extracts, log_files
from infra.cli import keys, lake, privacy, rollback
from infra.cli.deployment import Deployment, explained
from infra.cli.sources import ledger_of
from infra.cli.stores import BucketOf, artifacts_of, landing_of, registry_of
from infra.trouble import Trouble

if TYPE_CHECKING:
    from holdfast.lake import Lake

_METADATA = re.compile(r"(?P<table>[^/]+)/metadata/(?P<version>\d+)-[0-9a-f-]+\.metadata\.json")
_SCORED = {"pk": {"S": "scores"}, "sk": {"S": "written"}}
Line = tuple[str, str]
"""A part, and what became of it."""


def recovered(deployment: Deployment, settings: Settings, given: str | None) -> Iterator[Line]:
    """Put everything back, part by part; `given` is what was kept of the keys, if anything was.

    Raises:
        Trouble: there is nothing in the buckets, or the keys are not those that the lake is under.
    """
    artifacts = artifacts_of(deployment)
    newest = tables_in(_metadata(deployment), deployment.database)
    runs = entered(artifacts)
    if not (newest or runs):
        raise Trouble(
            f"nothing to recover: buckets {deployment.artifacts_bucket} and {deployment.lake_bucket} hold nothing of {deployment.name}. "
            "`holdfast recover --find` lists those that an earlier stack has left, as [buckets] names them"
        )
    with explained(deployment.endpoint):
        there = lake.lake_of(deployment)
        yield "keys", _keys(deployment, artifacts, given, known=bool(there.names()))
        yield "forgotten", _forgotten(deployment)
        yield (
            "tables",
            registered(there, {each: f"s3://{deployment.lake_bucket}/{key}" for each, key in newest.items()}),
        )
        yield "champion", _champion(deployment, artifacts)
        ledger = ledger_of(deployment)
        yield (
            "log files",
            booked(
                ledger, _files(deployment, settings), read_before(runs, artifacts), partial(_etags_before, deployment)
            ),
        )
        yield "streams", noted(ledger, cursors(runs, settings, artifacts, landing_of(deployment)))
        yield "scores", _scores(deployment, there, artifacts)


def tables_in(found: Iterable[tuple[str, datetime]], database: str) -> dict[str, str]:
    """By table, the key of its newest metadata among objects and when they were written. Of one number the later one: the other is of a
    commit that came to nothing."""
    newest: dict[str, tuple[int, datetime, str]] = {}
    for key, written in found:
        if match := _METADATA.fullmatch(key.removeprefix(f"{database}/")):
            newest[match["table"]] = max(
                newest.get(match["table"], (-1, written, "")), (int(match["version"]), written, key)
            )
    return {table: key for table, (_, _, key) in sorted(newest.items())}


def registered(there: "Lake", newest: Mapping[str, str]) -> str:
    """Let the catalog know tables again that it lacks; `newest` are addresses of metadata by table."""
    known = set(there.names())
    missing = {table: address for table, address in newest.items() if table not in known}
    for table, address in missing.items():
        there.register(table, address)
    return _counted(len(missing), len(known), "registered")


def entered(artifacts: Store) -> list[str]:
    """Runs whose rows are in the lake, by name. Those that were made again pulled nothing."""
    said = (read_json(artifacts, item.key) for item in artifacts.list("runs/"))
    return sorted(each["run"] for each in said if "snapshots" in each and "again" not in each)


def read_before(runs: Iterable[str], artifacts: Store) -> set[tuple[str, str, str]]:
    """Source, address and etag of every log file that was read into the lake. A run whose work lists are gone says none: what it read is
    read once more."""
    read: set[tuple[str, str, str]] = set()
    for run in runs:
        with suppress(KeyError):
            for source, files in log_files(run, artifacts):
                read |= {(source, address, etag) for address, etag in files.items()}
    return read


def booked(
    ledger: Ledger,
    files: Mapping[str, Mapping[str, str]],
    read: set[tuple[str, str, str]],
    before: Callable[[str], Iterable[str]],
) -> str:
    """Book files that are as they were when they were read, or were written anew since by an erasure. `files` are those that there are:
    etag by address, by source; `before` gives the etags that one had, by its address."""
    new = there = 0
    for source, listed in files.items():
        held = ledger.booked(source)
        missing = {
            address: etag
            for address, etag in listed.items()
            if held.get(address) != etag and _was_read(source, address, etag, read, before)
        }
        ledger.book(source, missing, "recovered")
        new, there = new + len(missing), there + len(held)
    return _counted(new, there, "booked as read")


def _was_read(
    source: str, address: str, etag: str, read: set[tuple[str, str, str]], before: Callable[[str], Iterable[str]]
) -> bool:
    return (source, address, etag) in read or any((source, address, each) in read for each in before(address))


def cursors(
    runs: Iterable[str], settings: Settings, artifacts: Store, landing: Readable
) -> dict[tuple[str, str], dict[str, Any]]:
    """By source and stream, up to where it was pulled last; none where what was pulled is no longer in landing."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for run in runs:
        for each in _pulled(run, artifacts):
            note = _note(run, each.table, landing) if _is_api(each.source, settings) else None
            if note and note["at"] > newest.get((each.source, each.stream), {"at": -1})["at"]:
                newest[each.source, each.stream] = note
    return newest


def noted(ledger: Ledger, found: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    """Note how far streams were pulled of which nothing is noted."""
    missing = {key: note for key, note in found.items() if ledger.note(*key, CURSOR) is None}
    for (source, stream), note in missing.items():
        ledger.keep(source, stream, CURSOR, note)
    return _counted(len(missing), len(found) - len(missing), "noted; any other is pulled whole")


def _pulled(run: str, artifacts: Store) -> list[Extract]:
    try:
        return extracts(run, artifacts)
    except KeyError:
        return []


def _note(run: str, table: str, landing: Readable) -> dict[str, Any] | None:
    """As Transform notes it."""
    try:
        manifest = read_json(landing, manifest_key(run, table))
    except KeyError:
        return None
    cursor: dict[str, Any] = manifest["cursor"]
    return cursor | {"run": run, "columns": manifest.get("columns")} if cursor else None


def _is_api(source: str, settings: Settings) -> bool:
    return source in settings.sources and settings.sources[source].kind in APIS


def missing_keys(copy: Forgotten | None, held: Keyring, given: str | None, *, known: bool) -> Keyring | None:
    """The keys that the secret has to hold instead of those that it holds; None where those are right.

    `copy` says which they have to be, `given` is what was kept of them, and `known` whether the catalog has tables, so that keys are in use.

    Raises:
        Trouble: others are needed, or those that are given are not the ones.
    """
    if recovery.knows(held.every, copy.keys) if copy else known:
        return None
    if given is None:
        why = (
            "the secret does not hold the keys that the lake is under"
            if copy
            else "no copy says which keys the lake is under"
        )
        raise Trouble(
            f"{why}: `holdfast recover --keys FILE` takes what `holdfast keys export` wrote; nothing was changed"
        )
    kept = keyring(given, "in --keys")
    if copy and not recovery.knows(kept.every, copy.keys):
        raise Trouble("--keys: these are not the keys that the lake is under, nor later ones; nothing was changed")
    return kept


def _keys(deployment: Deployment, artifacts: Store, given: str | None, *, known: bool) -> str:
    held = keys.held(deployment)
    missing = missing_keys(recovery.copied(artifacts), held, given, known=known)
    if missing is None:
        return f"there already: {held.current.key_id} is current"
    keys.put(deployment, missing)
    return f"put back: {missing.current.key_id} is current"


def _forgotten(deployment: Deployment) -> str:
    done = privacy.put_back(deployment)
    return _counted(done["put_back"], done["requests"] - done["put_back"], "erasures put back")


def _champion(deployment: Deployment, artifacts: Store) -> str:
    champion, registry = recovery.noted_champion(artifacts), registry_of(deployment)
    if champion and registry.put_back(champion):
        pinned = f"; feature set {champion.pinned} stays pinned" if champion.pinned else ""
        return f"{champion.version} serves again{pinned}"
    held = registry.champion()
    return f"there already: {held.version} serves" if held else "none was noted: the next night's model serves"


def _scores(deployment: Deployment, there: "Lake", artifacts: Store) -> str:
    """Vectors for the API, from the newest features that are kept."""
    champion, dynamodb = registry_of(deployment).champion(), deployment.client("dynamodb")
    if dynamodb.get_item(TableName=deployment.state_table, Key=_SCORED, ConsistentRead=True).get("Item"):
        return "there already"
    try:
        plan = (
            rollback.plan_of(there, champion.version, load(artifacts, champion.version).feature_set.version)
            if champion
            else None
        )
    except BundleInvalid:
        plan = None
    if plan is None or plan.snapshot is None:
        return "none yet: the next night makes them"
    run = f"recover-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    scored = lake.invoked(deployment, "ScoreAll", deployment.score_all_function, plan.scoring(run))
    return f"{scored['rows']:,} customers as of {plan.as_of[:10]}"


def _files(deployment: Deployment, settings: Settings) -> dict[str, dict[str, str]]:
    found = {}
    for name, source in settings.sources.items():
        if isinstance(source, EventsSource):
            bucket, inside = location(source.prefix, deployment.uploads_bucket)
            listed: Iterator[Listed] = BucketOf(deployment, bucket).list(inside)
            found[name] = {f"{bucket}/{item.key}": item.etag for item in listed}
    return found


def _etags_before(deployment: Deployment, address: str) -> list[str]:
    bucket, _, key = address.partition("/")
    return str(deployment.client("s3").head_object(Bucket=bucket, Key=key)["Metadata"].get(recovery.WAS, "")).split()


def _metadata(deployment: Deployment) -> Iterator[tuple[str, datetime]]:
    pages = deployment.client("s3").get_paginator("list_objects_v2")
    with explained(deployment.endpoint):
        for page in pages.paginate(Bucket=deployment.lake_bucket, Prefix=f"{deployment.database}/"):
            yield from ((each["Key"], each["LastModified"]) for each in page.get("Contents", []))


def _counted(new: int, there: int, what: str) -> str:
    return f"{new} {what}, {there} there already" if new or not there else f"{there} there already"
