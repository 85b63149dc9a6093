"""A commit is whole or absent: whoever writes is killed at request after request, and what is there is the old or the new."""

import signal
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
import tomli_w

from holdfast.locks import Terms
from tests.integration.conftest import ROOT, Biller, Runtime, environment
from tests.integration.house import BUCKETS, House, deploy
from tests.integration.writers import (
    SHORT,
    USUAL,
    Scene,
    Work,
    content,
    contents,
    first,
    killed,
    reshaped,
    start,
    wide,
)

Build = Callable[[], Scene]
BUCKET = "kills"


@pytest.fixture(scope="module")
def scenes(aws_runtime: Runtime) -> Build:
    """Lakes that hold one table, `events`, of one file."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)

    def build() -> Scene:
        name = f"k{uuid.uuid4().hex[:10]}"
        scene = Scene(aws_runtime.endpoint, BUCKET, name, name).made()
        scene.lake().append("events", first())
        return scene

    return build


DONE = "DeleteItem"
"""The lock is given back: by then the commit is made."""


def at(points: int, requests: int) -> list[int | str]:
    """Which requests a writer is killed at: all, or as many as wanted, spread over them; and when all is done."""
    chosen = ({1 + round(n * (requests - 1) / (points - 1)) for n in range(points)} if points < requests
              else set(range(1, requests + 1)))  # fmt: skip
    return [*sorted(chosen), DONE]


def rows_of(*tables: object) -> list[str]:
    """Rows as `content` has them, with a null for a column that is not there."""
    parts = [row for table in tables for row in table.to_pylist()]
    names = {name for row in parts for name in row}
    return sorted(repr(sorted({name: row.get(name) for name in names}.items())) for row in parts)


@pytest.mark.parametrize(
    ("how", "old", "new"),
    [("files", [first()], [first(), *wide()]), ("replaced", [first()], [reshaped()])],
)
def test_a_killed_commit_leaves_the_old_or_the_new_and_the_next_try_ends_right(
    scenes: Build, kill_points: int, how: str, old: list, new: list
) -> None:
    work = Work(how)
    unharmed = scenes()
    assert killed(unharmed, work)[0] == 0
    requests = len(killed(scenes(), work)[1])
    assert content(unharmed.lake(), "events") == rows_of(*new)

    seen = set()
    for point in at(kill_points, requests):
        scene = scenes()
        ended, asked = killed(scene, work, at=point)
        found = content(scene.lake(), "events")
        assert found in (rows_of(*old), rows_of(*new)), f"killed at {point}, {asked[-1]}"
        seen.add("new" if found == rows_of(*new) else "old")
        work.do(scene)
        assert content(scene.lake(), "events") == rows_of(*new), f"again after a kill at {point}, {asked[-1]}"
        assert ended == -signal.SIGKILL or point not in (DONE, len(asked))
    assert seen == {"old", "new"}


def test_a_killed_upkeep_changes_no_row_and_the_next_one_ends_it(scenes: Build, kill_points: int) -> None:
    def worn() -> Scene:
        scene = scenes()
        Work("files").do(scene)
        return scene

    work, unharmed = Work("kept_up"), worn()
    ended, asked = killed(unharmed, work)
    assert ended == 0
    assert len(list(unharmed.lake().table("events").scan().plan_files())) == 1

    for point in at(kill_points, len(asked)):
        scene = worn()
        killed(scene, work, at=point)
        assert content(scene.lake(), "events") == rows_of(first(), *wide()), f"killed at {point}"
        work.do(scene)
        assert content(scene.lake(), "events") == rows_of(first(), *wide()), f"again after a kill at {point}"
        assert len(list(scene.lake().table("events").scan().plan_files())) == 1


@pytest.mark.parametrize("how", ["files", "replaced"])
def test_a_commit_of_which_the_answer_is_lost_on_its_way_is_made_once(scenes: Build, how: str) -> None:
    scene, unharmed = scenes(), scenes()
    Work(how).do(unharmed)

    ended, asked = killed(scene, Work(how), swallow="AWSGlue.UpdateTable")

    assert ended == 0
    assert sum("UpdateTable" in each for each in asked) > 1
    assert content(scene.lake(), "events") == content(unharmed.lake(), "events")
    assert scene.lake().snapshot_id("events") is not None


def test_the_catalog_refuses_a_commit_that_did_not_see_the_last_one(scenes: Build) -> None:
    scene = scenes()
    glue = boto3.client("glue")
    table = glue.get_table(DatabaseName=scene.database, Name="events")["Table"]
    Work("replaced").do(scene)

    known = {name: table[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    with pytest.raises(glue.exceptions.ConcurrentModificationException):
        glue.update_table(DatabaseName=scene.database, TableInput=known, VersionId=table["VersionId"])


@pytest.fixture(scope="module")
def landed(
    aws_runtime: Runtime, billing_server: Biller, tiny_world: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """Two runs that have landed, of a biller and of usage logs: what was there first, and what came later."""
    name, folder = "landed", tmp_path_factory.mktemp("landed")
    said = tomllib.loads((ROOT / "examples/subscriptions/holdfast.toml").read_text())
    billing = said["sources"]["billing"] | {"base_url": billing_server.url, "requests_per_10s": 100_000}
    config = folder / "holdfast.toml"
    config.write_text(tomli_w.dumps(said | {"sources": said["sources"] | {"billing": billing}}))
    house = House(name, tiny_world)
    settings = house_settings(house) | {"HOLDFAST_CONFIG_PATH": str(config)}
    with environment(settings):
        deploy(house, {"billing": billing_server.token}, settings)
        house.upload("usage/2025/12/*.gz")
        house.night("one")
        billing_server.advance(days=2, updates=10)
        _forget(house)
        house.upload("usage/2026/0[12]/*.gz")
        house.land("two")
        billing_server.reset()
        yield Scene(
            aws_runtime.endpoint,
            house.bucket("lake"),
            "",
            "",
            house.bucket("landing"),
            house.bucket("artifacts"),
            str(config),
        )


def _forget(house: House) -> None:
    """As if nothing had been pulled yet: the second run pulls all once more, and repeats what the first one brought."""
    table = boto3.resource("dynamodb").Table(f"{house.name}-state")
    for item in table.scan()["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def house_settings(house: House) -> dict[str, str]:
    zones = {f"HOLDFAST_{zone.upper()}_BUCKET": house.bucket(zone) for zone in BUCKETS}
    return zones | {
        "HOLDFAST_DATABASE": house.name,
        "HOLDFAST_STATE_TABLE": f"{house.name}-state",
        "HOLDFAST_PSEUDONYM_SECRET": f"{house.name}/pseudonym",
        "HOLDFAST_ALERTS_TOPIC": house.topic,
        "HOLDFAST_ARRIVALS_QUEUE": house.queue("arrivals"),
        "HOLDFAST_SOURCE_SECRETS": f'{{"billing": "{house.name}/billing"}}',
    }


def stage(landed: Scene, terms: Terms = SHORT) -> Scene:
    """A lake of its own that the first run has entered."""
    name = f"k{uuid.uuid4().hex[:10]}"
    scene = replace(landed, database=name, state=name, terms=terms).made()
    Work("entered", run="one").do(scene)
    return scene


def test_a_killed_run_leaves_every_table_old_or_new_and_the_next_try_ends_right(
    landed: Scene, kill_points: int
) -> None:
    work, unharmed = Work("entered", run="two"), stage(landed)
    old = contents(unharmed.lake())
    requests = len(killed(unharmed, work)[1])
    new = contents(unharmed.lake())
    changed = {name for name in new if new[name] != old.get(name)}
    assert {"events", "invoices", "raw_billing_invoices"} <= changed

    for point in at(kill_points, requests):
        scene = stage(landed)
        ended, asked = killed(scene, work, at=point)
        found = contents(scene.lake())
        assert all(found.get(name) in (old.get(name), rows) for name, rows in new.items()), (
            f"killed at {point}, {asked[-1]}"
        )
        work.do(scene)
        assert contents(scene.lake()) == new, f"again after a kill at {point}, {asked[-1]}"
        assert ended == -signal.SIGKILL or point not in (DONE, len(asked))


@pytest.mark.parametrize("runs", [("two", "two"), ("one", "two"), ("two", "one")])
def test_two_runs_at_once_end_as_one_after_the_other(landed: Scene, runs: tuple[str, str]) -> None:
    serial = []
    for order in {runs, runs[::-1]}:
        scene = stage(landed)
        for run in order:
            Work("entered", run=run).do(scene)
        serial.append(contents(scene.lake()))

    scene = stage(landed, USUAL)
    both = [start(scene, Work("entered", run=run)) for run in runs]
    for process in both:
        process.join(120)

    assert [process.exitcode for process in both] == [0, 0]
    assert contents(scene.lake()) in serial
    events = scene.lake().read("events", ("event_id",))
    assert len(events) == len(events["event_id"].unique())


def test_two_writers_of_one_table_at_once_both_have_written(scenes: Build) -> None:
    scene = replace(scenes(), terms=USUAL)
    both = [start(scene, Work("files")) for _ in range(2)]
    for process in both:
        process.join(120)

    assert [process.exitcode for process in both] == [0, 0]
    assert content(scene.lake(), "events") == rows_of(first(), *wide())
