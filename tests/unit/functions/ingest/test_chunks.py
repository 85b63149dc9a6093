"""Blocks become texts of whole lines, and no line takes more memory than a line may."""

import pytest

from ingest import chunks as module
from ingest.chunks import bounded


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 5)


@pytest.mark.parametrize("size", range(1, 9))
def test_lines_that_are_not_too_long_stay_as_they_are(size: int) -> None:
    text = b"a\n\nbbbbb\ncc\n" * 3

    assert b"".join(bounded(text[start : start + size] for start in range(0, len(text), size))) == text


@pytest.mark.parametrize("size", range(1, 9))
def test_a_line_without_end_is_cut_one_byte_after_what_is_read_of_it(size: int) -> None:
    text = b"a\n" + b"x" * 50 + b"\nbb\n" + b"y" * 20

    cut = b"".join(bounded(text[start : start + size] for start in range(0, len(text), size)))

    assert [len(line) for line in cut.split(b"\n")] == [1, 6, 2, 6]
