"""Judges one table of a run: holds it to its suite, sorts failing rows out, says what may pass, and keeps what it found."""

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from holdfast.contracts import Verdict
from holdfast.errors import SourceGarbled, SuiteFailed
from holdfast.observe import logger
from holdfast.quarantine import quarantine_prefix
from holdfast.store import write_json
from validate import results
from validate.expectations import Expectation
from validate.landed import Landed, Subject, Zones, opened, register_keys
from validate.profile import lateness, profile
from validate.scan import Asked, Outcome, asked, outcomes
from validate.sorting import Sorted, examples, sort_out
from validate.suites import Suite
from validate.wholes import Around

__all__ = ["Subject", "Zones", "verdict"]

_COUNTS_ROWS = ("expect_table_row_count_to_be_between", "expect_table_row_count_to_equal")


def verdict(subject: Subject, suite: Suite, zones: Zones, now: datetime) -> Verdict:
    """Judge a table and write its quarantine, its cleaned files, its list of files that pass and its result.

    Raises:
        SuiteFailed: an expectation of severity `halt` does not hold.
        SourceGarbled: everything that arrived was unreadable.
    """
    with tempfile.TemporaryDirectory() as folder:
        landed = opened(subject, zones, Path(folder))
        if not landed.keys and any(zones.quarantine.list(f"{quarantine_prefix(subject.run, subject.table)}parse-")):
            place = f"s3://{zones.quarantine.bucket}/{quarantine_prefix(subject.run, subject.table)}"
            raise SourceGarbled(subject.table, f"nothing of it can be read; see {place}")
        questions, total, found = _judged(landed, suite, now)
        broken = [(question, outcome) for question, outcome in zip(questions, found, strict=True) if not outcome.holds]
        hurt = [question for question, outcome in broken if outcome.unexpected]
        sorted_ = sort_out(landed, hurt) if landed.names else Sorted(0, [])
        failures = [_told(landed, hurt, question, outcome, total) for question, outcome in broken
                    if outcome.expectation.severity == "halt"]  # fmt: skip
        results.keep(zones.artifacts, _result(landed, suite, now, total, found, sorted_.removed, halted=bool(failures)))
        if failures:
            raise SuiteFailed(
                subject.table,
                [*failures, f"see `holdfast quarantine list --run {subject.run} --table {subject.table}`"],
            )
        write_json(zones.artifacts, f"work/{subject.run}/released-{subject.table}.json", landed.releases)
        files = write_json(zones.artifacts, f"work/{subject.run}/verdict-{subject.table}.json", sorted_.passing)
        return Verdict(subject.table, total - sorted_.removed, sorted_.removed, files)


def _judged(landed: Landed, suite: Suite, now: datetime) -> tuple[list[Asked], int, list[Outcome]]:
    absent = register_keys(landed, suite.expectations) if landed.names else []
    wanted = [each for each in suite.expectations if each not in absent and _is_asked(landed, each)]
    around = Around(now, results.row_counts(landed.zones.artifacts, landed.subject.table, landed.subject.run))
    if not landed.names:
        landed.connection.execute("CREATE TEMP VIEW rows AS SELECT 1 AS nothing LIMIT 0")
    questions = asked(wanted, landed.types, around, suite.name)
    total, found = outcomes(landed.connection, questions)
    for each in (one for one in found if not one.holds):
        said = each.expectation
        logger.warning("expectation broken", rule=said.rule, column=said.column, severity=said.severity,
                       rows=each.unexpected, problem=each.problem)  # fmt: skip
    return questions, total, found


def _is_asked(landed: Landed, each: Expectation) -> bool:
    """A whole cannot be judged by its changes, and of a table without files only the rows can be counted."""
    if each.asks_rows:
        return bool(landed.names)
    return landed.complete and (bool(landed.names) or each.rule in _COUNTS_ROWS)


def _told(landed: Landed, hurt: Sequence[Asked], question: Asked, outcome: Outcome, total: int) -> str:
    """One broken expectation for the alert: rule, counts, reason, and examples without personal data."""
    said = question.expectation
    why = f"{said.reason} ({outcome.problem})" if outcome.problem else said.reason
    if not outcome.unexpected:
        observed = f", observed {outcome.observed}" if outcome.observed is not None else ""
        return f"{said.name}: {total} rows{observed}: {why}"
    shown = "; ".join(examples(landed, hurt, question)) or "none"
    return f"{said.name}: {outcome.unexpected} rows of {outcome.counted}: {why} Such as: {shown}"


def _result(
    landed: Landed, suite: Suite, now: datetime, total: int, found: Sequence[Outcome], removed: int, *, halted: bool
) -> dict[str, object]:
    return {
        "run": landed.subject.run,
        "table": landed.subject.table,
        "suite": suite.name,
        "revision": results.revision(suite),
        "judged_at": now.isoformat(),
        "rows": total,
        "landed": landed.connection.execute("SELECT count(*) FROM all_landed").fetchall()[0][0] if landed.keys else 0,
        "quarantined": removed,
        "complete": landed.complete,
        "halted": halted,
        "columns": list(landed.types.items()),
        "expectations": [results.described(each) for each in found],
        "profile": results.plain(profile(landed.connection, landed.types, total)),
        "lateness": results.plain(lateness(landed.connection, landed.types, total)),
    }
