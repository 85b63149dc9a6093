"""The demo world: the same bytes for the same seed, churn that can be foreseen, and nothing that gives it away."""

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from infra.local.world import Recipe, World, crm, prepare
from infra.local.world.history import CUTOFFS
from infra.local.world.truth import auc, share_of_top

TINY = Recipe(customers=300, seed=3)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    prepare(directory, TINY)
    return directory


@pytest.fixture(scope="module")
def lines(tiny: Path) -> list[bytes]:
    return [line for file in log_files(tiny) for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def events(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.endswith(b"}")]


def log_files(world: Path) -> list[Path]:
    return sorted(world.glob("usage/*/*/*.ndjson.gz"))


def content(world: Path) -> dict[str, bytes]:
    return {str(f.relative_to(world)): f.read_bytes() for f in sorted(world.rglob("*")) if f.is_file()}


def column(world: Path, table: str, name: str) -> list[Any]:
    values: list[Any] = pq.read_table(world / "crm" / f"{table}.parquet", columns=[name])[name].to_pylist()
    return values


def test_same_seed_and_size_give_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    prepare(tmp_path, TINY)

    assert content(tmp_path) == content(tiny)


def test_another_seed_gives_another_world() -> None:
    one, other = World.generate(customers=60, seed=1), World.generate(customers=60, seed=2)

    assert not np.array_equal(one.history.uses, other.history.uses)


def test_a_finished_world_is_reused_as_it_is(tiny: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in tiny.rglob("*") if f.is_file()}

    truth = prepare(tiny, TINY)

    assert truth == json.loads((tiny / "truth.json").read_text())
    assert {f: f.stat().st_mtime_ns for f in tiny.rglob("*") if f.is_file()} == before


def test_a_half_written_world_is_made_again(tmp_path: Path) -> None:
    recipe = Recipe(customers=20)
    prepare(tmp_path, recipe)
    whole = content(tmp_path)
    (tmp_path / "world.json").unlink()
    log_files(tmp_path)[0].write_bytes(b"torn")

    prepare(tmp_path, recipe)

    assert content(tmp_path) == whole


def test_a_world_of_another_size_replaces_the_old_one(tmp_path: Path) -> None:
    prepare(tmp_path, Recipe(customers=20))

    assert prepare(tmp_path, Recipe(customers=30))["customers"] == 30
    assert len(column(tmp_path, "hubspot_contacts", "id")) == 30


def test_there_is_one_log_file_for_each_of_65_weeks(tiny: Path) -> None:
    files = log_files(tiny)

    assert len(files) == 65
    assert files[0].relative_to(tiny).as_posix() == "usage/2025/08/usage-2025-08-03.ndjson.gz"
    assert files[-1].name == "usage-2026-10-25.ndjson.gz"


def test_events_arrive_after_they_happen_and_before_the_world_ends(events: list[dict[str, Any]]) -> None:
    assert all(e["ts"] < e["received_at"] < "2026-11-01" for e in events)


def test_a_few_events_are_late_and_about_one_in_a_hundred_is_sent_twice(events: list[dict[str, Any]]) -> None:
    late = sum(
        np.datetime64(e["received_at"][:-1]) - np.datetime64(e["ts"][:-1]) > np.timedelta64(1, "D") for e in events[::5]
    )
    repeated = len(events) - len({e["event_id"] for e in events})

    assert 0.003 < late / len(events[::5]) < 0.008
    assert 0.008 < repeated / len(events) < 0.012


def test_events_with_one_id_tell_the_same_but_for_their_arrival(events: list[dict[str, Any]]) -> None:
    told = {(e["event_id"], e["user_id"], e["ts"], e["event"], e["module"]) for e in events}

    assert len(told) == len({e["event_id"] for e in events})


def test_only_monthly_payments_carry_an_amount(events: list[dict[str, Any]]) -> None:
    paid = Counter((e["user_id"], e["ts"][:7]) for e in {e["event_id"]: e for e in events}.values() if e["amount"])

    assert {e["event"] for e in events if e["amount"] is not None} == {"subscription_payment"}
    assert max(paid.values()) == 1


def test_truth_counts_the_lines_that_are_not_json(tmp_path: Path) -> None:
    truth = prepare(tmp_path, Recipe(customers=900, seed=5))
    text = b"".join(gzip.decompress(file.read_bytes()) for file in log_files(tmp_path)).splitlines()

    assert truth["usage"]["malformed"] == sum(not line.endswith(b"}") for line in text) > 0
    assert truth["usage"]["lines"] == len(text)


def test_contacts_of_both_sources_are_the_same_people(tiny: Path) -> None:
    emails = column(tiny, "hubspot_contacts", "email")

    assert len(set(emails)) == 300
    assert all(email.endswith(".example.com") and email.isascii() for email in emails)
    assert column(tiny, "intercom_contacts", "email") == emails
    assert column(tiny, "intercom_contacts", "external_id") == column(tiny, "hubspot_contacts", "external_id")


def test_every_company_has_somebody(tiny: Path) -> None:
    assert set(column(tiny, "hubspot_contacts", "company_id")) == set(column(tiny, "hubspot_companies", "id"))


def test_nobody_does_anything_after_leaving() -> None:
    history = World.generate(customers=400, seed=4).history
    last = history.active.shape[1] - 1 - np.argmax(history.active[:, ::-1], axis=1)
    gone = np.flatnonzero(history.active.any(axis=1) & (last < 50))

    assert len(gone) > 50
    assert not any(history.tickets[row, last[row] + 3 :].any() for row in gone)


def test_contact_records_do_not_tell_who_has_left() -> None:
    world = World.generate(customers=3000)
    contacts = crm.tables(np.random.default_rng(0), world)["hubspot_contacts"]
    rows = world.history.population(CUTOFFS[0])
    churned = world.history.churned(CUTOFFS[0])[rows].astype(float)
    stage = np.unique(contacts["lifecyclestage"].to_pylist(), return_inverse=True)[1][rows].astype(float)
    age = (contacts["lastmodified"].to_numpy() - contacts["createdate"].to_numpy())[rows]
    share = age / (world.calendar.end_ms - contacts["createdate"].to_numpy()[rows])

    assert abs(auc(stage, churned) - 0.5) < 0.06
    assert abs(auc(share, churned) - 0.5) < 0.06


def test_churn_is_common_enough_and_can_be_foreseen_but_not_wholly() -> None:
    best = World.generate().achievable()

    assert 0.10 < best.base_rate < 0.145
    assert 0.85 < best.expected_auc < 0.92
    assert abs(best.expected_auc - best.realised_auc) < 0.03
    assert abs(best.expected_base_rate - best.base_rate) < 0.025
    assert best.realised_share_top_21 > 0.6
    assert best.realised_lift_10 > 4


def test_the_default_world_has_the_promised_size() -> None:
    world = World.generate()

    assert len(np.unique(world.traits.company)) >= 800
    assert world.history.uses.sum() + world.history.paid.sum() > 2_050_000
    assert world.cutoff == date(2026, 9, 6)


def test_auc_of_labels_counts_the_pairs_in_the_right_order() -> None:
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.75)
    assert auc(np.array([0.5, 0.5]), np.array([0.0, 1.0])) == pytest.approx(0.5)


def test_expected_auc_is_the_mean_over_all_labels() -> None:
    rng = np.random.default_rng(0)
    chance = rng.random(400)
    futures = [auc(chance, (rng.random(400) < chance).astype(float)) for _ in range(300)]

    assert auc(chance, chance) == pytest.approx(float(np.mean(futures)), abs=0.004)


def test_share_of_top_is_all_of_it_when_the_few_come_first() -> None:
    assert share_of_top(np.arange(10.0), (np.arange(10.0) > 7.5).astype(float), 0.2) == 1.0
