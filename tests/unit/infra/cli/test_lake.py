"""What an operator sees of the tables."""

import io
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console

from holdfast.lake import Lake
from infra.cli import show
from infra.cli.lake import State, holders, states
from tests.doubles.catalog import folder_lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = folder_lake(tmp_path)
    made.replace("scores", pa.table({"a": [1, 2, 3]}))
    made.append("events", pa.table({"a": [1]}))
    made.append("events", pa.table({"a": [2]}))
    return made


def printed(found: list[State]) -> list[str]:
    out = io.StringIO()
    show.tables(Console(file=out, width=200), found)
    return out.getvalue().splitlines()


def test_each_table_is_shown_with_its_rows_files_and_snapshots(lake):
    found = {each.name: each for each in states(lake, {})}

    assert list(found) == ["events", "scores"]
    assert (found["events"].rows, found["events"].files, found["events"].snapshots) == (2, 2, 2)
    assert (found["scores"].rows, found["scores"].files) == (3, 1)
    assert found["scores"].megabytes > 0
    assert found["scores"].committed is not None


def test_whoever_writes_now_is_named_and_a_lock_that_ran_out_is_nobodys(lake):
    locks = {
        "table#events": ("Transform#0a1b", 100.0),
        "table#scores": ("ScoreAll#9f", 99.0),
        "src#contacts": ("run", 200.0),
    }
    held = holders(locks, 100.0)

    assert held == {"events": "Transform"}
    assert [line.split()[-1] for line in printed(states(lake, held))[1:]] == [
        "Transform",
        printed(states(lake, {}))[2].split()[-1],
    ]


def test_what_the_upkeep_did_is_said_in_a_sentence_and_what_it_left_in_another():
    out = io.StringIO()
    done = {"tables": 4, "compacted": 12, "expired": 3, "orphans": 0, "left": ["events"]}

    show.kept_up(Console(file=out, width=200), done)

    assert out.getvalue().splitlines() == [
        "4 tables: 12 small files brought together, 3 snapshots forgotten, 0 files deleted that nobody needs",
        "left for the next time: events (being written, or out of time)",
    ]
