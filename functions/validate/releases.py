"""Releases that a run has let into the lake."""

from holdfast.quarantine import entered_key, name_of
from holdfast.store import Store, read_json, write_json


def settle(run: str, artifacts: Store) -> int:
    """Note, once a run's rows are in the lake, that the releases which it judged are done with; how many those were."""
    settled = 0
    for item in list(artifacts.list(f"work/{run}/released-")):
        table = name_of(item.key).removeprefix("released-")
        for release in read_json(artifacts, item.key):
            write_json(artifacts, entered_key(table, release), {"run": run})
            settled += 1
    return settled
