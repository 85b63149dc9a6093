"""What came of a suite, kept for people: one JSON per run and table, and a history per table that pages are drawn from."""

import hashlib
import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from holdfast.store import Store, read_json, write_json
from validate.scan import Outcome
from validate.sql import Types
from validate.suites import Suite

KEPT = 400
"""Runs in a table's history."""


def result_key(run: str, table: str) -> str:
    """Where a table's result lies in the artifacts bucket."""
    return f"quality/run={run}/{table}.json"


def history_key(table: str) -> str:
    """Where the results of a table's runs lie together, the newest last."""
    return f"quality/history/{table}.json"


def history(artifacts: Store, table: str) -> list[dict[str, Any]]:
    """A table's runs, the oldest first; none before the first one."""
    try:
        return list(read_json(artifacts, history_key(table)))
    except KeyError:
        return []


def row_counts(artifacts: Store, table: str, run: str) -> list[int]:
    """Rows of the other runs that went on, the newest first."""
    return [each["rows"] for each in reversed(history(artifacts, table)) if each["run"] != run and not each["halted"]]


def columns_before(artifacts: Store, table: str) -> Types:
    """The columns that a table had when rows of it last landed."""
    for each in reversed(history(artifacts, table)):
        columns = read_json(artifacts, result_key(each["run"], table))["columns"]
        if columns:
            return dict(columns)
    return {}


def described(outcome: Outcome) -> dict[str, Any]:
    """One expectation and what came of it, as JSON."""
    each = outcome.expectation
    return {
        "rule": each.rule,
        "column": each.column,
        "severity": each.severity,
        "mostly": each.mostly,
        "reason": each.reason,
        "holds": outcome.holds,
        "counted": outcome.counted,
        "unexpected": outcome.unexpected,
        "observed": plain(outcome.observed),
        "problem": outcome.problem,
    }


def keep(artifacts: Store, result: dict[str, Any]) -> None:
    """Write a result and enter it into the table's history. Writing the same run again replaces what it said."""
    table, run = result["table"], result["run"]
    write_json(artifacts, result_key(run, table), result)
    entry = {name: result[name] for name in ("run", "judged_at", "rows", "quarantined", "halted", "suite", "revision")} | {
        "held": sum(each["holds"] for each in result["expectations"]),
        "asked": len(result["expectations"]),
        "broken": [{name: each[name] for name in ("rule", "column", "severity", "unexpected", "counted")}
                   for each in result["expectations"] if not each["holds"]],
    }  # fmt: skip
    others = [each for each in history(artifacts, table) if each["run"] != run]
    write_json(artifacts, history_key(table), sorted([*others, entry], key=lambda each: each["judged_at"])[-KEPT:])


def revisions(artifacts: Store, run: str) -> dict[str, str]:
    """The revision of the suite that each table of a run was held to."""
    results = (read_json(artifacts, item.key) for item in artifacts.list(f"quality/run={run}/"))
    return {each["table"]: each["revision"] for each in results if each["suite"]}


def revision(suite: Suite) -> str:
    """Twelve hexadecimal digits that change when the suite does."""
    return hashlib.sha256(repr(suite).encode()).hexdigest()[:12]


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
