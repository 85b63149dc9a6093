"""Draws up what a run's log files came to: counts by file, files that failed, and each source's schema from now on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from holdfast.contracts import Extract, Planned, Reconciled
from holdfast.errors import SourceGarbled
from holdfast.fields import EVENT_COLUMNS, LANDED_COLUMNS, MORE
from holdfast.ledger import Ledger
from holdfast.observe import logger
from holdfast.privacy import declared
from holdfast.reading import known
from holdfast.schema import Change, Column, Schema, decision_key, remember, remembered
from holdfast.settings import EventsSource, Settings
from holdfast.store import Store, read_json, write_json
from ingest.accounts import Account, read_accounts
from ingest.evolution import Decision, Refusal, decided
from ingest.failures import Failure, check_share, failed_files, give_up, note_failures
from ingest.landing import Landing
from ingest.undeclared import columns_decided, columns_seen

Alert = tuple[str, dict[str, Any]]
"""Subject and body."""


@dataclass(frozen=True)
class Place:
    """Everything that Reconcile reads from and writes to."""

    artifacts: Store
    landing: Store
    quarantine: Store
    ledger: Ledger
    stores: Callable[[str], Store]


def counts_key(run: str, source: str) -> str:
    """Where the artifacts bucket keeps what became of each line of a source's files."""
    return f"reconciliation/run={run}/files/{source}.json"


def reconciled(run: str, settings: Settings, place: Place) -> tuple[Reconciled, list[Alert]]:
    """Account for all files that the run planned to read, decide on schemas, and say what people should know.

    A second time it answers the same and changes nothing.

    Raises:
        SourceGarbled: more files failed than are tolerated, or not one line of all can be used.
    """
    totals, alerts, changes = [], [], 0
    for source, batches in _batches(run, place.artifacts).items():
        accounts = [each for batch in batches for each in read_accounts(place.artifacts, run, batch.batch)]
        failures = _failures(run, source, batches, accounts, settings, place)
        totals.append(_counted(run, source, accounts, place.artifacts) | {"failed": len(failures)})
        _refuse_garbage(source, accounts)
        decision = _decision(run, source, settings, accounts, place.artifacts)
        changes += len(decision.changes)
        alerts += [each for each in (_of_failures(source, failures, settings), _of_changes(source, decision)) if each]
    for name, decision in _columns(run, settings, place.artifacts).items():
        changes += len(decision.changes)
        alerts += [each for each in (_of_columns(name, decision),) if each]
    sums = {name: sum(each[name] for each in totals) for name in ("rows", "rejected", "failed", "gap")}
    return Reconciled(**sums, changes=changes), alerts


def _batches(run: str, artifacts: Store) -> dict[str, list[Extract]]:
    plan = Planned.parse(read_json(artifacts, f"work/{run}/plan.json"))
    found: dict[str, list[Extract]] = {}
    for said in read_json(artifacts, plan.batches) if plan.batches else []:
        extract = Extract.parse(said)
        found.setdefault(extract.source, []).append(extract)
    return found


def _failures(
    run: str, source: str, batches: Sequence[Extract], accounts: Sequence[Account], settings: Settings, place: Place
) -> list[Failure]:
    read = {f"{file.bucket}/{file.key}" for account in accounts for file in account.files}
    failures = note_failures(place.ledger, source, run, failed_files(place.artifacts, run, batches, read), read)
    check_share(source, failures, len(read) + len(failures), settings.run.tolerated_failures)
    lost = [each for each in failures if len(each.runs) >= settings.run.give_up_after]
    landing = Landing(Extract(run, source, "events"), place.landing, place.quarantine, place.artifacts, place.stores)
    give_up(landing, place.ledger, lost)
    return failures


def _counted(run: str, source: str, accounts: Iterable[Account], artifacts: Store) -> dict[str, int]:
    files = [file for account in accounts for file in account.files]
    counts = {
        name: sum(getattr(file, name) for file in files) for name in ("lines", "empty", "rows", "rejected", "gap")
    }
    listed = [{**asdict(file), "gap": file.gap} for file in files]
    write_json(artifacts, counts_key(run, source), {"run": run, "source": source, **counts, "files": listed})
    for file in files:
        if file.gap:
            logger.error("lines are not accounted for", file=file.key, lines=file.lines, gap=file.gap)
    return counts | {"gap": sum(abs(file.gap) for file in files)}


