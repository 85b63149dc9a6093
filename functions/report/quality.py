"""What the page says of the data: whether the tables passed, what was kept back and why, how that went over the last runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.store import Store, read_json
from report.changes import changes

RUNS = 30
_WORST = 10

Json = dict[str, Any]
_UNTOLD = dict.fromkeys(("least", "most", "quantiles", "lengths", "top"))
"""What a column's profile may lack."""


@dataclass(frozen=True)
class Judged:
    """One table of a run: its result, its last runs (the oldest first, this one last), and the result of the run before."""

    result: Json
    history: Sequence[Json]
    before: Json | None


def results(store: Store, run: str) -> list[Json]:
    """What Validate kept of a run's tables, by name."""
    return [read_json(store, item.key) for item in store.list(f"quality/run={run}/")]


def judged(store: Store, tables: Sequence[Json]) -> list[Judged]:
    """Results, each with its history."""
    return [_with_history(store, result) for result in tables]


def quality(tables: Sequence[Judged], disputed: int = 0) -> Json:
    """Everything that the section shows; of a run without results, that there are none. `disputed` counts where the sources
    disagree on who somebody is.
    """
    rows, kept = sum(t.result["rows"] for t in tables), sum(t.result["quarantined"] for t in tables)
    return {
        "tables": [_table(table) for table in tables],
        "passed": sum(_state(table.result) == "passed" for table in tables),
        "rows": rows,
        "kept": kept,
        "disputed": disputed,
        "why": _main_reason(tables),
        "runs": _runs(tables),
        "worst": _worst(tables),
    }


def _with_history(store: Store, result: Json) -> Judged:
    told = _read(store, f"quality/history/{result['table']}.json") or []
    earlier = [each for each in told if each["judged_at"] < result["judged_at"] and each["run"] != result["run"]]
    this = [each for each in told if each["run"] == result["run"]]
    before = _read(store, f"quality/run={earlier[-1]['run']}/{result['table']}.json") if earlier else None
    return Judged(result, [*earlier, *this][-RUNS:], before)


def _read(store: Store, key: str) -> Any:
    try:
        return read_json(store, key)
    except KeyError:
        return None


def _table(table: Judged) -> Json:
    result = table.result
    broken = [each for each in result["expectations"] if not each["holds"]]
    return {
        "name": result["table"],
        "state": _state(result),
        "rows": result["rows"],
        "kept": result["quarantined"],
        "share": _share(result["quarantined"], result["rows"]),
        "held": len(result["expectations"]) - len(broken),
        "asked": len(result["expectations"]),
        "broken": broken,
        "complete": result["complete"],
        "trend": [_rate([each]) for each in table.history],
        "changes": changes(result, table.before),
        "columns": [{"name": name, **_UNTOLD, **result["profile"][name]} for name, _ in result["columns"]],
        "lateness": result.get("lateness"),
    }


def _state(result: Json) -> str:
    """`passed`, `warned`, or `kept back`; `unasked` where the table has no suite."""
    broken = [each["severity"] for each in result["expectations"] if not each["holds"]]
    if not result["expectations"]:
        return "unasked"
    return "kept back" if result["quarantined"] else "warned" if broken else "passed"


def _main_reason(tables: Iterable[Judged]) -> str:
    """The reason that kept most rows back."""
    reasons: Counter[str] = Counter()
    for table in tables:
        for each in table.result["expectations"]:
            if not each["holds"] and each["severity"] != "warn":
                reasons[each["reason"]] += each["unexpected"]
    return next((reason for reason, rows in reasons.most_common(1) if rows), "")


def _runs(tables: Sequence[Judged]) -> list[Json]:
    """Of each of the last runs, over all tables: the share of rules that held, and of rows that were kept back."""
    by_run: dict[str, list[Json]] = {}
    for entry in sorted((each for table in tables for each in table.history), key=lambda each: str(each["judged_at"])):
        by_run.setdefault(entry["run"], []).append(entry)
    return [
        {
            "run": run,
            "day": entries[0]["judged_at"][:10],
            "rate": _rate(entries),
            "kept": _share(sum(e["quarantined"] for e in entries), sum(e["rows"] for e in entries)),
            "halted": any(e["halted"] for e in entries),
        }
        for run, entries in list(by_run.items())[-RUNS:]
    ]


def _worst(tables: Sequence[Judged]) -> list[Json]:
    """Rules that failed in most of the last runs, then those that most rows failed."""
    found: dict[tuple[str, str, str], Json] = {}
    for table in tables:
        for entry in table.history:
            for each in entry["broken"]:
                key = (table.result["table"], each["rule"], each["column"])
                said = found.setdefault(key, {"runs": 0, "rows": 0, "severity": each["severity"]})
                said["runs"], said["rows"] = said["runs"] + 1, said["rows"] + each["unexpected"]
    listed = [{"table": table, "rule": rule, "column": column, "of": _times(tables, table), **said}
              for (table, rule, column), said in found.items()]  # fmt: skip
    return sorted(listed, key=lambda each: (-each["runs"], -each["rows"], each["table"], each["rule"]))[:_WORST]


def _times(tables: Sequence[Judged], name: str) -> int:
    return next(len(table.history) for table in tables if table.result["table"] == name)


def _rate(entries: Sequence[Json]) -> float:
    """The share of rules that held; all of them where none was asked."""
    asked = sum(each["asked"] for each in entries)
    return sum(each["held"] for each in entries) / asked if asked else 1.0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
