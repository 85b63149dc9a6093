"""The drift check on a lake in a folder, with Evidently's real page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from drift.divergence import CALIBRATION, OUTCOME, PREDICTION
from drift.drift import check
from drift.evidence import Evidence, gather
from drift.finding import Finding
from drift.memory import Memory
from holdfast.bundle import note_origin, save
from holdfast.contracts import ScoringWanted
from holdfast.lake import Lake
from holdfast.registry import MemoryRegistry
from holdfast.settings import Drift, Scoring
from holdfast.store import MemoryStore
from score.held import MemoryVectors
from score.score_all import score_all
from tests.doubles.catalog import folder_lake
from tests.doubles.models import AS_OF, FEATURES, bundle, customers, population, training_examples


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


def looked(evidence: Evidence, store: MemoryStore, memory: Memory, day: str, **rule: float) -> tuple[Finding, Memory]:
    """A check as if the night were of another day."""
    cutoff = pa.array([datetime.fromisoformat(day).replace(tzinfo=UTC)] * evidence.rows, pa.timestamp("us", tz="UTC"))
    features = evidence.features.set_column(evidence.features.column_names.index("cutoff"), "cutoff", cutoff)
    return check(replace(evidence, features=features), memory, store, Drift(**rule))


def evidence_of(lake: Lake, features: pa.Table) -> tuple[Evidence, MemoryStore]:
    store, registry = scored(lake, features)
    evidence = gather(lake, store, registry)
    assert evidence is not None
    return evidence, store


@pytest.mark.parametrize(("features", "drifted"), [(population, []), (with_many_tickets, ["tickets_90d", PREDICTION])])
def test_only_what_moved_twice_is_called_drifted_and_a_page_is_drawn(
    tmp_path: Path, features: Callable[[], pa.Table], drifted: list[str]
) -> None:
    evidence, store = evidence_of(folder_lake(tmp_path), features())

    first, memory = looked(evidence, store, Memory(), "2026-06-01")
    second, memory = looked(evidence, store, memory, "2026-06-02")

    assert (first.to_json()["drifted"], first.suspected, first.tells) == ([], len(drifted), False)
    assert sorted(second.to_json()["drifted"]) == sorted(drifted)
    assert (second.tells, memory.told) == (bool(drifted), "2026-06-02" if drifted else "")
    assert (second.rows, second.report) == (300, "drift/2026-06-02.html")
    assert b"Support tickets in the last 90 days" in store.objects[second.report]


def test_an_alert_is_told_once_until_it_has_cooled_down(tmp_path: Path) -> None:
    evidence, store = evidence_of(folder_lake(tmp_path), with_many_tickets())
    told, memory = [], Memory()

    for day in ("2026-06-01", "2026-06-02", "2026-06-02", "2026-06-03", "2026-06-16"):
        finding, memory = looked(evidence, store, memory, day, cooldown_days=14)
        told.append(finding.tells)

    assert told == [False, True, False, False, True]


def test_the_same_day_checked_again_finds_the_same(tmp_path: Path) -> None:
    evidence, store = evidence_of(folder_lake(tmp_path), with_many_tickets())

    _, memory = looked(evidence, store, Memory(), "2026-06-01")
    again, after = looked(evidence, store, memory, "2026-06-01")

    assert again.drifted == ()
    assert after == memory


def test_too_few_rows_are_never_called_drifted(tmp_path: Path) -> None:
    evidence, store = evidence_of(folder_lake(tmp_path), with_many_tickets())

    assert looked(evidence, store, Memory(), "2026-06-01", minimum_rows=301, windows=1)[0].drifted == ()


def test_a_feature_that_is_no_longer_made_has_drifted(tmp_path: Path) -> None:
    evidence, store = evidence_of(folder_lake(tmp_path), population())
    gone = replace(evidence, features=evidence.features.drop_columns(["open_rate"]))

    finding, _ = check(gone, Memory(), store, Drift(windows=1))

    assert [(shift.name, shift.missing_now) for shift in finding.drifted] == [("open_rate", 1.0)]


@pytest.mark.parametrize(("today", "held"), [(AS_OF, True), ("2026-02-26T00:00:00+00:00", False)])
def test_what_was_said_is_held_to_outcomes_that_were_not_known_on_that_day(
    tmp_path: Path, today: str, held: bool
) -> None:
    lake = folder_lake(tmp_path)
    features = customers(300, datetime.fromisoformat(today), seed=9)[0]
    store, registry = scored(lake, features)
    examples = training_examples()
    last = examples.filter(pc.equal(examples["split"], "holdout"))
    day = pc.max(last["cutoff"]).as_py()
    said = {"customer_id": last["customer_id"], "as_of": [day] * last.num_rows, "probability": [0.9] * last.num_rows}
    schema = pa.schema(
        [("customer_id", pa.string()), ("as_of", pa.timestamp("us", tz="UTC")), ("probability", pa.float64())]
    )
    lake.replace("scores_history", pa.table(said, schema=schema))

    evidence = gather(lake, store, registry)
    assert evidence is not None
    found = {shift.name: shift for shift in evidence.shifts()}

    assert (CALIBRATION in found) == held
    if held:
        assert found[CALIBRATION].before == pytest.approx(0.9)
        assert found[CALIBRATION].now == pytest.approx(pc.mean(last["label"]).as_py())
    assert found[OUTCOME].effect == 0.0


def test_the_page_draws_the_rows_that_the_champion_was_judged_on_while_they_are_kept(tmp_path: Path) -> None:
    lake = folder_lake(tmp_path)
    store, registry = scored(lake, population())
    note_origin(store, bundle().version, {"snapshots": {"training_examples": lake.snapshot_id("training_examples")}})
    lake.replace("training_examples", training_examples(count=40))

    kept = gather(lake, store, registry)
    lake.expire("training_examples", [lake.table("training_examples").snapshots()[0].snapshot_id])  # type: ignore[union-attr]
    gone = gather(lake, store, registry)

    assert kept is not None
    assert gone is not None
    assert (kept.examples.num_rows, gone.examples.num_rows) == (500, 40)
    assert len(kept.outcomes.churned) == 40


def test_before_the_first_run_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert gather(folder_lake(tmp_path), MemoryStore(), MemoryRegistry()) is None


def test_of_the_examples_only_judged_rows_and_the_champions_features_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table holds every feature of every cutoff, which is several times the memory of the function."""
    lake = folder_lake(tmp_path)
    store, registry = scored(lake, population())
    examples = training_examples()
    for name in ("another", "one_more"):
        examples = examples.append_column(name, pa.array([1.0] * len(examples)))
    lake.replace("training_examples", examples)
    read, given = {}, lake.read

    def reading(name: str, *arguments: object, **named: object) -> pa.Table | None:
        read[name] = given(name, *arguments, **named)
        return read[name]

    monkeypatch.setattr(lake, "read", reading)
    evidence = gather(lake, store, registry)

    assert evidence is not None
    assert set(read["training_examples"]["split"].to_pylist()) == {"holdout"} < set(examples["split"].to_pylist())
    for name in ("training_examples", "features"):
        assert set(read[name].column_names) <= {"customer_id", "cutoff", "split", "label", *FEATURES.names}