def _refuse_garbage(source: str, accounts: Sequence[Account]) -> None:
    rows = sum(file.rows for account in accounts for file in account.files)
    rejected = sum(file.rejected for account in accounts for file in account.files)
    if rejected and not rows:
        reason = next(account.reason for account in accounts if account.reason)
        raise SourceGarbled(source, f"all {rejected} lines or files were rejected, the first because: {reason}")


def _decision(run: str, source: str, settings: Settings, accounts: Iterable[Account], artifacts: Store) -> Decision:
    """The run's decision, as it was kept or made now; it is remembered either way."""
    seen = [each for account in accounts for each in account.fields]
    configured = settings.of_kind("events")[source]
    taken = _taken(source, settings, artifacts)
    return _kept(run, source, artifacts, lambda before: decided(run, configured, before, seen, taken))


def _kept(run: str, source: str, artifacts: Store, decide: Callable[[Schema], Decision]) -> Decision:
    key = decision_key(run, source)
    try:
        decision = _parsed(read_json(artifacts, key))
    except KeyError:
        decision = decide(remembered(artifacts, source))
        write_json(artifacts, key, _told(decision))
    if decision.changes or decision.schema.version == 1:
        remember(artifacts, run, decision.schema, decision.changes)
        logger.info("schema", source=source, changes=[each.sentence for each in decision.changes[:50]])
    return decision


def _columns(run: str, settings: Settings, artifacts: Store) -> dict[str, Decision]:
    """The run's decisions on columns that nobody declared, by name of the stream; they are remembered."""
    known = {each.name: each for each in declared(settings).values()}
    seen = columns_seen(artifacts, run)
    return {name: _kept(run, name, artifacts, partial(columns_decided, run, known[name], seen[name])) for name in seen}


def _taken(source: str, settings: Settings, artifacts: Store) -> dict[str, Column | None]:
    """Columns of the table `events` that are not this source's to name."""
    events: Mapping[str, EventsSource] = settings.of_kind("events")
    own = {*EVENT_COLUMNS, *LANDED_COLUMNS, MORE, *(name for each in events.values() for name in each.measures)}
    taken: dict[str, Column | None] = dict.fromkeys(name.casefold() for name in own)
    for other in sorted(set(events) - {source}):
        schema = remembered(artifacts, other)
        taken |= dict.fromkeys(schema.retired) | {each.column: each for each in schema.columns}
    return taken


def _told(decision: Decision) -> dict[str, Any]:
    return {
        "schema": decision.schema.to_json(),
        "changes": [asdict(each) for each in decision.changes],
        "refused": [asdict(each) for each in decision.refused],
    }


def _parsed(said: Mapping[str, Any]) -> Decision:
    changes = [known(Change, each) for each in said["changes"]]
    return Decision(Schema.parse(said["schema"]), changes, [known(Refusal, each) for each in said["refused"]])


def _of_failures(source: str, failures: Sequence[Failure], settings: Settings) -> Alert | None:
    if not failures:
        return None
    after = settings.run.give_up_after
    return f"{len(failures)} log files of {source} cannot be read", {
        "what": f"The other log files of {source} were read; these were not.",
        "files": [each.sentence for each in failures[:20]],
        "next": f"They are tried again next night, and put into quarantine after {after} nights. Mend and upload them, or see "
        "`holdfast logs Ingest`.",
    }


def _of_columns(name: str, decision: Decision) -> Alert | None:
    """What was kept out; a column that entered is told where it is looked for."""
    told = [each.sentence for each in decision.changes if each.action == "withheld_column"]
    if not told:
        return None
    stream = name.replace(".", "_")
    return f"{len(told)} columns of {name} are kept out of the lake", {
        "what": f"Columns of stream {name} that nobody declared look like personal data.",
        "changes": told[:50],
        "next": f"say under [privacy.columns.{stream}] of holdfast.toml what becomes of them: `holdfast privacy columns` shows the words",
    }


def _of_changes(source: str, decision: Decision) -> Alert | None:
    """Nothing of a source's first fields but what was kept out: they are no change yet."""
    first = decision.schema.version == 1
    told = [each for each in decision.changes if not (first and each.action == "new")]
    if not told:
        return None
    return f"the logs of {source} have changed: {len(told)} fields", {
        "what": f"Fields in the log lines of source {source} are not what they were.",
        "changes": [each.sentence for each in told[:50]],
        "next": f"holdfast schema show {source}",
    }
