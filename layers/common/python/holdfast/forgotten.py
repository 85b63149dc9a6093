"""What is said of people who were forgotten: receipts, and of which bundles learnt from them. No line of it names anybody."""

from typing import Any

from holdfast.store import Store, read_json, write_json

MODELS = "receipts/models.json"
"""Where the artifacts bucket says it of bundles, by version: `receipts` (rows by receipt) and `status`."""
REPLACED = "replaced by "
_WAITS = "to be replaced"


def receipt_key(receipt: str) -> str:
    """Where a receipt lies in the artifacts bucket."""
    return f"receipts/{receipt}.json"


def to_be_replaced(store: Store, version: str) -> bool:
    """Whether a bundle learnt from somebody who was forgotten and has to make way for the next one that did not."""
    return version in _noted(store) and _noted(store)[version]["status"] == _WAITS


def replaced(store: Store, version: str, by: str) -> None:
    """Say of a bundle that another one serves in its place."""
    known = _noted(store)
    if version in known:
        known[version]["status"] = f"{REPLACED}{by}"
        write_json(store, MODELS, known)


def _noted(store: Store) -> dict[str, dict[str, Any]]:
    try:
        return dict(read_json(store, MODELS))
    except KeyError:
        return {}
