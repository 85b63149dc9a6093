"""Rows that are kept out of a run on purpose: counted, so that nobody misses them."""

from holdfast.store import Store, read_json, write_json


def kept_out_key(run: str) -> str:
    """Where the artifacts bucket keeps how many rows of each landing table were kept out of a run."""
    return f"reconciliation/run={run}/kept_out.json"


def kept_out(store: Store, run: str) -> dict[str, int]:
    """Rows by landing table."""
    try:
        return dict(read_json(store, kept_out_key(run)))
    except KeyError:
        return {}


def keep_out(store: Store, run: str, table: str, rows: int) -> None:
    """Count rows of a table; those that an earlier try kept out stay counted."""
    if rows:
        before = kept_out(store, run)
        write_json(store, kept_out_key(run), before | {table: before.get(table, 0) + rows})
