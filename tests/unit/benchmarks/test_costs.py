"""What was measured comes out of the fit again, cause by cause; and what load is told of it."""

import tomllib
from typing import Any

import pytest

from benchmarks.costs import _written, model
from benchmarks.load import summary
from benchmarks.nights import Night

CALL = {"seconds": 0.05, "log_bytes": 500}
PLACES = (
    (300, 130_000, 130_000),
    (300, 300, 130_300),
    (1500, 320_000, 320_000),
    (1500, 1500, 321_500),
    (5000, 2_000_000, 2_000_000),
)


def state(seconds: float, **more: float) -> dict[str, Any]:
    return {
        "times": 1,
        "seconds": seconds,
        "cpu": seconds / 2,
        "longest": seconds / 4,
        "puts": 0,
        "bytes": 0,
        "writes": 0,
        "gigabytes": 4.0,
        "peak": 1.0,
        **more,
    }


def night(customers: int, events: int, held: int) -> Night:
    states = {
        "Ingest": state(20 + 0.001 * customers + 5e-5 * events, puts=round(10 + 0.01 * events)),
        "Transform": state(10, bytes=round(1e5 + 20 * events)),
        "Features": state(5 + 2e-5 * held, bytes=round(1000 * customers)),
        "Train job": state(0.01 * customers),
    }
    stored = {
        "landing": 25 * events,
        "quarantine": 0,
        "lake": round(1e6 + 1e5 + 20 * events + 2000 * customers),
        "artifacts": 10**6,
    }
    return Night(customers, events, held, 0.02, 100, 10**5, stored, {"Features": 3}, states, wall=60 + events / 1e4)


def test_each_cause_is_found_again() -> None:
    found = model([night(*place) for place in PLACES], CALL)
    states = found["states"]

    assert states["Ingest"]["seconds"] == pytest.approx({"night": 20, "customer": 0.001, "event": 5e-5}, rel=0.01)
    assert states["Ingest"]["puts"] == pytest.approx({"night": 10, "event": 0.01}, rel=0.01)
    assert states["Features"]["seconds"] == pytest.approx({"night": 5, "held": 2e-5}, rel=0.01)
    assert states["Features"]["bytes"] == pytest.approx({"customer": 1000}, rel=0.01)
    assert states["Train job"]["seconds"] == pytest.approx({"customer": 0.01}, rel=0.01)
    assert "writes" not in states["Ingest"]


def test_what_enters_the_lake_is_told_apart_from_what_is_made_of_it() -> None:
    found = model([night(*place) for place in PLACES], CALL)

    assert found["states"]["Transform"]["bytes"] == pytest.approx({"night": 1e5, "event": 20}, rel=0.01)
    assert found["storage"]["lake"] == pytest.approx({"night": 1e6, "customer": 2000}, rel=0.01)
    assert found["storage"]["quarantine"] == {}


def test_what_is_written_down_is_what_was_found() -> None:
    found = model([night(*place) for place in PLACES], CALL)

    assert tomllib.loads(_written(found)) == found


def test_growth_is_in_proportion_to_the_world_and_memory_is_the_share_of_the_largest_night() -> None:
    small, large = night(5000, 2_000_000, 2_000_000), night(50_000, 20_000_000, 20_000_000)
    large.states["Features"]["peak"] = 5.0
    large.states["Train job"]["seconds"] *= 3  # as of a machine that does much else

    told = summary({1.0: small, 10.0: large})

    assert told["growth"]["Train job"] == 1.0
    assert told["growth"]["Transform"] == 0.1
    assert told["cpu"]["Train job"] == [25.0, 250.0]
    assert told["memory_share"]["Features"] == 1.25
    assert told["peak_gib"]["Features"] == [1.0, 5.0]
    assert told["time_share"]["Features"] == round((5 + 2e-5 * 20_000_000) / 4 / 900, 3)
    assert "Train job" not in told["time_share"]
    assert told["wall_s"] == {"1": 260.0, "10": 2060.0}
