"""What a run pulled, without those who were forgotten: before it is judged, so that nothing of them goes any further."""

from collections.abc import Mapping
from dataclasses import replace

from holdfast.contracts import Planned, Scrubbed
from holdfast.quarantine import quarantine_prefix
from holdfast.reconciliation import keep_out
from holdfast.store import Store, read_json, write_json
from privacy import closure, objects
from privacy.objects import Zone
from privacy.register import Register
from privacy.sought import Sought


def scrubbed(
    run: str, sought: Sought, zones: Mapping[str, Zone], sources: closure.Sources, register: Register, artifacts: Store
) -> Scrubbed:
    """Take all who are sought out of a run's rows, of those that could not be read, and of the files that they came from; a second
    time there is nothing left.

    Rows of log files that are kept out are counted, so that they are not missed later.
    """
    closure.close(sought, sources, run)
    _remember(run, sought, sources, register)
    rows = 0
    for table in _tables(zones["landing"], run):
        gone = objects.erased(zones["landing"], sought, prefix=f"landing/run={run}/{table}/").rows
        keep_out(artifacts, run, table, gone)
        rows += gone
    objects.erased(zones["landing"], sought, prefix=f"removed/run={run}/")
    objects.erased(zones["quarantine"], sought, prefix=quarantine_prefix(run))
    for account in [item.key for item in artifacts.list(f"work/{run}/landed/")]:
        _upload_files(account, sought, zones["uploads"], artifacts)
    for key in _tables_of_customers(run, zones["uploads"], artifacts):
        objects.erased(zones["uploads"], sought, prefix=key)
    return Scrubbed(rows)


def _remember(run: str, sought: Sought, sources: closure.Sources, register: Register) -> None:
    """Put what people have had since they were forgotten on the list, each under their own receipt."""
    known = register.tokens()
    for receipt in {known[token] for token in sought.met if token in known}:
        own = {token for token, held in known.items() if held == receipt}
        one = sought.only(own)
        closure.close(one, sources, run)
        register.suppress(receipt, one.tokens - own)


def _upload_files(account: str, sought: Sought, uploads: Zone, artifacts: Store) -> None:
    """Log files of an account that Ingest gave: what was read of them is what they say now, and is booked as that."""
    new: dict[str, tuple[str, str]] = {}
    zone = replace(uploads, written=lambda before, key, etag: new.update({before.key: (key, etag)}))
    said = read_json(artifacts, account)
    for file in (each for each in said["files"] if each["bucket"] == uploads.bucket.name):
        objects.met(zone, sought, file["key"])
        objects.erased(zone, sought, prefix=file["key"])
        key, etag = new.get(file["key"], (file["key"], file["etag"]))
        file |= {"key": key, "etag": etag}
    if new:
        write_json(artifacts, account, said)


def _tables_of_customers(run: str, uploads: Zone, artifacts: Store) -> list[str]:
    """Files that the run read as tables of customers. They are read whole every night, and booked nowhere."""
    batches = [each["batch"] for each in Planned.parse(read_json(artifacts, f"work/{run}/plan.json")).extracts]
    files = [file for batch in filter(None, batches) for file in read_json(artifacts, batch)]
    return [file["key"] for file in files if file["bucket"] == uploads.bucket.name]


def _tables(landing: Zone, run: str) -> list[str]:
    keys = (each.key for each in landing.bucket.versions(f"landing/run={run}/"))
    return sorted({key.split("/")[2] for key in keys})
