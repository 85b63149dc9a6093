"""A short form of `make chaos`: two nights of a small world on a stack of its own, with several faults each."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from benchmarks.chaos import first_night, well
from benchmarks.chaos_faults import Fault, Schedule
from benchmarks.chaos_nights import Player
from benchmarks.chaos_stage import Stage
from tests.e2e.conftest import free_ports

KILLED = Schedule(
    0, "first", (Fault("killed", "Transform", 0.6), Fault("throttled", "s3", 0.5, 12), Fault("twice")), redriven=False
)
"""What the chain and the SDKs get over by themselves."""
EXPIRED = Schedule(
    1,
    "first",
    (Fault("token_expired", "hubspot", 0.3), Fault("killed", "Plan", 0.5), Fault("poisoned_file", seed=1)),
    redriven=True,
)
"""What needs somebody: the token is replaced, and the run redriven."""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    with Stage(tmp_path_factory.mktemp("chaos"), free_ports(4), 60) as stage:
        yield Player(stage, {"first": first_night(stage)})


@pytest.mark.parametrize("schedule", [KILLED, EXPIRED], ids=["killed", "expired"])
def test_a_night_with_faults_comes_to_the_same_rows(player: Player, schedule: Schedule) -> None:
    story = player.lived(schedule)

    assert {each.kind for each in schedule.faults} & {"killed", "throttled"} <= story.happened.keys()
    assert well(asdict(story)), story.ended
    assert story.mended == (["redrive"] if schedule.redriven else [])
    assert story.rows > 50_000
    assert story.wrong == []
