"""The handler: what was done is answered, and near the end of its time nothing is begun."""

from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from holdfast.keyring import keyring
from holdfast.settings import LakeUpkeep
from tests.doubles.catalog import folder_lake
from tests.unit.functions.validate.test_upkeep import Folder
from validate import maintain


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = folder_lake(tmp_path)
    for turn in range(8):
        lake.append("events", pa.table({"a": [turn]}))
    monkeypatch.setattr(maintain, "lake", lambda: lake)
    monkeypatch.setattr(maintain, "settings", lambda: SimpleNamespace(lake=LakeUpkeep()))
    monkeypatch.setattr(maintain, "parquet", Folder())
    monkeypatch.setattr(maintain, "keyring", lambda: keyring("a1B2" * 16, "s"))


def invoked(seconds: int) -> dict:
    context = SimpleNamespace(function_name="test", memory_limit_in_mb=1024, invoked_function_arn="arn",
                              aws_request_id="1", get_remaining_time_in_millis=lambda: seconds * 1000)  # fmt: skip
    return maintain.handler({}, context)


def test_what_was_done_is_answered():
    assert invoked(900) == {"tables": 1, "compacted": 8, "expired": 0, "orphans": 0, "left": ()}


def test_near_the_end_of_its_time_nothing_is_begun():
    assert invoked(120) == {"tables": 0, "compacted": 0, "expired": 0, "orphans": 0, "left": ("events",)}
