"""What the operator is told, and what is written for the person who asked."""

import csv
import json
from pathlib import Path

import pytest

from infra.cli.privacy import summary, why_not, written
from infra.trouble import Trouble

HELD = [
    {"place": "table scores", "about": "the last score", "rows": [{"customer_id": "k1_x", "reasons": [{"feature": "f"}]}]},
    {"place": "bucket uploads", "about": "log files", "rows": [{"object": "a", "held": "l1"}, {"object": "a", "held": "l2"}]},
]  # fmt: skip


def test_each_place_is_a_file_of_both_kinds_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ada"

    assert written(iter(HELD), folder) == [("table-scores", 1), ("bucket-uploads", 2)]

    assert json.loads((folder / "table-scores.json").read_text()) == HELD[0]["rows"]
    with (folder / "bucket-uploads.csv").open() as file:
        assert list(csv.DictReader(file)) == HELD[1]["rows"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_index_says_what_each_place_is_and_its_fields(tmp_path: Path) -> None:
    written(iter(HELD), tmp_path / "ada")

    said = (tmp_path / "ada" / "README.md").read_text()
    assert "| table-scores | the last score | 1 |" in said
    assert "**bucket-uploads**: held, object" in said


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()

    with pytest.raises(Trouble, match="not empty"):
        written(iter(HELD), tmp_path)


def test_of_somebody_unknown_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="nothing is held"):
        written(iter(()), tmp_path / "ada")
    assert not (tmp_path / "ada").exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"next": "unknown", "receipts": []}, "--unknown"),
        ({"next": "unknown", "receipts": ["abc closed"]}, "forgotten before (receipt abc)"),
        ({"next": "several", "customers": 3}, "leads to 3 customers"),
        ({"next": "wait", "why": "run r is under way", "receipt": "abc"}, "--wait"),
    ],
)
def test_why_nothing_was_done_is_said_with_what_can_be(answer: dict, said: str) -> None:
    assert said in why_not(answer)


def test_places_are_listed_with_their_counts() -> None:
    assert list(summary({"table scores": {"rows": 1, "files": 2}})) == [f"{'table scores':<44}1 rows, 2 files"]
