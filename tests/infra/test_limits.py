"""What Step Functions allows, held against the definition by calculation: at a thousand times the demo world, and at the worst of everything.

Limits: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.contracts import (
    AGAIN,
    DONE,
    WAIT,
    Extract,
    Featured,
    Grouping,
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
from holdfast.settings import Run, load_settings
from holdfast.store import MemoryStore, read_json
from infra.chain import CONCURRENCY, LONGEST
from infra.packaging import ROOT
from ingest.patience import LONG, SHORT_WAITS
from ingest.planning import BATCH_FILES, planned
from ingest.pull import USUAL
from tests.doubles.execution import CONTEXT, Execution, Failing
from tests.infra.test_chain import states
from tests.unit.test_messages import Uploads
from validate.entry import TABLES

EVENTS, PAYLOAD, INLINE, DISTRIBUTED, CAUSE = 25_000, 256 * 1024, 40, 10_000, 32_768
LINES, FILES, FILE = 2_173_691, 65, 1_340_000
"""Of the demo world of 5,000 customers: lines and files of its logs, and bytes of a file."""
RUN = CONTEXT["Execution"]["Name"]
SNAPSHOT, MOMENT, VERSION = 2**63 - 1, "2026-11-01T00:00:00+00:00", "0" * 12
SOURCE = "s" * 31


@pytest.fixture(scope="module")
def thousandfold() -> tuple[Planned, list[Any]]:
    """What Plan makes of a thousand times the demo world's logs, and the list of batches that it writes."""
    return plan(1000)


def plan(times: int) -> tuple[Planned, list[Any]]:
    store = MemoryStore()
    uploads = Uploads(FILES * times, FILE)
    settings = load_settings(ROOT / "holdfast.toml")
    made = planned(RUN, settings, "uploads", lambda _: uploads, MemoryLedger(), store)
    return made, read_json(store, made.batches)


def answers(made: tuple[Planned, list[Any]], rows: int) -> dict[str, Callable[[Any, int], Any]]:
    """The largest answer of each task: lists as long as they get, numbers and names as long as they may be."""
    plan, batches = made
    grouped = Grouping(f"s3://{'b' * 63}/cells/{RUN}/request.json", f"cells/{RUN}/", rows)
    transformed = Transformed(rows, MOMENT, dict.fromkeys(TABLES, SNAPSHOT), rows, rows, dict.fromkeys(
        ("addresses_with_several_ids", "ids_with_several_addresses", "contacts_without_any", "records_whose_contact_is_another"), rows,
    ))  # fmt: skip
    said = {
        "Plan": plan,
        "Reconcile": Reconciled(rows, rows, rows, rows, rows),
        "Scrub": Scrubbed(rows),
        "Transform": transformed,
        "Group": grouped,
        "GroupOnSpark": None,
        "Features": Featured(rows, VERSION, SNAPSHOT, SNAPSHOT, MOMENT),
        "Train": Trained(VERSION, rows),
        "Promote": Promoted(VERSION, promoted=True, reason="r" * 1000),
        "ScoreAll": Scored(rows, SNAPSHOT, f"rankings/{RUN}.json"),
        "Report": Reported(f"reports/{RUN}.html", 1e6),
    }
    return {name: always(message.to_json() if message else {}) for name, message in said.items()} | {
        "Ingest": lambda asked, _: landed(asked, rows, DONE),
        "IngestBatch": lambda asked, _: landed(asked, rows, DONE),
        "IngestFile": lambda asked, _: landed(asked, rows, DONE),
        "NoteFailure": lambda asked, _: landed(asked, rows, DONE),
        "Validate": lambda asked, _: Verdict(
            asked["table"], rows, rows, f"work/{RUN}/verdict-{asked['table']}.json"
        ).to_json(),
        "Files": lambda _, __: batches,
    }


def always(answer: Any) -> Callable[[Any, int], Any]:
    return lambda _, __: answer


def landed(asked: Any, rows: int, following: str) -> dict[str, Any]:
    extract = Extract.parse(asked)
    return (
        extract.to_json() | Landed(extract.table, rows, rows, following, MOMENT if following == WAIT else "").to_json()
    )


