"""What `holdfast cost` says, and what it asks a deployment for."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from holdfast.settings import load_settings
from infra.cli import deployment
from infra.cli.cost import nightly, told
from infra.cli.main import app, main
from infra.cost_model import Volume
from infra.packaging import ROOT

SETTINGS = load_settings(ROOT / "holdfast.toml")


class Partitions:
    """As much of a table as says how many rows lie in which month."""

    def __init__(self, *counts: tuple[int, int]) -> None:
        self.inspect = self
        self._rows = [{"partition": {"event_time_month": month}, "record_count": count} for month, count in counts]

    def partitions(self) -> pa.Table:
        return pa.Table.from_pylist(self._rows)


@pytest.mark.parametrize(
    ("months", "a_night"),
    [([(680, 100), (682, 500), (681, 60_875)], 2000), ([(681, 500), (682, 60_875)], 2000), ([(682, 30_437)], 1000)],
)
def test_events_a_night_are_those_of_the_last_full_month(months: list[tuple[int, int]], a_night: int) -> None:
    table: Any = Partitions(*months)

    assert nightly(table) == a_night


def test_the_parts_add_up_to_the_total() -> None:
    said = told(Volume(5000, 5000, 365, 100_000), SETTINGS)

    assert said["total"] == pytest.approx(
        sum(usd for part in said["parts"].values() for usd in part.values()), abs=0.01
    )
    assert said["held"] == 365 * 5000


def test_where_spark_would_group_it_is_said_that_it_is_not_in_the_price() -> None:
    small, large = (told(Volume(5000, events, 365), SETTINGS)["outside"] for events in (50_000, 60_000))

    assert "Spark" in large[0]
    assert large[1:] == small


def test_more_of_anything_never_costs_less() -> None:
    least = Volume(1000, 1000, 30, 1000)
    more = (
        Volume(2000, 1000, 30, 1000),
        Volume(1000, 2000, 30, 1000),
        Volume(1000, 1000, 400, 1000),
        Volume(1000, 1000, 30, 10**6),
    )

    assert all(told(each, SETTINGS)["total"] >= told(least, SETTINGS)["total"] for each in more)


def test_it_is_told_as_a_table_and_as_json_from_what_is_asked_alone() -> None:
    asked = ["cost", "--customers", "5000", "--events", "5000", "--config", str(ROOT / "holdfast.toml")]
    table, answer = (CliRunner().invoke(app, [*asked, *more]).stdout for more in ([], ["--json"]))

    said = json.loads(answer)
    assert f"{said['total']:,.2f} USD" in table
    assert all(each in table for each in said["outside"])
    assert said["days"] == 365


def test_without_a_deployment_it_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(deployment, "OUTPUTS", tmp_path / "none.json")
    monkeypatch.setattr("sys.argv", ["holdfast", "cost", "--config", str(ROOT / "holdfast.toml")])

    with pytest.raises(SystemExit):
        main()

    assert "say --customers and --events a night" in capsys.readouterr().err
