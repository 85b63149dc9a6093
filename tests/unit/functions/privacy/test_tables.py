"""A table of the lake without one person: no row, no snapshot and no file that names them, and every other row as it was."""

from pathlib import Path

import pyarrow as pa
import pytest

from infra.cli.scan import Needles, within
from privacy import tables
from privacy.sought import Sought
from tests.doubles.erasure import RING, Estate, estate

HER, HIM = (RING.every[-1].one(each) for each in ("u-000012", "u-000013"))
NEEDLES = Needles(frozenset(RING.pseudonyms("u-000012")))


def sought() -> Sought:
    made = Sought(RING)
    made.learn("u-000012")
    return made


def rows(*customers: str, start: int = 0) -> pa.Table:
    count = len(customers)
    return pa.table({"customer_id": list(customers), "n": list(range(start, start + count)), "note": [None] * count},
                    schema=pa.schema([("customer_id", pa.string()), ("n", pa.int64()), ("note", pa.string())]))  # fmt: skip


@pytest.fixture
def held(tmp_path: Path) -> Estate:
    """A table of three snapshots, with tags of a run and of a feature set: she is in two files."""
    made = estate(tmp_path)
    made.lake.append("features", rows(HER, HIM))
    made.lake.tag("features", "run-2026-10-01-first")
    made.lake.append("features", rows(HIM, HIM, start=2))
    made.lake.append("features", rows(HIM, HER, HER, start=4), {"holdfast.feature_set": "1"})
    made.lake.tag("features", "fs-1")
    return made


def left(estate: Estate) -> list[dict]:
    table = estate.lake.read("features")
    assert table is not None
    return sorted(table.to_pylist(), key=lambda row: row["n"])


def found_on_disk(estate: Estate) -> set[str]:
    return {
        str(path) for path in estate.files.folder.rglob("*") if path.is_file() and within(path.read_bytes(), NEEDLES)
    }


def test_she_is_in_no_row_no_snapshot_and_no_byte_and_the_others_are_as_they_were(held: Estate) -> None:
    others = [row for row in left(held) if row["customer_id"] == HIM]
    assert found_on_disk(held)

    found = tables.erased(held.place, "features", sought())

    assert (found.rows, found.files) == (3, 2)
    assert left(held) == others
    assert not found_on_disk(held)
    assert held.lake.tags("features").keys() == {"main", "fs-1"}


def test_looking_changes_nothing_and_a_second_time_there_is_nothing(held: Estate) -> None:
    before = sorted(held.files.folder.rglob("*"))

    assert tables.erased(held.place, "features", sought(), dry=True).rows == 3
    assert sorted(held.files.folder.rglob("*")) == before
    tables.erased(held.place, "features", sought())
    snapshot = held.lake.snapshot_id("features")

    assert not tables.erased(held.place, "features", sought())
    assert held.lake.snapshot_id("features") == snapshot


@pytest.mark.parametrize("step", ["_only_newest", "_sweep"])
def test_what_is_cut_short_behind_a_commit_is_finished_by_the_next_try(
    held: Estate, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(tables, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tables.erased(held.place, "features", sought())
    assert found_on_disk(held)

    tables.erased(held.place, "features", sought())

    assert not found_on_disk(held)
    assert {row["customer_id"] for row in left(held)} == {HIM}


def test_a_sweep_that_is_cut_short_is_finished_by_the_next_try(held: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    removed = held.files.remove
    with monkeypatch.context() as killed:
        killed.setattr(
            held.files, "remove", lambda versions: (removed(versions[:2]), (_ for _ in ()).throw(KeyboardInterrupt))[0]
        )
        with pytest.raises(KeyboardInterrupt):
            tables.erased(held.place, "features", sought())

    tables.erased(held.place, "features", sought())

    assert not found_on_disk(held)


def test_she_goes_from_what_only_an_older_snapshot_has(held: Estate) -> None:
    held.lake.replace("features", rows(HIM))

    found = tables.erased(held.place, "features", sought())

    assert (found.rows, found.files) == (0, 2)
    assert not found_on_disk(held)
    assert left(held) == rows(HIM).to_pylist()


def test_a_table_of_hers_alone_stays_as_an_empty_one(tmp_path: Path) -> None:
    made = estate(tmp_path)
    made.lake.append("features", rows(HER))

    tables.erased(made.place, "features", sought())

    assert left(made) == []
    assert not found_on_disk(made)


def test_a_table_without_her_keeps_its_snapshots_and_tags(tmp_path: Path) -> None:
    made = estate(tmp_path)
    made.lake.append("features", rows(HIM))
    made.lake.tag("features", "run-2026-10-01-first")
    made.lake.append("features", rows(HIM))

    assert not tables.erased(made.place, "features", sought())
    assert "run-2026-10-01-first" in made.lake.tags("features")
