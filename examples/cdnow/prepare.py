"""Turn CDNOW_master.txt (columns of blanks: customer, date, CDs, dollars) into a usage log: one JSON object a line, gzip."""

import gzip
import json
import sys
from pathlib import Path


def main(data: Path, out: Path) -> None:
    """Read `data`/CDNOW_master.txt, write `out`/purchases/cdnow.ndjson.gz. The order number keeps equal purchases of one day apart."""
    source = data / "CDNOW_master.txt"
    if not source.exists():
        sys.exit(f"{source} is not there: --data names the folder that holds CDNOW_master.txt")
    target = out / "purchases" / "cdnow.ndjson.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        for order, line in enumerate(source.read_text().splitlines()):
            if len(fields := line.split()) == 4 and fields[1].isdigit():
                packed.write(json.dumps(purchase(order, *fields)).encode() + b"\n")


def purchase(order: int, buyer: str, day: str, cds: str, dollars: str) -> dict[str, object]:
    """One line of the log."""
    return {
        "order": order,
        "buyer": buyer,
        "bought_on": f"{day[:4]}-{day[4:6]}-{day[6:]}",
        "cds": int(cds),
        "dollars": float(dollars),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