def test_a_thousand_times_the_demo_world_is_far_from_every_limit(machine: dict[str, Any], thousandfold: Any) -> None:
    """5 million customers in 834,000 companies, 2.2 billion lines in 65,000 files: every task tried as often as it is tried at all."""
    night = Execution(answers(thousandfold, 1000 * LINES), worst=True)

    night.run(machine, {})

    assert night.events < EVENTS / 10
    assert max(night.sizes.values()) < PAYLOAD / 8
    assert len(night.children) > 1000
    assert max(child.events for child in night.children) < 100
    assert max(size for child in night.children for size in child.sizes.values()) < PAYLOAD / 16
    assert set(night.sizes) >= set(machine["States"]) - {"Failed", "AsItIs", "Synced", "MadeAgain"}


def test_no_message_grows_with_the_world_but_by_the_digits_of_its_counts(
    machine: dict[str, Any], thousandfold: Any
) -> None:
    once, often = Execution(answers(plan(1), LINES)), Execution(answers(thousandfold, 1000 * LINES))

    for night in (once, often):
        night.run(machine, {})

    assert often.events - once.events <= 20  # where Spark groups: a few states more
    for name in once.sizes.keys() & often.sizes.keys():
        assert often.sizes[name] < 1.05 * once.sizes[name] + 500, name


def test_the_calculation_sees_what_grows(machine: dict[str, Any]) -> None:
    made, batches = plan(1)
    swollen = replace(made, extracts=made.extracts * 200)
    night = Execution(answers((swollen, batches), LINES))

    night.run(machine, {})

    assert night.events > EVENTS
    assert max(night.sizes.values()) > PAYLOAD


def test_a_source_that_wants_quiet_all_night_long_does_not_fill_the_history(machine: dict[str, Any]) -> None:
    """Four streams at a time wait as often as they may until the run's time is over, or hand over to the next invocation all the time."""
    made, batches = plan(1)
    workers = min(CONCURRENCY, len(made.extracts))
    lifetime = timedelta(seconds=LONGEST.to_seconds())
    for following, passes in (
        (WAIT, SHORT_WAITS + round(workers * lifetime / LONG / len(made.extracts))),
        (AGAIN, round(workers * lifetime.total_seconds() / USUAL.invocation / len(made.extracts))),
    ):
        told = answers((made, batches), LINES)
        told["Ingest"] = lambda asked, done, f=following, n=passes: landed(asked, LINES, f if done < n else DONE)
        night = Execution(told)

        night.run(machine, {})

        assert night.events < EVENTS * 2 / 3, following


@pytest.mark.parametrize("worst", [False, True])
def test_a_whole_batch_whose_files_fail_one_by_one_stays_within_its_execution(
    machine: dict[str, Any], worst: bool
) -> None:
    made, _ = plan(1)
    batch = Extract(RUN, SOURCE, "events", f"work/{RUN}/{SOURCE}-00000.json", list(range(BATCH_FILES)))
    told = answers((made, [batch.to_json()]), LINES)
    told["IngestBatch"] = told["IngestFile"] = failing
    night = Execution(told, worst=worst)

    night.run(machine, {})

    (child,) = night.children
    assert child.events < EVENTS
    assert max(child.sizes.values()) < PAYLOAD
    assert child.events > 10 * BATCH_FILES


def test_a_failure_with_the_longest_cause_reaches_who_tells_of_it(machine: dict[str, Any], thousandfold: Any) -> None:
    told = answers(thousandfold, 1000 * LINES)
    told["Report"] = failing
    told["Failed"] = lambda _, __: {"state": "none", "count": 1}
    once = iter((True,))
    told["Plan"] = lambda _, __: thousandfold[0].to_json() if next(once, False) else stop()
    night = Execution(told)

    with pytest.raises(Stopped):
        night.run(machine, {})

    assert CAUSE < night.sizes["Failed"] < PAYLOAD / 3


def test_maps_run_no_more_at_a_time_than_they_may(machine: dict[str, Any]) -> None:
    maps = {name: state for name, state in states(machine) if state["Type"] == "Map"}
    modes = {
        name: state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode", "INLINE") for name, state in maps.items()
    }

    assert sorted(modes.values()) == ["DISTRIBUTED", "INLINE", "INLINE", "INLINE"]
    for name, state in maps.items():
        assert 1 <= state["MaxConcurrency"] <= (DISTRIBUTED if modes[name] == "DISTRIBUTED" else INLINE), name
    most = Run.model_fields["batches_at_once"].metadata
    assert max(getattr(each, "le", 0) for each in most) <= DISTRIBUTED


class Stopped(Exception):
    """The calculation has seen enough."""


def stop() -> Any:
    raise Stopped


def failing(_: Any, __: int) -> Any:
    raise Failing("c" * CAUSE)
