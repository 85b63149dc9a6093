"""The libraries that the page draws with."""

import hashlib
import json
from pathlib import Path

import pytest

import report.page

VENDOR = Path(report.page.__file__).parent / "vendor"
VENDORED = json.loads((VENDOR / "vendored.json").read_text())


@pytest.mark.parametrize("name", VENDORED)
def test_a_library_is_byte_for_byte_what_was_published(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == VENDORED[name]["sha256"]


def test_every_library_is_listed_and_has_its_licence() -> None:
    assert {path.name for path in VENDOR.glob("*.js")} == set(VENDORED)
    assert {path.suffix for path in VENDOR.glob("LICENSE.*")} == {".d3", ".plot"}


def test_no_script_ends_the_element_that_it_stands_in() -> None:
    assert "</script" not in (report.page.libraries() + report.page.script()).lower()
    assert "</style" not in report.page.styles().lower()
