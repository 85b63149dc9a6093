"""Models that learnt from the person: which bundles those are, and what became of them."""

from typing import Any

from holdfast.forgotten import MODELS
from holdfast.lake import Lake
from holdfast.store import Store, read_json, write_json
from privacy.sought import Sought


def trained_on(lake: Lake, store: Store, sought: Sought) -> dict[str, int]:
    """Rows of the person in the training data of each bundle, where there are any and its data is still there."""
    found: dict[str, int] = {}
    counted: dict[int, int] = {}
    for item in store.list("runs/"):
        said = read_json(store, item.key)
        version, snapshot = said.get("bundle"), said.get("wrote", {}).get("training_examples")
        if version and snapshot:
            if snapshot not in counted:
                counted[snapshot] = _rows(lake, snapshot, sought)
            if counted[snapshot]:
                found[version] = max(found.get(version, 0), counted[snapshot])
    return found


def note(store: Store, receipt: str, models: dict[str, int], champion: str) -> None:
    """Write beside each bundle that it learnt from somebody who was forgotten. One that serves waits for its successor."""
    known = noted(store)
    for version, rows in models.items():
        before = known.get(version, {"receipts": {}, "status": "not in use"})
        status = "to be replaced" if version == champion else before["status"]
        known[version] = {"receipts": before["receipts"] | {receipt: rows}, "status": status}
    write_json(store, MODELS, known)


def noted(store: Store) -> dict[str, dict[str, Any]]:
    """What is written of bundles."""
    try:
        return dict(read_json(store, MODELS))
    except KeyError:
        return {}


def _rows(lake: Lake, snapshot: int, sought: Sought) -> int:
    table = lake.table("training_examples")
    if table is None or table.snapshot_by_id(snapshot) is None:
        return 0
    held = lake.read("training_examples", ("customer_id",), snapshot_id=snapshot)
    names = held["customer_id"].to_pylist() if held is not None else []
    theirs = sought.named(names)
    return sum(name in theirs for name in names)
