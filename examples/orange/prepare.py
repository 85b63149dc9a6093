"""Number the rows of churn-bigml-80.csv: the file says nothing else of who a customer is."""

import csv
import sys
from pathlib import Path

NAME = "churn-bigml-80.csv"


def main(data: Path, out: Path) -> None:
    """Read `data`/churn-bigml-80.csv, write `out`/orange/churn-bigml-80.csv with a column `line` before the others."""
    source = data / NAME
    if not source.exists():
        sys.exit(f"{source} is not there: --data names the folder that holds {NAME}")
    target = out / "orange" / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open(newline="") as read, target.open("w", newline="") as written:
        head, *rows = filter(None, csv.reader(read))
        csv.writer(written).writerows([["line", *head], *([f"line-{n}", *row] for n, row in enumerate(rows, 1))])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
