"""References travel between states, never data: the document that a run carries stays small whatever there is to pull."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.contracts import (
    Featured,
    Landed,
    Planned,
    Promoted,
    Reconciled,
    Reported,
    Scored,
    Scrubbed,
    Trained,
    Transformed,
    Verdict,
)
from holdfast.ledger import MemoryLedger
from holdfast.settings import load_settings
from holdfast.store import Listed, MemoryStore
from ingest.planning import planned

LARGEST_MESSAGE = 32 * 1024
RUN = "nightly-20261123T190053"
MILLIONS = 987_654_321
SNAPSHOT = 9_223_372_036_854_775_807


class Uploads(MemoryStore):
    """A bucket that lists log files without holding them."""

    def __init__(self, files: int, size: int) -> None:
        super().__init__("uploads")
        self._listed = [Listed(f"usage/2026/10/usage-{n:08}.ndjson.gz", size, f"{n:032x}") for n in range(files)]

    def list(self, prefix: str, after: str = ""):  # type: ignore[no-untyped-def]
        return iter(self._listed)


def plan(files: int, size: int) -> Planned:
    settings = load_settings(Path(__file__).parents[2] / "holdfast.toml")
    return planned(RUN, settings, "uploads", lambda _: Uploads(files, size), MemoryLedger(), MemoryStore())


def document_of(plan: Planned) -> dict:
    """What the execution's document is after the last state, each number as long as it can be."""
    tables = dict.fromkeys(
        ("companies", "conversations", "customers", "deals", "emails", "events", "tickets"), SNAPSHOT
    )
    moment, version = "2026-11-01T00:00:00+00:00", "0" * 12
    entries = {
        "plan": plan,
        "streams": [Landed(e["source"] + "_" + e["stream"], MILLIONS, MILLIONS) for e in plan.extracts],
        "reconciled": Reconciled(MILLIONS, MILLIONS, MILLIONS, MILLIONS, MILLIONS),
        "scrubbed": Scrubbed(MILLIONS),
        "validated": [Verdict(t, MILLIONS, MILLIONS, f"work/{RUN}/verdict-{t}.json") for t in plan.tables],
        "transformed": Transformed(MILLIONS, moment, tables),
        "features": Featured(MILLIONS, version, SNAPSHOT, SNAPSHOT, moment),
        "trained": Trained(version, MILLIONS),
        "promoted": Promoted(version, True, "x" * 400),
        "scored": Scored(MILLIONS, SNAPSHOT, f"rankings/{RUN}.json"),
        "reported": Reported(f"reports/{RUN}.html"),
    }
    return {k: [m.to_json() for m in v] if isinstance(v, list) else v.to_json() for k, v in entries.items()}


@pytest.mark.parametrize(
    ("files", "size"),
    [
        pytest.param(65, 1_340_000, id="the demo world"),
        pytest.param(50_000, 40_000_000, id="fifty thousand large files"),
    ],
)
def test_the_whole_document_of_a_run_stays_under_32_kib(files: int, size: int) -> None:
    found = plan(files, size)

    assert len(found.extracts) >= 9
    assert len(json.dumps(document_of(found))) < LARGEST_MESSAGE


def test_the_measure_is_of_a_document_that_could_be_too_large() -> None:
    found = plan(65, 1_340_000)
    swollen = replace(found, extracts=found.extracts * 100)

    assert len(json.dumps(document_of(swollen))) > LARGEST_MESSAGE
