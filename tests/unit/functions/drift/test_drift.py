"""The drift check on a lake in a folder, with Evidently's real page."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from drift.drift import check
from drift.evidence import PREDICTION, gather
from holdfast.bundle import save
from holdfast.contracts import ScoringWanted
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Drift, Scoring
from holdfast.store import MemoryStore
from score.held import MemoryVectors
from score.score_all import score_all
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, population, training_examples


def scored(lake: Lake, features: pa.Table) -> tuple[MemoryStore, MemoryRegistry]:
    """A lake after a run: examples, features, scores and a champion."""
    store, registry = MemoryStore(), MemoryRegistry()
    registry.promote(save(store, bundle()), "run", "2026-06-01T03:00:00+00:00", None)
    lake.replace("training_examples", training_examples())
    lake.replace("features", features, {"holdfast.feature_set": FEATURES.version})
    score_all(
        ScoringWanted("run", bundle().version, lake.snapshot_id("features") or 0, AS_OF),
        lake,
        store,
        MemoryVectors(),
        Scoring(),
    )
    return store, registry


def with_many_tickets() -> pa.Table:
    features = population()
    more = pc.add(features["tickets_90d"], pa.scalar(5, pa.float32()))
    return features.set_column(features.column_names.index("tickets_90d"), "tickets_90d", more)


@pytest.mark.parametrize(("features", "drifted"), [(population, []), (with_many_tickets, ["tickets_90d", PREDICTION])])
def test_only_what_moved_is_called_drifted_and_a_page_is_drawn(
    tmp_path: Path, features: object, drifted: list[str]
) -> None:
    lake = folder_lake(tmp_path)
    store, registry = scored(lake, features())  # type: ignore[operator]
    evidence = gather(lake, store, registry)
    assert evidence is not None

    finding = check(evidence, store, Drift(maximum_shift=0.05))

    assert sorted(finding.to_json()["drifted"]) == sorted(drifted)
    assert (finding.rows, finding.report) == (300, "drift/2026-06-01.html")
    assert b"Support tickets in the last 90 days" in store.objects[finding.report]


def test_too_few_rows_are_never_called_drifted(tmp_path: Path) -> None:
    lake = folder_lake(tmp_path)
    store, registry = scored(lake, with_many_tickets())
    evidence = gather(lake, store, registry)
    assert evidence is not None

    assert check(evidence, store, Drift(minimum_rows=301)).drifted == []


def test_before_the_first_run_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert gather(folder_lake(tmp_path), MemoryStore(), MemoryRegistry()) is None
