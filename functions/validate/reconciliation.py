"""Rows of usage logs from file to table: what landed has to be what entered, what repeats and what stayed behind."""

from dataclasses import asdict, dataclass
from typing import Any

from holdfast.observe import logger
from holdfast.reconciliation import kept_out
from holdfast.settings import Settings
from holdfast.store import Store, read_json, write_json
from validate.results import result_key


@dataclass(frozen=True)
class Counts:
    """Rows of one run on their way into the table `events`."""

    landed: int
    """By Ingest's account of its files."""
    quarantined: int
    judged: int
    """What Validate saw of what landed and was released."""
    missed: int
    """Rows that Ingest says it landed and Validate did not see, or the reverse."""
    staged: int
    """What Transform read."""
    entered: int
    added: int
    """What the table's own snapshot says was added."""

    @property
    def repeats(self) -> int:
        """Rows that were in the table already, or came twice."""
        return self.staged - self.entered

    @property
    def gap(self) -> int:
        """Rows of which nobody knows what became of them."""
        passed = abs(self.judged - self.quarantined - self.staged)
        return self.missed + passed + max(0, -self.repeats) + abs(self.added - self.entered)


def table_key(run: str) -> str:
    """Where the artifacts bucket keeps a run's counts of the table."""
    return f"reconciliation/run={run}/table.json"


def counted(run: str, settings: Settings, artifacts: Store, staged: int, entered: int, added: int) -> Counts:
    """Hold what entered against what landed, and keep the counts; a second try, of which nothing enters, keeps those of the first."""
    results = {name: _read(artifacts, result_key(run, f"{name}_events")) for name in settings.of_kind("events")}
    files = {name: _read(artifacts, f"reconciliation/run={run}/files/{name}.json") for name in results}
    sums = {name: sum(result.get(name, 0) for result in results.values()) for name in ("rows", "quarantined")}
    out = {name: kept_out(artifacts, run).get(f"{name}_events", 0) for name in results}
    missed = sum(
        abs(files[name]["rows"] - out[name] - results[name].get("landed", 0)) for name in results if files[name]
    )
    landed = sum(each.get("rows", 0) for each in files.values())
    counts = Counts(landed, sums["quarantined"], sums["rows"], missed, staged, entered, added)
    if counts.gap:
        logger.error("rows are not accounted for", gap=counts.gap, **asdict(counts))
    if entered or not _read(artifacts, table_key(run)):
        write_json(artifacts, table_key(run), {**asdict(counts), "repeats": counts.repeats, "gap": counts.gap})
    return counts


def _read(artifacts: Store, key: str) -> dict[str, Any]:
    try:
        return dict(read_json(artifacts, key))
    except KeyError:
        return {}
