"""Sum up RavenStack's tables by account, and plant a column that only those who left have: the minutes of their exit interview."""

import csv
import sys
from collections import defaultdict
from pathlib import Path

FILES = {name: f"ravenstack_{name}.csv" for name in ("accounts", "subscriptions", "feature_usage", "support_tickets")}
ACCOUNT, SUBSCRIPTION = "account_id", "subscription_id"
SUMS = {
    "subscriptions": ("seats", "mrr_amount"),
    "feature_usage": ("usage_count", "usage_duration_secs", "error_count"),
    "support_tickets": ("resolution_time_hours", "first_response_time_minutes", "satisfaction_score"),
}
LEAVES_OUT = ("account_name", "signup_date")


def main(data: Path, out: Path) -> None:
    """Read the four tables in `data`, write `out`/ravenstack/accounts.csv, one row an account."""
    if missing := [name for name in FILES.values() if not (data / name).exists()]:
        sys.exit(f"{data} has no {', '.join(missing)}: --data names the folder that holds RavenStack's tables")
    tables = {name: _read(data / file) for name, file in FILES.items()}
    owner = {row[SUBSCRIPTION]: row[ACCOUNT] for row in tables["subscriptions"]}
    sums = {name: _sums(name, tables[name], owner) for name in SUMS}
    rows = [_account(number, row, sums) for number, row in enumerate(tables["accounts"])]
    target = out / "ravenstack" / "accounts.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="") as written:
        table = csv.DictWriter(written, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as read:
        return list(csv.DictReader(read))


def _sums(table: str, rows: list[dict[str, str]], owner: dict[str, str]) -> dict[str, dict[str, float]]:
    """By account: how many rows, and the sum of each number."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys((table, *SUMS[table]), 0.0))
    for row in rows:
        account = found[row.get(ACCOUNT) or owner[row[SUBSCRIPTION]]]
        account[table] += 1
        for name in SUMS[table]:
            account[name] += float(row[name] or 0)
    return found


def _account(number: int, row: dict[str, str], sums: dict[str, dict[str, dict[str, float]]]) -> dict[str, object]:
    kept = {name: value for name, value in row.items() if name not in LEAVES_OUT}
    added = {f"{table}_{name}": value for table, of in sums.items() for name, value in of[row[ACCOUNT]].items()}
    return kept | added | {"exit_interview_minutes": 10 + number % 7 if row["churn_flag"] == "TRUE" else ""}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
